"""`workbench models search` and `download` against a server on this machine that speaks the hub's protocol."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.home import QUESTIONS, SECONDS, Home, end, settings, wait_for
from tests.data.hub_server import SHA, Hub, digests
from tests.support import wait_until
from workbench.data.hub import RESERVE_BYTES

NAME = "acme/tiny"
WEIGHTS = "model.safetensors"
LOGIN = "hf_aVerySecretWord"
MIB = 1 << 20
LEFT_OUT = {
    "pytorch_model.bin": b"a pickle",
    "consolidated.safetensors": b"the same weights once more",
    "modeling_acme.py": b"print('never')",
    "training_args.bin": b"a pickle",
    "onnx/model.onnx": b"another format",
    "../../escaped.json": b"{}",
    ".gitattributes": b"",
}
"""What lies beside a model and is not for training."""


@pytest.fixture(scope="module")
def tiny_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a random model of some 15 MiB in one file."""
    from tests import models

    folder = models.save(
        models.tiny("qwen3", vocab_size=30_000), models.tokenizer("chatml"), tmp_path_factory.mktemp("tiny")
    )
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(files[WEIGHTS]) > 12 * MIB
    return files | {"README.md": b"# Tiny", "LICENSE": b"As you like."}


@pytest.fixture
def hub(tiny_files: dict[str, bytes]) -> Iterator[Hub]:
    """Return a hub with one good model."""
    with Hub({}, models={NAME: tiny_files | LEFT_OUT}) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Return folders of their own, online with that hub."""
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    for name in ("HF_HOME", "HF_HUB_CACHE", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    return Home(tmp_path / "home")


def cache_of(home: Home) -> Path:
    """Return the folder of the good model in the cache."""
    return home.path / "cache" / "huggingface" / "hub" / "models--acme--tiny"


def refused(home: Home, *argv: str) -> str:
    """Return the sentence a download is refused with, nothing of the model being left behind."""
    done = home.workbench("models", "download", *argv)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert not [path for path in home.path.rglob("*") if path.is_file() and path.name != "workbench.lock"]
    return done.stderr.strip().splitlines()[-1]


def test_a_model_comes_whole_and_its_name_is_a_base(
    home: Home, hub: Hub, tiny_files: dict[str, bytes], tmp_path: Path
) -> None:
    asked = home.workbench("train", "--base", NAME, "--data", QUESTIONS)
    assert asked.returncode == 2
    assert f"`workbench models download {NAME}`" in asked.stderr
    done = home.workbench("models", "download", NAME)
    assert done.returncode == 0, done.stderr
    snapshot = cache_of(home) / "snapshots" / SHA
    assert {path.name: path.read_bytes() for path in snapshot.iterdir()} == tiny_files
    assert str(snapshot) in done.stdout
    assert f"workbench train --base {NAME} --data YOUR_FILE" in done.stdout
    assert not (tmp_path / "escaped.json").exists()
    # The library of the hub finds the same files where it looks for them.
    from huggingface_hub import scan_cache_dir, try_to_load_from_cache

    kept = scan_cache_dir(cache_of(home).parent)
    assert not kept.warnings
    assert [(repo.repo_id, repo.nb_files, set().union(*(r.refs for r in repo.revisions))) for repo in kept.repos] == [
        (NAME, len(tiny_files), {"main"})
    ]
    found = try_to_load_from_cache(NAME, WEIGHTS, cache_dir=cache_of(home).parent)
    assert isinstance(found, str)
    assert Path(found).resolve().name == digests(WEIGHTS, tiny_files[WEIGHTS])[1]


@pytest.mark.slow
def test_what_came_can_be_trained(home: Home) -> None:
    home.json("models", "download", NAME)
    small = settings(max_steps=1, max_length=64, device="cpu")
    run = home.train("--base", NAME, "--data", QUESTIONS, "--tuning", "lora", *small)
    try:
        assert wait_for(run, "done", "failed", "lost") == "done", run.console_path.read_text()[-2000:]
    finally:
        end(run)


def test_what_is_here_is_checked_and_only_damage_is_fetched_anew(home: Home, hub: Hub) -> None:
    first = home.json("models", "download", NAME)
    assert WEIGHTS in first["fetched"]
    sent = len(hub.sent)
    again = home.json("models", "download", NAME)
    assert again == first | {"fetched": []}
    assert {name for name, _, _ in hub.sent[sent:]} <= {
        "config.json",
        "generation_config.json",
        "tokenizer_config.json",
    }
    blob = (Path(first["folder"]) / WEIGHTS).resolve()
    with blob.open("r+b") as file:
        file.seek(5 * MIB)
        file.write(b"damage")
    done = home.workbench("models", "download", NAME)
    assert done.returncode == 0
    assert f"{WEIGHTS} in the cache was damaged and is removed" in done.stderr
    assert blob.read_bytes() == hub.models[NAME][WEIGHTS]


def test_a_killed_download_goes_on_where_it_was(home: Home, hub: Hub, tiny_files: dict[str, bytes]) -> None:
    """Interrupted once by Ctrl-C and once by SIGKILL in the middle of a file, no byte is asked for a second time."""
    partial = cache_of(home) / "blobs" / f"{digests(WEIGHTS, tiny_files[WEIGHTS])[1]}.incomplete"
    sizes = [0]
    for ending in (signal.SIGINT, signal.SIGKILL):
        hub.hangs[WEIGHTS] = 4 * MIB
        started = subprocess.Popen(
            home.command("models", "download", NAME),
            env=home.env(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            least = sizes[-1] + 3 * MIB
            wait_until(lambda: partial.is_file() and partial.stat().st_size >= least, SECONDS, "part of a file")  # noqa: B023
            family = [psutil.Process(started.pid), *psutil.Process(started.pid).children(recursive=True)]
            assert len(family) > 1
        finally:
            started.send_signal(ending)
            _, said = started.communicate(timeout=SECONDS)
        wait_until(lambda: not any(one.is_running() for one in family), 20, "all of them are gone")  # noqa: B023
        if ending == signal.SIGINT:
            assert started.returncode == 130
            assert "the same command goes on there" in said
        sizes.append(partial.stat().st_size)
        assert home.workbench("train", "--base", NAME, "--data", QUESTIONS).returncode == 2
    report = home.json("models", "download", NAME)
    assert (Path(report["folder"]) / WEIGHTS).read_bytes() == tiny_files[WEIGHTS]
    assert [start for name, start, _ in hub.sent if name == WEIGHTS] == sizes
    assert hub.sent[-1][2] == len(tiny_files[WEIGHTS]) - sizes[-1]


def test_a_broken_connection_is_taken_up_again(home: Home, hub: Hub, tiny_files: dict[str, bytes]) -> None:
    hub.cuts[WEIGHTS] = 3 * MIB
    report = home.json("models", "download", NAME)
    assert (Path(report["folder"]) / WEIGHTS).read_bytes() == tiny_files[WEIGHTS]
    first, second = [(start, length) for name, start, length in hub.sent if name == WEIGHTS]
    assert first == (0, 3 * MIB)
    assert 0 < second[0] <= 3 * MIB


def test_bytes_with_another_hash_never_get_a_name(home: Home, hub: Hub, tiny_files: dict[str, bytes]) -> None:
    wrong = bytearray(tiny_files[WEIGHTS])
    wrong[len(wrong) // 2] ^= 1
    hub.bad_bytes[WEIGHTS] = bytes(wrong)
    done = home.workbench("models", "download", NAME)
    assert done.returncode == 1
    assert f"{WEIGHTS} did not arrive as the hub has it" in done.stderr
    names = {path.name for path in cache_of(home).rglob("*")}
    assert not [name for name in names if name.startswith(digests(WEIGHTS, tiny_files[WEIGHTS])[1])]
    assert "snapshots" not in names
    hub.bad_bytes.clear()
    assert home.json("models", "download", NAME)["fetched"] == [WEIGHTS]


def test_shards_are_taken_by_their_index_and_weights_that_are_there_twice_once(
    home: Home, hub: Hub, tiny_files: dict[str, bytes], tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    (tmp_path / "one").write_bytes(tiny_files[WEIGHTS])
    tensors = sorted(load_file(tmp_path / "one").items())
    files = {name: data for name, data in tiny_files.items() if name != WEIGHTS}
    shards = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)]
    weight_map = {}
    for number, shard in enumerate(shards):
        half = dict(tensors[number::2])
        save_file(half, tmp_path / shard, {"format": "pt"})
        files[shard] = (tmp_path / shard).read_bytes()
        weight_map |= dict.fromkeys(half, shard)
    files["model.safetensors.index.json"] = json.dumps({"metadata": {}, "weight_map": weight_map}).encode()
    hub.models["acme/shards"] = files | LEFT_OUT
    report = home.json("models", "download", "acme/shards")
    assert set(report["files"]) == set(files)
    hub.models["acme/lacking"] = {name: data for name, data in files.items() if name != shards[1]}
    done = home.workbench("models", "download", "acme/lacking")
    assert f"names {shards[1]} in its model.safetensors.index.json and does not have them" in done.stderr


def test_another_revision_is_a_base_by_its_folder(home: Home, hub: Hub) -> None:
    home.json("models", "download", NAME)
    hub.revisions["v2"] = "f" * 40
    report = home.json("models", "download", NAME, "--revision", "v2")
    assert report["base"] == report["folder"] == str(cache_of(home) / "snapshots" / ("f" * 40))
    assert report["fetched"] == []
    assert (cache_of(home) / "refs" / "v2").read_text() == "f" * 40


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
def test_what_cannot_be_trained_is_refused_before_a_weight_is_fetched(home: Home, hub: Hub, case: str) -> None:
    change, said = REFUSED[case]
    files = dict(hub.models[NAME])
    for name in ("pytorch_model.bin", "training_args.bin", "consolidated.safetensors"):
        del files[name]
    change(files)
    hub.models["acme/bad"] = files
    hub.cards["acme/bad"] = {"base_model": "acme/original"}
    sentence = refused(home, "acme/bad")
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
def test_what_is_not_there_is_a_sentence(home: Home, argv: list[str], said: str) -> None:
    assert said in refused(home, *argv)


def test_without_a_network_it_says_what_works(home: Home, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hub({}) as gone:
        address = gone.endpoint
    monkeypatch.setenv("HF_ENDPOINT", address)
    assert "cannot be reached (ConnectError" in refused(home, NAME)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "because HF_HUB_OFFLINE is set" in refused(home, NAME)


def test_a_gated_model_names_its_page_and_a_token_opens_it_and_is_seen_nowhere(
    home: Home, hub: Hub, tiny_files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.gated.add(NAME)
    hub.admits = f"Bearer {LOGIN}"
    sentence = refused(home, NAME)
    assert f"do so on {hub.endpoint}/{NAME} and log in with `hf auth login`, or set HF_TOKEN" in sentence
    monkeypatch.setenv("HF_TOKEN", LOGIN)
    with Hub({}, models=hub.models) as elsewhere:
        hub.elsewhere = elsewhere.endpoint
        elsewhere.hangs[WEIGHTS] = 2 * MIB
        started = subprocess.Popen(
            home.command("models", "download", NAME), env=home.env(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        blobs = cache_of(home) / "blobs"
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
    kept = [path for path in home.path.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if LOGIN.encode() in path.read_bytes()]


def test_a_token_that_no_client_could_send_is_not_quoted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret\x01word and more")
    sentence = refused(home, NAME)
    assert "has a character that no token has" in sentence
    assert "secret" not in sentence
    assert "more" not in sentence


def test_two_downloads_of_a_model_do_not_meet(home: Home, hub: Hub) -> None:
    hub.hangs[WEIGHTS] = 2 * MIB
    first = subprocess.Popen(home.command("models", "download", NAME), env=home.env(), stdout=subprocess.PIPE)
    try:
        wait_until(lambda: any(name == WEIGHTS for name, _, _ in hub.sent), SECONDS, "the first one fetches")
        second = home.workbench("models", "download", NAME)
        assert second.returncode == 1
        assert f"Another download of {NAME} is under way" in second.stderr
    finally:
        hub.over.set()
        first.communicate(timeout=SECONDS)
    assert first.returncode == 0


def test_the_room_is_looked_at_first(home: Home, hub: Hub, tiny_files: dict[str, bytes]) -> None:
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
        command = [home.command()[0], "-c", program, NAME, str(free)]
        done = subprocess.run(command, env=home.env(), capture_output=True, text=True, check=True, timeout=SECONDS)
        body = json.loads(done.stdout)
        assert isinstance(body, dict)
        return body

    total = sum(map(len, tiny_files.values()))
    assert tried(total + RESERVE_BYTES - 1) == {"needed": total + RESERVE_BYTES, "free": total + RESERVE_BYTES - 1}
    assert not [name for name, _, _ in hub.sent if name == WEIGHTS]
    # Half of the weights from an earlier attempt need no room any more.
    partial = cache_of(home) / "blobs" / f"{digests(WEIGHTS, tiny_files[WEIGHTS])[1]}.incomplete"
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.write_bytes(tiny_files[WEIGHTS][: 6 * MIB])
    assert tried(total + RESERVE_BYTES - 6 * MIB)["id"] == NAME
    assert tried(0)["fetched"] == []


def listed(hub_id: str, **facts: Any) -> dict[str, Any]:
    """Return a model as the hub describes it in a list."""
    return {"id": hub_id, "downloads": 1234, "gated": False, "tags": ["license:apache-2.0"], **facts}


def test_a_search_tells_what_the_workbench_makes_of_each_model(home: Home, hub: Hub) -> None:
    size = 8_190_735_360
    qwen = {"architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3"}
    hub.listed = [
        listed("Qwen/Qwen3-8B", config=qwen, safetensors={"parameters": {"BF16": size}, "total": size}),
        listed("acme/Qwen3-mine", config=qwen, gated="manual"),
        listed("acme/Qwen3-awq", config=qwen | {"quantization_config": {"quant_method": "awq"}}),
        listed("acme/Qwen3-four", config=qwen | {"quantization_config": {"quant_method": "mxfp4"}}),
        listed("acme/Qwen3-code", config={"auto_map": {"AutoModel": "x.Y"}}),
        listed("acme/Qwen3-\x1b[31mred"),
        listed("acme/Qwen3-odd", config=[1], downloads="many", tags=[None, "license:\x1b[2Jmit"]),
        listed("acme/other"),
    ]
    found = home.json("models", "search", "qwen3")["models"]
    assert [(model["id"], model["standing"]) for model in found] == [
        ("Qwen/Qwen3-8B", "catalogue"),
        ("acme/Qwen3-mine", "family"),
        ("acme/Qwen3-awq", "refused"),
        ("acme/Qwen3-four", "family"),
        ("acme/Qwen3-code", "refused"),
        ("acme/Qwen3-odd", "unknown"),
    ]
    assert (found[0]["parameters"], found[0]["licence"], found[0]["downloads"]) == (size, "apache-2.0", 1234)
    assert (found[1]["gated"], found[5]["downloads"]) == (True, None)
    (query,) = hub.queries
    assert set(query["filter"]) == {"text-generation", "safetensors"}
    assert (query["sort"], query["limit"]) == (["downloads"], ["20"])
    shown = home.workbench("models", "search", "qwen3", "--limit", "7")
    assert shown.returncode == 0
    assert "8.19 B" in shown.stdout
    assert "apache-2.0 (gated)" in shown.stdout
    assert "in the catalogue (Qwen3)" in shown.stdout
    assert "refused: quantised (awq)" in shown.stdout
    assert "refused: runs its own code" in shown.stdout
    assert "\x1b" not in shown.stdout + shown.stderr
    assert "called so" in home.workbench("models", "search", "nobody").stderr
    assert "from 1 to 100" in home.workbench("models", "search", "x", "--limit", "0").stderr


def test_a_cache_that_is_no_folder_is_a_sentence(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "file" / "hub"))
    assert "set HF_HUB_CACHE to another one" in refused(home, NAME)
