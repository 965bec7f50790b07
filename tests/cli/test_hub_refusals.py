"""Downloads of models that are refused: before a weight is fetched, in a sentence, and with nothing left behind."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.home import SECONDS, Home
from tests.cli.hub_home import MIB, NAME, WEIGHTS, cache_of, refused
from tests.data.hub_server import Hub, digests
from tests.support import wait_until
from workbench.data.hub import RESERVE_BYTES

LOGIN = "hf_aVerySecretWord"

Change = Callable[[dict[str, bytes]], Any]


def without(*names: str, **more: bytes) -> Change:
    """Return a change that takes files away and adds others; "__" in a name stands for a dot."""

    def change(files: dict[str, bytes]) -> None:
        for name in names:
            del files[name]
        files.update({name.replace("__", "."): data for name, data in more.items()})

    return change


def configured(name: str = "config.json", **values: Any) -> Change:
    """Return a change of a settings file."""

    def change(files: dict[str, bytes]) -> None:
        files[name] = json.dumps({**json.loads(files[name]), **values}).encode()

    return change


REFUSED: dict[str, tuple[Change, str]] = {
    "pickles": (without(WEIGHTS, pytorch_model__bin=b"x"), "only pickled weights (pytorch_model.bin)"),
    "gguf": (without(WEIGHTS, tiny_Q4__gguf=b"x"), "only GGUF files (tiny_Q4.gguf), which are made to run"),
    "no weights": (without(WEIGHTS), "has no weights"),
    "an adapter": (without("config.json", adapter_config__json=b"{}"), "is an adapter and no whole model"),
    "weights of other names": (without(WEIGHTS, consolidated__safetensors=b"x"), "has neither model.safetensors nor"),
    "no tokenizer": (without("tokenizer.json"), "has no tokenizer.json"),
    "code": (configured(auto_map={"AutoModel": "modeling.Acme"}), "has 'auto_map' in its config.json"),
    "code of a tokenizer": (
        configured("tokenizer_config.json", auto_map={"AutoTokenizer": ["t.T", None]}),
        "has 'auto_map' in its tokenizer_config.json",
    ),
    "quantised": (configured(quantization_config={"quant_method": "awq"}), "is quantised already (awq)"),
    "no configuration": (without(config__json=b"[]"), "has a config.json that is no JSON object"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_trained_is_refused_before_a_weight_is_fetched(online: Home, hub: Hub, case: str) -> None:
    change, said = REFUSED[case]
    files = dict(hub.models[NAME])
    for name in ("pytorch_model.bin", "training_args.bin", "consolidated.safetensors"):
        del files[name]
    change(files)
    hub.models["acme/bad"] = files
    hub.cards["acme/bad"] = {"base_model": "acme/original"}
    sentence = refused(online, "acme/bad")
    assert said in sentence
    assert not [name for name, _, _ in hub.sent if name.endswith((".safetensors", ".bin", ".gguf"))]
    if case in ("gguf", "quantised"):
        assert "get acme/original" in sentence


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["acme/nothing"], "does not exist or is private"),
        ([NAME, "--revision", "v9"], "does not have that revision"),
        ([NAME, "--revision", "../x"], "is no revision"),
        (["tiny"], "is no model of the hub; write owner/name"),
        (["acme/../x"], "is no model of the hub; write owner/name"),
    ],
)
def test_what_is_not_there_is_a_sentence(online: Home, argv: list[str], said: str) -> None:
    assert said in refused(online, *argv)


def test_without_a_network_it_says_what_works(online: Home, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hub({}) as gone:
        address = gone.endpoint
    monkeypatch.setenv("HF_ENDPOINT", address)
    assert "cannot be reached (ConnectError" in refused(online, NAME)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "because HF_HUB_OFFLINE is set" in refused(online, NAME)


def test_a_token_that_no_client_could_send_is_not_quoted(online: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret\x01word and more")
    sentence = refused(online, NAME)
    assert "has a character that no token has" in sentence
    assert "secret" not in sentence
    assert "more" not in sentence


def test_a_gated_model_names_its_page_and_a_token_opens_it_and_is_seen_nowhere(
    online: Home, hub: Hub, tiny_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.gated.add(NAME)
    hub.admits = f"Bearer {LOGIN}"
    sentence = refused(online, NAME)
    assert f"do so on {hub.endpoint}/{NAME} and log in with `hf auth login`, or set HF_TOKEN" in sentence
    monkeypatch.setenv("HF_TOKEN", LOGIN)
    with Hub({}, models=hub.models) as elsewhere:
        hub.elsewhere = elsewhere.endpoint
        elsewhere.hangs[WEIGHTS] = 2 * MIB
        started = subprocess.Popen(
            online.command("models", "download", NAME),
            env=online.env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        blobs = cache_of(online) / "blobs"
        wait_until(lambda: any(p.stat().st_size > MIB for p in blobs.glob("*.incomplete")), SECONDS, "a part of it")
        family = [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
        assert len(family) > 1
        assert not [one for one in family if LOGIN in " ".join(one.cmdline())]
        elsewhere.over.set()
        said, _ = started.communicate(timeout=SECONDS)
        # The server where large files lie is a stranger's and gets no token.
        assert elsewhere.authorizations
        assert not any(elsewhere.authorizations)
    assert started.returncode == 0, said
    assert f"Bearer {LOGIN}" in hub.authorizations
    assert LOGIN.encode() not in said
    kept = [path for path in online.path.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if LOGIN.encode() in path.read_bytes()]


def test_the_room_is_looked_at_first(online: Home, hub: Hub, tiny_files: dict[str, bytes]) -> None:
    """The free space is a parameter; all else is the program's own, in a process that has the hub's address."""
    program = (
        "import json, sys\n"
        "from workbench.engine.hub.download import download\n"
        "from workbench.core.errors import NoSpaceError\n"
        "try:\n"
        "    print(json.dumps(download(sys.argv[1], '', lambda line: None, free_bytes=lambda _: int(sys.argv[2]))))\n"
        "except NoSpaceError as error:\n"
        "    print(json.dumps({'needed': error.needed_bytes, 'free': error.free_bytes}))\n"
    )

    def tried(free: int) -> dict[str, Any]:
        command = [online.command()[0], "-c", program, NAME, str(free)]
        done = subprocess.run(command, env=online.env(), capture_output=True, text=True, check=True, timeout=SECONDS)
        body = json.loads(done.stdout)
        assert isinstance(body, dict)
        return body

    total = sum(map(len, tiny_files.values()))
    assert tried(total + RESERVE_BYTES - 1) == {"needed": total + RESERVE_BYTES, "free": total + RESERVE_BYTES - 1}
    assert not [name for name, _, _ in hub.sent if name == WEIGHTS]
    # Half of the weights from an earlier attempt need no room any more.
    partial = cache_of(online) / "blobs" / f"{digests(WEIGHTS, tiny_files[WEIGHTS])[1]}.incomplete"
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.write_bytes(tiny_files[WEIGHTS][: 6 * MIB])
    assert tried(total + RESERVE_BYTES - 6 * MIB)["id"] == NAME
    assert tried(0)["fetched"] == []


def test_a_cache_that_is_no_folder_is_a_sentence(online: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    assert "set HF_HUB_CACHE to another one" in refused(online, NAME)
