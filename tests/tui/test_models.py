"""The list of models: narrowing, asking the hub, all about one, and downloads that go on behind every screen."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.data.hub_server import Hub
from tests.tui.pilots import played, until
from tests.tui.support import idle, page_text
from workbench.core.plan import Card
from workbench.guide import choices, describing
from workbench.guide.choices import AWAY, HERE, HUB, Choice
from workbench.guide.fits import Fit
from workbench.runs import errand, hub_cache
from workbench.tui.app import Workbench
from workbench.tui.model_list import ModelDesk, ModelList
from workbench.tui.model_rows import short_licence, short_name
from workbench.tui.screens.base import BaseScreen
from workbench.tui.widgets.offer import Offer
from workbench.tui.widgets.rail import Rail

KNOWN = "Qwen/Qwen3-0.6B"
"""A model of the catalogue; the hub of these tests has something small of that name."""
OTHER = "acme/Qwen3-mine"
WEIGHTS = "model.safetensors"
QWEN = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3"}
GIB = 1 << 30


def small_model() -> dict[str, bytes]:
    """Return the files of something that looks like a model, of 3 MiB."""
    size = 3 << 20
    header = json.dumps({"w": {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}}).encode()
    shape = {
        "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "head_dim": 16, "vocab_size": 1000, "max_position_embeddings": 512,
        "tie_word_embeddings": True,
    }  # fmt: skip
    return {
        "config.json": json.dumps(QWEN | shape).encode(),
        "tokenizer.json": b"{}",
        WEIGHTS: struct.pack("<Q", len(header)) + header + bytes(size),
    }


def listed(hub_id: str, **facts: Any) -> dict[str, Any]:
    """Return a model as the hub describes it in a list."""
    return {"id": hub_id, "downloads": 12, "gated": False, "tags": ["license:apache-2.0"], "config": QWEN, **facts}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Return a hub with two small models that this process can reach."""
    with Hub({}, models={KNOWN: small_model(), OTHER: small_model()}) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.endpoint)
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        for name in ("HF_HOME", "HF_HUB_CACHE", "HF_TOKEN_PATH"):
            monkeypatch.delenv(name, raising=False)
        server.listed = [
            listed(KNOWN),
            listed(OTHER, safetensors={"parameters": {"BF16": 600_000_000}, "total": 600_000_000}),
            listed("acme/Qwen3-awq", config=QWEN | {"quantization_config": {"quant_method": "awq"}}),
            listed("acme/Qwen3-gated", gated="manual"),
        ]
        yield server


def desk(app: Workbench) -> ModelDesk:
    """Return the screen with the list."""
    assert isinstance(app.screen, ModelDesk)
    return app.screen


def comes(app: Workbench, hub: Hub) -> bool:
    """Return whether the weights are on their way."""
    now = app.downloads.now
    return now is not None and now.total > 0 and any(name == WEIGHTS for name, _, _ in hub.sent)


def said(app: Workbench) -> str:
    """Return what is on the screen as running text."""
    return " ".join(page_text(app).split())


async def ready(pilot: Pilot[Any]) -> Workbench:
    """Wait until the list is there."""
    app = pilot.app
    assert isinstance(app, Workbench)
    await until(pilot, lambda: any(found.keys for found in app.screen.query(ModelList)), "the list is there")
    await until(pilot, lambda: idle(app), "nothing is asked any more")
    return app


async def passed(pilot: Pilot[Any], app: Workbench) -> None:
    """Wait until the next station stands there."""
    await until(
        pilot, lambda: bool(app.screen.query(Rail)) and not isinstance(app.screen, BaseScreen), "the road goes on"
    )
    await until(pilot, lambda: idle(app), "the station knows what it needs")


async def typed(pilot: Pilot[Any], text: str) -> None:
    """Type a text."""
    await pilot.press(*({" ": "space", "/": "slash", ".": "full_stop", "-": "minus"}.get(sign, sign) for sign in text))


@played
async def test_the_list_opens_at_the_proposal_and_what_answers_stands_before_what_only_continues() -> None:
    async with Workbench("base").run_test(size=(120, 40)) as pilot:
        app = await ready(pilot)
        assert desk(app).listing.key == desk(app)._proposed[0]
        text = page_text(app)
        assert "on this machine" in text
        assert "GiB, leanest step, batch 1, of" in text
        assert "workbench train --base" in text
        found = [choice for choice in desk(app).everything() if choice.group == AWAY]
    kinds = [choice.kind == "base" for choice in found]
    assert kinds == sorted(kinds)
    dated = [choice.released[:7] for choice in found if choice.kind != "base" and choice.released]
    assert dated == sorted(dated, reverse=True)


@played
async def test_typing_narrows_at_once_and_escape_gives_everything_back() -> None:
    async with Workbench("base").run_test(size=(80, 24)) as pilot:
        app = await ready(pilot)
        whole = len(desk(app).listing.keys)
        await pilot.press("slash")
        await typed(pilot, "qwen3-8b")
        await until(pilot, lambda: len(desk(app).listing.keys) < whole, "the list is narrower")
        assert all("qwen3-8b" in key.lower() for key in desk(app).listing.keys)
        assert "2 of 153 models" in page_text(app)
        # Letters that are keys elsewhere are letters here.
        assert isinstance(app.screen, BaseScreen)
        await pilot.press("down")
        assert app.focused is desk(app).listing
        await pilot.press("slash", "escape")
        await until(pilot, lambda: len(desk(app).listing.keys) == whole, "everything is back")
        await pilot.press("slash")
        await typed(pilot, "nosuchthing")
        await until(pilot, lambda: "Nothing here is called so" in page_text(app), "it says that there is none")


@played
async def test_only_what_fits_is_remembered() -> None:
    async with Workbench("models").run_test(size=(120, 40)) as pilot:
        app = await ready(pilot)
        whole = len(desk(app).shown())
        await pilot.press("f")
        await until(pilot, lambda: idle(app), "the choice is kept")
        assert len(desk(app).shown()) < whole
        assert all(any(fit.verdict != "no" for fit in choice.fits) for choice in desk(app).shown())
        assert "only what fits" in page_text(app)
    assert Workbench().settings.models == "fitting"


@played
async def test_the_hub_is_asked_and_its_models_stand_in_a_group_of_their_own(hub: Hub) -> None:
    async with Workbench("models").run_test(size=(120, 40)) as pilot:
        app = await ready(pilot)
        await pilot.press("slash")
        await typed(pilot, "qwen3")
        assert not hub.queries
        await pilot.press("enter")
        await until(pilot, lambda: OTHER in desk(app).listing.keys, "the hub has answered")
        assert app.focused is desk(app).listing
        assert desk(app).listing.keys.count(KNOWN) == 1
        desk(app).listing.go(OTHER)
        text = page_text(app)
        assert HUB in text
        assert "like Qwen3" in text
        desk(app).listing.go("acme/Qwen3-awq")
        await pilot.pause()
        assert "quantised (awq)" in page_text(app)
        assert "quantised" in desk(app).why_not("models.open")
        assert "quantised" in desk(app).why_not("models.download")
        # Other words forget what it said; two of them ask by themselves.
        await pilot.press("slash", "end", "backspace")
        await until(pilot, lambda: OTHER not in desk(app).listing.keys, "the answer to other words is gone")
        await typed(pilot, "3 mine")
        await until(pilot, lambda: OTHER in desk(app).listing.keys, "the hub was asked without enter")


@played
async def test_a_hub_that_is_not_asked_is_a_sentence_in_the_list() -> None:
    async with Workbench("models").run_test(size=(80, 24)) as pilot:
        app = await ready(pilot)
        await pilot.press("slash")
        await typed(pilot, "zzz")
        await pilot.press("enter")
        await until(pilot, lambda: "because HF_HUB_OFFLINE is set" in said(app), "it says why")


@played
async def test_a_download_goes_on_behind_other_screens_and_moves_the_model(hub: Hub) -> None:
    hub.hangs[WEIGHTS] = 1 << 20
    async with Workbench("base").run_test(size=(120, 40)) as pilot:
        app = await ready(pilot)
        desk(app).listing.go(KNOWN)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Offer), "the download is offered")
        assert "huggingface" in page_text(app)
        await pilot.press("p")  # plan without it
        await passed(pilot, app)
        assert app.road.base == KNOWN
        app.go("models")
        await ready(pilot)
        desk(app).listing.go(KNOWN)
        await pilot.press("d")
        await until(pilot, lambda: comes(app, hub), "it comes")
        assert " of 3.0 MiB" in page_text(app)
        assert "is being downloaded" in app.downloads.lacking(KNOWN)
        app.downloads.add(OTHER, "mine")
        assert app.downloads.of(OTHER) is not None
        await until(pilot, lambda: "+1" in page_text(app), "one waits behind it")
        app.downloads.cancel(OTHER)
        assert app.downloads.of(OTHER) is None
        await pilot.press("d")  # once more: stop it?
        await pilot.press("escape")
        assert app.downloads.of(KNOWN) is not None
        hub.over.set()
        app.go("base")
        await until(pilot, lambda: hub_cache.find(KNOWN) is not None and app.downloads.now is None, "it is here")
        await ready(pilot)
        await until(
            pilot,
            lambda: any(one.reference == KNOWN and one.group == HERE for one in desk(app).everything()),
            "it moved",
        )
        assert app.downloads.lacking(KNOWN) == ""
        assert desk(app).why_not("models.download") == "It is on this machine already."


@played
async def test_a_stopped_download_keeps_what_came_and_the_next_goes_on_there(hub: Hub) -> None:
    hub.hangs[WEIGHTS] = 1 << 20
    async with Workbench("models").run_test(size=(120, 40)) as pilot:
        app = await ready(pilot)
        desk(app).listing.go(KNOWN)
        await pilot.press("d")
        await until(pilot, lambda: comes(app, hub), "it comes")
        await pilot.press("x", "y")
        await until(pilot, lambda: app.downloads.now is None, "it is stopped")
        assert hub_cache.find(KNOWN) is None
        assert list(hub_cache.model_folder(KNOWN).rglob("*.incomplete"))
        await pilot.press("d")
        await until(pilot, lambda: hub_cache.find(KNOWN) is not None, "it is here")
    assert [start > 0 for name, start, _ in hub.sent if name == WEIGHTS] == [False, True]


@played
async def test_what_cannot_be_planned_is_taken_when_it_is_here(hub: Hub) -> None:
    async with Workbench("base").run_test(size=(120, 40)) as pilot:
        app = await ready(pilot)
        await pilot.press("p")
        await typed(pilot, OTHER)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ModelDesk), "the hub knows it")
        assert desk(app).listing.key == OTHER
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Offer), "the download is offered")
        await pilot.press("enter")
        await passed(pilot, app)
        assert app.road.base == OTHER


@played
async def test_a_refused_download_is_a_sentence_on_the_page(hub: Hub) -> None:
    hub.gated.add("acme/Qwen3-gated")
    hub.models["acme/Qwen3-gated"] = small_model()
    async with Workbench("models").run_test(size=(120, 40)) as pilot:
        app = await ready(pilot)
        app.downloads.add("acme/Qwen3-gated", "gated")
        await until(pilot, lambda: app.downloads.trouble, "it is refused")
        await until(pilot, lambda: app.downloads.trouble[:30] in said(app), "the page says why")


@played
async def test_a_folder_becomes_a_row_in_focus_and_a_wrong_one_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "mine[bold]"
    folder.mkdir()
    for name, data in small_model().items():
        (folder / name).write_bytes(data)
    async with Workbench("base").run_test(size=(80, 24)) as pilot:
        app = await ready(pilot)
        screen = desk(app)
        screen.ask("named", choices.of_path, str(folder), screen.card())
        await until(pilot, lambda: screen.listing.key == str(folder), "it is in focus")
        assert "mine[bold]" in page_text(app)
        await pilot.press("p", "enter")
        assert "Nothing is named" in page_text(app)
        app.screen.query_one(Input).value = str(tmp_path)
        await pilot.press("enter")
        await until(pilot, lambda: "has no config.json" in " ".join(page_text(app).split()), "it says what is wrong")
        assert app.screen.query_one(Input).value == str(tmp_path)
        await pilot.press("escape")
        assert app.screen is screen
        assert screen.listing.key == str(folder)


@played
async def test_all_about_a_model_stands_on_a_sheet() -> None:
    async with Workbench("base").run_test(size=(120, 40)) as pilot:
        app = await ready(pilot)
        desk(app).listing.go("Qwen/Qwen3-8B")
        await pilot.press("i")
        await pilot.pause()
        text = page_text(app)
        for word in ("Apache-2.0", "instruct", "enable_thinking", "qwen3", "16-bit", "proven", "source", "QLoRA"):
            assert word in text, word
        await pilot.press("escape")
        assert isinstance(app.screen, BaseScreen)


@played
async def test_names_of_strangers_do_nothing() -> None:
    evil = "\x1b[31mred\x1b]0;t\x07[bold]x[/] \u202egpj"
    fit = (Fit("qlora", GIB, "fits"),)
    strange = Choice(evil, evil, HUB, 10**9, 0, evil, "", "", fit, about=evil, standing=evil, refused=evil)
    async with Workbench("models").run_test(size=(120, 40)) as pilot:
        app = await ready(pilot)
        screen = desk(app)
        screen._named = (strange,)
        screen.rebuild()
        screen.listing.go(evil)
        await pilot.pause()
        assert "[bold]x[/]" in page_text(app)
        await pilot.press("i")
        await pilot.pause()
        text = page_text(app)
        assert "[bold]x[/]" in text
        for sign in ("\x1b", "\x07", "\u202e"):
            assert sign not in text


def test_long_names_lose_what_is_usual_first() -> None:
    assert short_name("Mistral Small 3.2 24B Instruct", 27) == "Mistral Small 3.2 24B"
    assert short_name("DeepSeek R1 Distill Llama 70B", 27).endswith("Llama 70B")
    assert short_name("Qwen3 8B", 27) == "Qwen3 8B"
    assert len(short_name("x" * 90, 27)) == 27
    assert short_licence("Llama 3.1 Community License", 11) == "Llama 3.1"
    assert short_licence("Gemma Terms of Use", 11) == "Gemma"
    assert short_licence("Apache-2.0", 11) == "Apache-2.0"


def test_the_proposal_is_what_is_here_then_what_is_proven() -> None:
    def one(name: str, group: str, size: float, **more: Any) -> Choice:
        fit = (Fit("qlora", GIB, "fits"), Fit("lora", 2 * GIB, "fits"))
        return Choice(name, name, group, int(size * 1e9), 1, "MIT", "2025-01", "instruct", fit, **more)

    card = Card("RTX", 24 * GIB, 24 * GIB)
    away = [one("big", AWAY, 9), one("sure", AWAY, 8, proven=True), one("gated", AWAY, 30, proven=True, gated=True)]
    assert choices.propose(away, card)[0] == "sure"
    assert choices.propose([*away, one("here", HERE, 1)], card)[0] == "here"
    assert choices.propose(away, Card("", GIB, GIB))[0] == "bundled"


def test_what_is_told_of_a_model_is_the_catalogue_s() -> None:
    card = Card("", 8 * GIB, 8 * GIB)
    choice = choices.of_path("meta-llama/Llama-3.2-1B", card)
    told = dict(describing.about(choice, card).facts)
    assert told["licence"] == "Llama 3.2 Community License, gated"
    assert "accept its terms" in told["where"]
    for fit in choice.fits:
        assert sum(size for _, size in fit.parts) == fit.needed
    assert errand.StoppedError.__mro__[1].__name__ == "WorkbenchError"
