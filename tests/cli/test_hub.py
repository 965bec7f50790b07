"""`workbench models search` and `download` against a server on this machine that speaks the hub's protocol."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.home import QUESTIONS, SECONDS, Home, end, settings, wait_for
from tests.cli.hub_home import LEFT_OUT, MIB, NAME, WEIGHTS, cache_of
from tests.data.hub_server import SHA, Hub, digests
from tests.support import wait_until
from workbench.runs import errand


def test_a_model_comes_whole_and_its_name_is_a_base(
    online: Home, hub: Hub, tiny_files: dict[str, bytes], tmp_path: Path
) -> None:
    asked = online.workbench("train", "--base", NAME, "--data", QUESTIONS)
    assert asked.returncode == 2
    assert f"`workbench models download {NAME}`" in asked.stderr
    done = online.workbench("models", "download", NAME)
    assert done.returncode == 0, done.stderr
    snapshot = cache_of(online) / "snapshots" / SHA
    assert {path.name: path.read_bytes() for path in snapshot.iterdir()} == tiny_files
    assert str(snapshot) in done.stdout
    assert f"workbench train --base {NAME} --data YOUR_FILE" in done.stdout
    assert not (tmp_path / "escaped.json").exists()
    # The library of the hub finds the same files where it looks for them.
    from huggingface_hub import scan_cache_dir, try_to_load_from_cache

    kept = scan_cache_dir(cache_of(online).parent)
    assert not kept.warnings
    assert [(repo.repo_id, repo.nb_files, set().union(*(r.refs for r in repo.revisions))) for repo in kept.repos] == [
        (NAME, len(tiny_files), {"main"})
    ]
    found = try_to_load_from_cache(NAME, WEIGHTS, cache_dir=cache_of(online).parent)
    assert isinstance(found, str)
    assert Path(found).resolve().name == digests(WEIGHTS, tiny_files[WEIGHTS])[1]


@pytest.mark.soak
def test_what_came_can_be_trained(online: Home) -> None:
    online.json("models", "download", NAME)
    small = settings(max_steps=1, max_length=64, device="cpu")
    run = online.train("--base", NAME, "--data", QUESTIONS, "--tuning", "lora", *small)
    try:
        assert wait_for(run, "done", "failed", "lost") == "done", run.console_path.read_text()[-2000:]
    finally:
        end(run)


def test_what_is_here_is_checked_and_only_damage_is_fetched_anew(online: Home, hub: Hub) -> None:
    first = online.json("models", "download", NAME)
    assert WEIGHTS in first["fetched"]
    sent = len(hub.sent)
    again = online.json("models", "download", NAME)
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
    done = online.workbench("models", "download", NAME)
    assert done.returncode == 0
    assert f"{WEIGHTS} in the cache was damaged and is removed" in done.stderr
    assert blob.read_bytes() == hub.models[NAME][WEIGHTS]
    # A file of its own where a link should be, as a copied cache has it.
    named = Path(first["folder"]) / "config.json"
    named.unlink()
    named.write_bytes(b"{}")
    assert online.json("models", "download", NAME)["fetched"] == []
    assert named.read_bytes() == hub.models[NAME]["config.json"]


def _is_gone(process: psutil.Process) -> bool:
    """Return whether a process has ended, be it that whoever inherited it has not collected it yet."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_killed_download_goes_on_where_it_was(online: Home, hub: Hub, tiny_files: dict[str, bytes]) -> None:
    """Interrupted once by Ctrl-C and once by SIGKILL in the middle of a file, no byte is asked for a second time."""
    partial = cache_of(online) / "blobs" / f"{digests(WEIGHTS, tiny_files[WEIGHTS])[1]}.incomplete"
    sizes = [0]
    for ending in (signal.SIGINT, signal.SIGKILL):
        hub.hangs[WEIGHTS] = 4 * MIB
        started = subprocess.Popen(
            online.command("models", "download", NAME),
            # A client that gives up waiting asks once more, which a busy machine may leave it the time for.
            env=online.env() | {"HF_HUB_DOWNLOAD_TIMEOUT": str(SECONDS)},
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
        wait_until(lambda: all(map(_is_gone, family)), 20, "all of them are gone")  # noqa: B023
        if ending == signal.SIGINT:
            assert started.returncode == 130
            assert "the same command goes on there" in said
        sizes.append(partial.stat().st_size)
        assert online.workbench("train", "--base", NAME, "--data", QUESTIONS).returncode == 2
    report = online.json("models", "download", NAME)
    assert (Path(report["folder"]) / WEIGHTS).read_bytes() == tiny_files[WEIGHTS]
    assert [start for name, start, _ in hub.sent if name == WEIGHTS] == sizes
    assert hub.sent[-1][2] == len(tiny_files[WEIGHTS]) - sizes[-1]


def test_a_broken_connection_is_taken_up_again(online: Home, hub: Hub, tiny_files: dict[str, bytes]) -> None:
    hub.cuts[WEIGHTS] = 3 * MIB
    report = online.json("models", "download", NAME)
    assert (Path(report["folder"]) / WEIGHTS).read_bytes() == tiny_files[WEIGHTS]
    first, second = [(start, length) for name, start, length in hub.sent if name == WEIGHTS]
    assert first == (0, 3 * MIB)
    assert 0 < second[0] <= 3 * MIB


def test_a_server_without_ranges_is_read_from_the_beginning(
    online: Home, hub: Hub, tiny_files: dict[str, bytes]
) -> None:
    hub.cuts[WEIGHTS] = 3 * MIB
    hub.has_ranges = False
    report = online.json("models", "download", NAME)
    assert (Path(report["folder"]) / WEIGHTS).read_bytes() == tiny_files[WEIGHTS]
    assert [start for name, start, _ in hub.sent if name == WEIGHTS] == [0, 0]


def test_a_download_tells_how_far_it_is(online: Home, tiny_files: dict[str, bytes]) -> None:
    lines: list[dict[str, Any]] = []
    answer = errand.run("workbench.engine.hub", {"id": NAME}, lines.append, online=True)
    assert lines.pop() == answer
    total = sum(map(len, tiny_files.values()))
    assert answer["bytes"] == total
    assert {line["total"] for line in lines} == {total}
    for state in ("downloading", "checking"):
        done = [line["done"] for line in lines if line["state"] == state]
        assert done == sorted(done)
        assert done[-1] == total
    assert {line["file"] for line in lines} == set(tiny_files)


def test_bytes_with_another_hash_never_get_a_name(online: Home, hub: Hub, tiny_files: dict[str, bytes]) -> None:
    wrong = bytearray(tiny_files[WEIGHTS])
    wrong[len(wrong) // 2] ^= 1
    hub.bad_bytes[WEIGHTS] = bytes(wrong)
    done = online.workbench("models", "download", NAME)
    assert done.returncode == 1
    assert f"{WEIGHTS} did not arrive as the hub has it" in done.stderr
    names = {path.name for path in cache_of(online).rglob("*")}
    assert not [name for name in names if name.startswith(digests(WEIGHTS, tiny_files[WEIGHTS])[1])]
    assert "snapshots" not in names
    hub.bad_bytes.clear()
    assert online.json("models", "download", NAME)["fetched"] == [WEIGHTS]


def test_shards_are_taken_by_their_index_and_weights_that_are_there_twice_once(
    online: Home, hub: Hub, tiny_files: dict[str, bytes], tmp_path: Path
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
    report = online.json("models", "download", "acme/shards")
    assert set(report["files"]) == set(files)
    hub.models["acme/lacking"] = {name: data for name, data in files.items() if name != shards[1]}
    done = online.workbench("models", "download", "acme/lacking")
    assert f"names {shards[1]} in its model.safetensors.index.json and does not have them" in done.stderr


def test_another_revision_is_a_base_by_its_folder(online: Home, hub: Hub) -> None:
    online.json("models", "download", NAME)
    hub.revisions["v2"] = "f" * 40
    report = online.json("models", "download", NAME, "--revision", "v2")
    assert report["base"] == report["folder"] == str(cache_of(online) / "snapshots" / ("f" * 40))
    assert report["fetched"] == []
    assert (cache_of(online) / "refs" / "v2").read_text() == "f" * 40


def test_two_downloads_of_a_model_do_not_meet(online: Home, hub: Hub) -> None:
    hub.hangs[WEIGHTS] = 2 * MIB
    first = subprocess.Popen(online.command("models", "download", NAME), env=online.env(), stdout=subprocess.PIPE)
    try:
        wait_until(lambda: any(name == WEIGHTS for name, _, _ in hub.sent), SECONDS, "the first one fetches")
        second = online.workbench("models", "download", NAME)
        assert second.returncode == 1
        assert f"Another download of {NAME} is under way" in second.stderr
    finally:
        hub.over.set()
        first.communicate(timeout=SECONDS)
    assert first.returncode == 0


def listed(hub_id: str, **facts: Any) -> dict[str, Any]:
    """Return a model as the hub describes it in a list."""
    return {"id": hub_id, "downloads": 1234, "gated": False, "tags": ["license:apache-2.0"], **facts}


def test_a_search_tells_what_the_workbench_makes_of_each_model(online: Home, hub: Hub) -> None:
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
    found = online.json("models", "search", "qwen3")["models"]
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
    shown = online.workbench("models", "search", "qwen3", "--limit", "7", env=online.env() | {"COLUMNS": "200"})
    assert shown.returncode == 0
    assert "8.19 B" in shown.stdout
    assert "apache-2.0 (gated)" in shown.stdout
    assert "in the catalogue (Qwen3)" in shown.stdout
    assert "refused: quantised (awq)" in shown.stdout
    assert "refused: runs its own code" in shown.stdout
    assert "\x1b" not in shown.stdout + shown.stderr
    assert "called so" in online.workbench("models", "search", "nobody").stderr
    assert "from 1 to 100" in online.workbench("models", "search", "x", "--limit", "0").stderr
