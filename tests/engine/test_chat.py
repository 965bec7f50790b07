"""Talking to a GGUF and to a model directory, and surviving what can happen to the model's process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
import transformers as hf

from tests.engine.tiny import make_model, make_tokenizer, sizes
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.paths import assets_dir
from workbench.core.units import count
from workbench.engine import chat_templates
from workbench.engine.export import exporter, quantize, reference, source
from workbench.engine.export.gguf import architectures, tokenizer
from workbench.runs.talk import ChatProcess, Settings

BASE = assets_dir() / "base"
ASK = [{"role": "user", "content": "Where does the baker live?"}]
GREEDY = Settings(temperature=0.0, max_tokens=48)


def convert(base: Path, path: Path) -> Path:
    """Write the float32 GGUF of a model directory."""
    weights = source.open_source(base)
    plan = architectures.plan(reference.load_config(base), weights)
    made = reference.load_tokenizer(base)
    vocabulary = tokenizer.read(base, made, reference.load_generation(base), plan.vocabulary)
    exporter.convert(path, plan, vocabulary, "tiny", lambda _: None)
    return path


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return convert(BASE, tmp_path_factory.mktemp("chat") / "tiny.gguf")


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF of a random model that never ends an answer by itself."""
    folder = tmp_path_factory.mktemp("endless")
    made = make_tokenizer("qwen2", bos="<|begin|>")
    made.chat_template = "{{ bos_token }}" + made.chat_template
    make_model(hf.Qwen2Config(**sizes(made, max_position_embeddings=4096)), made, folder / "base", scale=0.02)
    return convert(folder / "base", folder / "endless.gguf")


@pytest.fixture
def chat(gguf: Path) -> Iterator[ChatProcess]:
    with ChatProcess(gguf) as process:
        yield process


def expected(messages: list[dict[str, str]]) -> str:
    """Return what transformers alone answers greedily."""
    model = hf.AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    made = hf.AutoTokenizer.from_pretrained(BASE)
    ids = made.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    out = model.generate(**ids, do_sample=False, max_new_tokens=GREEDY.max_tokens)
    return str(made.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True))


def test_gguf_and_model_directory_answer_as_transformers_does(gguf: Path) -> None:
    first = expected(ASK)
    talk = [*ASK, {"role": "assistant", "content": first}, {"role": "user", "content": "And what does he keep?"}]
    second = expected(talk)
    assert first
    for target, kind in ((gguf, "gguf"), (BASE, "model")):
        with ChatProcess(target) as process:
            assert process.ready["kind"] == kind
            for messages, answer in ((ASK, first), (talk, second), (ASK, first)):
                pieces = list(process.ask(messages, GREEDY))
                assert "".join(pieces) == process.done["answer"] == answer
                assert len(pieces) > 2, "the answer streams"
                assert process.done["reason"] == "stop"
                assert process.done["stopped"] is True
                assert 2 < process.done["tokens"] <= GREEDY.max_tokens
                made = hf.AutoTokenizer.from_pretrained(BASE)
                asked = made.apply_chat_template(messages, add_generation_prompt=True, return_dict=True)["input_ids"]
                assert process.used == process.done["used"] == len(asked) + process.done["tokens"]
                assert process.tokens == process.done["tokens"]
                assert process.done["tokens_per_second"] > 0


def test_a_thought_is_closed_where_its_budget_ends_in_file_and_folder(tmp_path: Path) -> None:
    """Both say the same: the tag that the template opens, as much of the thought as may be, its end, an answer."""
    base = tmp_path / "base"
    shutil.copytree(BASE, base)
    chat_templates.open_thoughts(base)
    held = Settings(temperature=0.0, max_tokens=32, thinking_budget=6)
    said = []
    for target in (convert(base, tmp_path / "thinks.gguf"), base):
        with ChatProcess(target) as process:
            free = "".join(process.ask(ASK, GREEDY))
            said.append("".join(process.ask(ASK, held)))
            assert free.startswith("<think>\n")
            assert process.done["answer"] == said[-1]
    assert said[0] == said[1]
    inside, closed, answer = said[0].partition("\n</think>\n\n")
    assert closed
    assert free.startswith(inside)
    assert free != said[0]
    assert answer


def test_an_adapter_speaks_beside_its_base(tmp_path: Path) -> None:
    from peft import LoraConfig, get_peft_model

    model = hf.AutoModelForCausalLM.from_pretrained(BASE, dtype=torch.float32)
    peft = get_peft_model(model, LoraConfig(r=4, target_modules=["v_proj", "down_proj"], task_type="CAUSAL_LM"))
    torch.manual_seed(3)
    with torch.no_grad():
        for name, weight in peft.named_parameters():
            if "lora_B" in name:
                weight.normal_(0, 0.5)
    peft.save_pretrained(tmp_path)
    made = hf.AutoTokenizer.from_pretrained(BASE)
    ids = made.apply_chat_template(ASK, add_generation_prompt=True, return_tensors="pt", return_dict=True)
    out = peft.generate(**ids, do_sample=False, max_new_tokens=20)
    wanted = made.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True)
    with ChatProcess(BASE, adapter=tmp_path) as process:
        answer = "".join(process.ask(ASK, Settings(temperature=0, max_tokens=20)))
    assert answer == wanted
    assert answer != expected(ASK)[: len(answer)]


def test_seed_decides_what_is_drawn(chat: ChatProcess) -> None:
    def draw(seed: int) -> str:
        return "".join(chat.ask(ASK, Settings(temperature=2.0, max_tokens=24, seed=seed)))

    answers = [draw(seed) for seed in (1, 2, 3)]
    assert len(set(answers)) == 3
    assert [draw(seed) for seed in (1, 2, 3)] == answers


def test_an_answer_can_be_cancelled_and_the_next_one_is_whole(endless: Path) -> None:
    with ChatProcess(endless) as process:
        answer = process.ask(ASK, Settings(temperature=0, max_tokens=4000))
        next(answer)
        process.cancel()
        rest = list(answer)
        assert process.done["reason"] == "cancelled"
        assert process.done["tokens"] < 4000 - len(rest)
        closed = process.ask(ASK, Settings(temperature=0, max_tokens=4000))
        first = next(closed)
        assert 0 < process.tokens < process.used, "both are known while it writes"
        closed.close()
        assert process.done["reason"] == "cancelled"
        again = list(process.ask(ASK, Settings(temperature=0, max_tokens=20)))
        assert again[0] == first
        assert process.done["reason"] == "length"
        assert process.done["tokens"] == 20


def test_bos_is_not_doubled(endless: Path) -> None:
    """Two BOS at the start give another continuation than the one that training saw."""
    from workbench.engine import llama

    llama.quiet()
    with llama.Model(endless, 512, exact=True) as model:
        text = "<|begin|><|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
        once = list(model.generate(model.tokenize(text, add_special=False), 12))
        twice = list(model.generate(model.tokenize(text, add_special=True), 12))
        pieces = b"".join(map(model.piece, once)).decode("utf-8", "replace")
    assert once != twice
    with ChatProcess(endless) as process:
        hi = [{"role": "user", "content": "Hi"}]
        assert "".join(process.ask(hi, Settings(temperature=0, max_tokens=12))) == pieces


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_the_death_of_the_model_is_a_sentence(endless: Path, number: signal.Signals) -> None:
    with ChatProcess(endless) as process:
        answer = process.ask(ASK, Settings(max_tokens=4000))
        next(answer)
        os.kill(process.pid, number)
        with pytest.raises(WorkbenchError, match=f"process was ended by {number.name}"):
            list(answer)
        with pytest.raises(WorkbenchError, match="has been closed"):
            next(process.ask(ASK))
        process.start()
        assert next(process.ask(ASK, GREEDY))


def test_leaving_ends_the_process_even_in_the_middle_of_an_answer(endless: Path) -> None:
    with ChatProcess(endless) as process:
        pid = process.pid
        next(process.ask(ASK, Settings(max_tokens=4000)))
        started = time.monotonic()
    assert not psutil.pid_exists(pid)
    assert time.monotonic() - started < 5


def test_the_model_dies_with_a_killed_caller(gguf: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from workbench.runs.talk import ChatProcess\n"
        f"process = ChatProcess(Path({str(gguf)!r})).start(); print(process.pid, flush=True); sys.stdin.read()"
    )
    caller = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert caller.stdout is not None
    assert caller.stdin is not None
    child = psutil.Process(int(caller.stdout.readline()))
    caller.kill()
    psutil.wait_procs([child], timeout=10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    caller.stdin.close()
    caller.stdout.close()
    caller.wait()


def test_what_cannot_be_answered_is_a_sentence_and_the_chat_goes_on(chat: ChatProcess) -> None:
    context = chat.ready["context"]
    with pytest.raises(WorkbenchError, match=rf"the model's context holds {count(context)}; start a new one"):
        list(chat.ask([{"role": "user", "content": "far too long " * context}]))
    with pytest.raises(UsageError, match="at least one message"):
        list(chat.ask([]))
    with pytest.raises(UsageError, match='text "role" and a text "content"'):
        list(chat.ask([{"role": "user"}]))
    assert list(chat.ask(ASK, GREEDY))


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": -1},
        {"temperature": float("nan")},
        {"top_p": 2},
        {"max_tokens": 0},
        {"max_tokens": 1.5},
        {"seed": True},
    ],
)
def test_settings_have_bounds(changes: dict[str, Any]) -> None:
    (name,) = changes
    with pytest.raises(UsageError, match=rf"^{name} is a (whole )?number from .* to .*, not .*\.$"):
        Settings(**changes)


def test_a_model_that_cannot_chat_is_refused(tmp_path: Path) -> None:
    made = make_tokenizer("qwen2", template=None)
    make_model(hf.Qwen2Config(**sizes(made)), made, tmp_path / "base")
    for target in (tmp_path / "base", convert(tmp_path / "base", tmp_path / "raw.gguf")):
        with pytest.raises(WorkbenchError, match="has no chat template, so it only continues text"):
            ChatProcess(target).start()
    (tmp_path / "evil.gguf").write_bytes(b"GGUF" + b"\xff" * 64)
    with pytest.raises(WorkbenchError, match=r"evil\.gguf cannot be used: the file has the GGUF version"):
        ChatProcess(tmp_path / "evil.gguf").start()
    with pytest.raises(WorkbenchError, match="There is no model at"):
        ChatProcess(tmp_path / "none.gguf").start()


def test_a_hostile_template_reaches_nothing(tmp_path: Path, gguf: Path) -> None:
    data = gguf.read_bytes()
    key = b"tokenizer.chat_template"
    at = data.index(key) + len(key) + 4
    length = int.from_bytes(data[at : at + 8], "little")
    evil = b"{{ ().__class__.__base__.__subclasses__() }}".ljust(length)
    (tmp_path / "evil.gguf").write_bytes(data[: at + 8] + evil + data[at + 8 + length :])
    with (
        ChatProcess(tmp_path / "evil.gguf") as process,
        pytest.raises(WorkbenchError, match="chat template cannot render"),
    ):
        list(process.ask(ASK))


def test_nothing_is_printed(gguf: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with ChatProcess(gguf) as process:
        list(process.ask(ASK, GREEDY))
    quantize.quantize(gguf, tmp_path / "q.gguf", "Q8_0", lambda *_: None)
    assert capfd.readouterr() == ("", "")
