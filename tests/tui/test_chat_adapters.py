"""Adapters in a chat: switched between answers, in one process, and told when they do not fit or are alone."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
import transformers as hf

from tests.engine.test_export_adapter import adapted
from tests.engine.tiny import make_model, make_tokenizer, sizes
from tests.tui.pilots import played, until
from tests.tui.support import page_text
from workbench.cli import main
from workbench.engine.export import adapter, conversion, reference, source
from workbench.runs.talk import Settings
from workbench.tui.app import Workbench
from workbench.tui.screens.chat import ChatScreen
from workbench.tui.screens.chat_adapters import AdaptersSheet


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The GGUF of a tiny model, and of an adapter for it."""
    folder = tmp_path_factory.mktemp("files")
    made = make_tokenizer("llama-bpe", bos="<|begin|>")
    model = make_model(hf.LlamaConfig(**sizes(made)), made, folder / "model")
    config = reference.load_config(model)
    opened: dict[str, Any] = {"base_dir": model}
    way = conversion.choose(config, source.open_source(**opened), opened, model, reference.load_tokenizer(model), "a")
    way.write(folder / "tiny-F32.gguf", lambda line: None)
    opened |= {"adapter_dir": adapted(model, folder / "adapter")}
    adapter.write(folder / "mine-adapter.gguf", config, opened, source.open_source(**opened), "b")
    return folder / "tiny-F32.gguf", folder / "mine-adapter.gguf"


@played
async def test_an_adapter_acts_on_the_next_answer_and_the_model_stays_loaded(files: tuple[Path, Path]) -> None:
    app = Workbench("chat", (str(files[0]),))
    async with app.run_test(size=(100, 34)) as pilot:
        screen = app.screen
        assert isinstance(screen, ChatScreen)
        await until(pilot, lambda: screen._talk.models, "somebody to talk with")
        screen._settings = Settings(temperature=0.0, max_tokens=8)
        processes, texts = [], []
        for press in ("", "switched on", "switched off", "switched on"):
            if press:
                await pilot.press("ctrl+l")
                await until(pilot, lambda: isinstance(app.screen, AdaptersSheet), "the sheet")
                sheet = app.screen
                assert isinstance(sheet, AdaptersSheet)
                await until(pilot, lambda sheet=sheet: not sheet._looking, "what there is")
                if files[1] not in sheet._found:
                    assert "export RUN --adapter" in page_text(app)
                    sheet._know([files[1]])
                    await pilot.pause()
                await pilot.press("enter")
                assert screen._interview is not None
                assert screen._interview.acting() == ([files[1]] if press == "switched on" else [])
                await pilot.press("escape")
            if screen._talk.turns:
                await pilot.press("ctrl+n")
            await pilot.press(*"Hello", "enter")
            await until(
                pilot, lambda: screen._talk.last is not None and screen._talk.last.over, "an answer", seconds=60
            )
            answer = screen._talk.turns[-1].answers[0]
            assert answer.phase == "done", answer.error
            texts.append(answer.text)
            chat = screen._interview._sides[0].chat if screen._interview else None
            processes.append(chat.pid if chat else 0)
        assert texts[0] == texts[2]
        assert texts[1] == texts[3] != texts[0]
        # It is loaded anew once, with the adapter, and never for a switch.
        assert len(set(processes)) == 2
        assert processes[1:] == [processes[1]] * 3


def test_commands_are_not_asked_of_the_model(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("/help\n/quit now\n/adapter 1\n/adapter 2\n/new\n\n"))
    assert main(["chat", str(files[0]), "--adapter", str(files[1])]) == 0
    said = capsys.readouterr()
    helped, switched = said.out.splitlines()[:-1], said.out.splitlines()[-1]
    assert "/new" in helped[0]
    assert helped[1].startswith("/adapter 1 switches")
    assert switched.endswith("is off from here on."), "nothing was answered"
    assert "There is no /quit; /help says" in said.err
    assert "There is no adapter 2" in said.err


def test_an_adapter_alone_is_nobody_to_talk_with(files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chat", str(files[1]), "--prompt", "Hi"]) == 1
    assert "is an adapter alone; name a GGUF of its base" in capsys.readouterr().err
