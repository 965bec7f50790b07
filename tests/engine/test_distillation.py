"""Distillation: divergences against numpy, gradients, what is kept of a teacher, and a killed run that goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from tests.engine.bench import Bench, curve, of_kind, result, rows, same, write_rows
from tests.engine.tiny import make_model, make_tokenizer, sizes
from tests.support import wait_until
from workbench.core.errors import UsageError
from workbench.core.events import AttemptEnded, Eval, Notice, Phase, Step
from workbench.core.paths import assets_dir
from workbench.core.recipe import DIVERGENCES, Recipe
from workbench.core.teaching import token_bytes
from workbench.engine import checkpoint, load, samples
from workbench.engine.adapters import trunk
from workbench.engine.compress import distillation
from workbench.engine.compress.on_policy import prompt_of
from workbench.engine.compress.projection import projection
from workbench.engine.compress.soft_labels import SoftLabels
from workbench.engine.examples import Examples
from workbench.engine.load import Machine
from workbench.engine.prepare import Order
from workbench.engine.reinforce import rollouts
from workbench.runs import bases, control, requests, teachers

TOKENS, WORDS = 5, 12


def _softmax(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    raised = np.exp((logits - logits.max(-1, keepdims=True)) / temperature)
    return raised / raised.sum(-1, keepdims=True)


def _buckets(probs: NDArray[np.float64], words: NDArray[np.int64] | None) -> NDArray[np.float64]:
    """Return probabilities of some words and of all others together."""
    if words is None:
        return probs
    told = np.take_along_axis(probs, words, -1)
    return np.concatenate([told, 1 - told.sum(-1, keepdims=True)], -1)


def _by_hand(kind: str, p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the divergence of a teacher's p and a student's q by the definitions."""

    def kl(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray((one * np.log(one / other)).sum(-1))

    middle = (p + q) / 2
    return {"forward": kl(p, q), "reverse": kl(q, p), "jsd": (kl(p, middle) + kl(q, middle)) / 2}[kind]


@pytest.mark.parametrize("temperature", [1.0, 2.5])
@pytest.mark.parametrize("top_k", [0, 4])
@pytest.mark.parametrize("kind", DIVERGENCES)
def test_divergences_are_those_of_their_definitions(kind: str, top_k: int, temperature: float) -> None:
    """With all words and with some; also the KL in nats and whether both would say the same word."""
    draw = np.random.default_rng(3)
    student, teacher = draw.normal(0, 2, (2, TOKENS, WORDS))
    teacher[0] = student[0]
    words = np.argsort(-teacher, -1)[:, :top_k] if top_k else None
    p, q = (_buckets(_softmax(logits, temperature), words) for logits in (teacher, student))
    ids = None if words is None else torch.from_numpy(words)
    told = distillation.softened(torch.from_numpy(teacher), temperature, ids)
    assert told.exp().numpy() == pytest.approx(p, rel=1e-4, abs=1e-7)
    found = distillation.compared(torch.from_numpy(student).float(), told, ids, kind, temperature).numpy()
    assert found[:, 0] == pytest.approx(_by_hand(kind, p, q) * temperature**2, rel=1e-4, abs=1e-5)
    assert found[:, 1] == pytest.approx(_by_hand("forward", p, q), rel=1e-4, abs=1e-5)
    assert found[:, 2].tolist() == (student.argmax(-1) == teacher.argmax(-1)).tolist()
    assert found[0, 0] == pytest.approx(0, abs=1e-5)
    if kind == "jsd":
        assert (found[:, 0] <= np.log(2) * temperature**2 + 1e-6).all()


@pytest.mark.parametrize("kind", DIVERGENCES)
def test_gradients_are_those_of_small_steps(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of hidden states and head, through tiles of two tokens each that a backward pass computes anew."""
    monkeypatch.setattr(distillation, "TILE", 2 * WORDS)
    torch.manual_seed(0)
    hidden, weight = torch.randn(TOKENS, 6), torch.randn(WORDS, 6)
    teacher = torch.randn(TOKENS, WORDS)
    ids = teacher.topk(3).indices
    told = distillation.softened(teacher, 2.0, ids)

    def loss(states: torch.Tensor, head: torch.Tensor) -> torch.Tensor:
        found = distillation.in_tiles(states, told, ids, lambda part: part @ head.T, WORDS, kind, 2.0)
        return found[:, 0].sum()

    for place, moved in enumerate((hidden, weight)):
        given = [hidden.clone(), weight.clone()]
        given[place].requires_grad_()
        loss(given[0], given[1]).backward()
        gradient = given[place].grad
        assert gradient is not None
        for _ in range(3):
            direction = torch.randn_like(moved)
            ends = []
            for sign in (1, -1):
                stepped = [hidden, weight]
                stepped[place] = moved + sign * 1e-2 * direction
                ends.append(loss(stepped[0], stepped[1]).item())
            assert (gradient * direction).sum().item() == pytest.approx((ends[0] - ends[1]) / 2e-2, rel=2e-2, abs=2e-3)


def test_a_sure_teacher_s_rest_does_not_round_to_nothing() -> None:
    """One word in a thousand million: one minus the others would be 0 in fp32."""
    logits = torch.tensor([[30.0, 8.0, 7.0, 6.0]])
    rest = distillation.softened(logits, 1.0, torch.tensor([[0]]))[0, -1].item()
    assert rest == pytest.approx(np.log(np.exp(8.0) + np.exp(7.0) + np.exp(6.0)) - 30, abs=1e-4)


def test_logits_are_the_model_s_own_with_scale_and_cap(tmp_path: Path) -> None:
    """Gemma 2 caps its logits and Granite divides them."""
    from transformers import AutoModelForCausalLM, Gemma2Config, GraniteConfig

    tokenizer = make_tokenizer("gpt-2")
    for config in (
        Gemma2Config(**sizes(tokenizer, head_dim=16, final_logit_softcapping=3.0)),
        GraniteConfig(**sizes(tokenizer, logits_scaling=8.0)),
    ):
        folder = make_model(config, tokenizer, tmp_path / config.model_type)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
        ids = torch.arange(3, 20)[None]
        with torch.no_grad():
            wanted = model(ids).logits[0, :, :500]
            found = projection(model, 500)(trunk(model)(ids).last_hidden_state[0])
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


# Runs

SHORT: dict[str, Any] = {"method": "distill", "tuning": "lora", "sample_max_new_tokens": 0, "learning_rate": 1e-3}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def data(bench: Bench) -> str:
    return str(write_rows(bench.path / "questions.jsonl", rows("questions", 24)))


@pytest.fixture(scope="module")
def taught(bench: Bench, data: str) -> str:
    """Return a run that has moved away from the bundled base: the teacher."""
    return bench.trained(method="sft", tuning="lora", data=[data], max_steps=8, learning_rate=1e-2).id


def test_the_first_loss_is_that_of_both_models_side_by_side(bench: Bench, data: str, taught: str) -> None:
    """The held-out loss, KL and agreement before the first step, against teacher and base asked here in full."""
    how = {"teacher": taught, "teacher_top_k": 6, "divergence": "reverse", "distill_temperature": 1.5}
    run = bench.trained(**SHORT, data=[data], distill_alpha=0.75, **how)
    with bench.home():
        where = Machine("cpu", False)
        said = load.load_for_use(bases.resolve(taught), where)
        base = load.load_for_use(bases.resolve("bundled"), where)
    examples = Examples.read(run.path / "prepared" / "held_out")
    told: list[tuple[float, float, float]] = []
    for number in range(len(examples)):
        ids, labels = examples.columns(number)
        with torch.no_grad():
            both = [model(torch.from_numpy(ids)[None]).logits[0].double().numpy() for model in (said, base)]
        for place in np.flatnonzero(labels[1:] >= 0):
            teacher, student = (logits[place][None] for logits in both)
            words = np.argsort(-teacher, -1)[:, :6]
            p, q = (_buckets(_softmax(logits, 1.5), words) for logits in (teacher, student))
            own = -np.log(_softmax(student, 1.0)[0, ids[place + 1]])
            loss = 0.75 * 1.5**2 * _by_hand("reverse", p, q)[0] + 0.25 * own
            told.append((loss, _by_hand("forward", p, q)[0], float(teacher.argmax() == student.argmax())))
    loss, kl, same_word = np.mean(told, axis=0)
    first, last = of_kind(run, Eval)
    assert first.loss == pytest.approx(loss, rel=2e-3)
    assert first.metrics["teacher_kl"] == pytest.approx(kl, rel=2e-3)
    assert first.metrics["agreement"] == pytest.approx(same_word, abs=1e-6)
    assert last.metrics["teacher_kl"] < first.metrics["teacher_kl"]
    # The files have the size that was foretold, and the teacher was gone before the base came.
    kept = SoftLabels.read(run.path / "teacher" / "held_out")
    size = sum((run.path / "teacher" / "held_out" / name).stat().st_size for name in ("log_probs.f16", "words.i32"))
    assert size == len(told) * token_bytes(6, kept.width)
    assert "teacher_asked" in [event.code for event in of_kind(run, Notice)]
    loads = [event.detail for event in of_kind(run, Phase) if event.phase == "loading"]
    assert loads[-2:] == ["teacher", "base"]


@pytest.mark.soak
def test_packing_and_passes_of_any_size_change_nothing(bench: Bench, data: str, taught: str) -> None:
    """With every word of the teacher's; what it said stays with its token wherever that stands."""
    how = {**SHORT, "data": [data], "teacher": taught, "teacher_top_k": 0, "packing": False, "max_steps": 2}
    whole = bench.trained(**how, per_device_train_batch_size=4)
    pieces = {"per_device_train_batch_size": 1, "gradient_accumulation_steps": 4, "gradient_checkpointing": True}
    cut = bench.trained(**how, **pieces)
    for one, other in zip(curve(whole).values(), curve(cut).values(), strict=True):
        assert other[:2] == pytest.approx(one[:2], rel=1e-3, abs=1e-5)
    packed = bench.trained(**{**how, "packing": True})
    assert of_kind(packed, Eval)[0].loss == pytest.approx(of_kind(whole, Eval)[0].loss, rel=1e-4)


def test_a_killed_run_goes_on_to_the_last_bit(bench: Bench, data: str, taught: str) -> None:
    """The teacher is not asked again."""
    how = {**SHORT, "data": [data], "teacher": taught, "max_steps": 6, "eval_steps": 6, "lora_dropout": 0.1}
    how |= {"save_steps": 2, "save_total_limit": 3}
    whole = bench.trained(**how)
    run = bench.lost(whole, 2)
    assert run.status() == "lost"
    assert bench.attempt(run) == 0
    assert of_kind(run, AttemptEnded)[-1].outcome == "done"
    assert [event.code for event in of_kind(run, Notice)].count("teacher_asked") == 1
    assert curve(run) == curve(whole)
    assert same(result(run), result(whole))
    own, other = (bases.checkpoints(one)[0] for one in (run, whole))
    assert same(load_file(own / checkpoint.OPTIMIZER_FILE), load_file(other / checkpoint.OPTIMIZER_FILE))
    assert of_kind(run, Eval)[-1].metrics == of_kind(whole, Eval)[-1].metrics


def test_a_killed_run_with_answers_of_its_own_goes_on_to_the_last_bit(bench: Bench, data: str, taught: str) -> None:
    """The teacher judges what the student writes in half of the steps; a pause between them changes nothing."""
    how = {
        **SHORT, "data": [data], "teacher": taught, "max_steps": 4, "eval_steps": 4, "save_steps": 2, "packing": False,
        "on_policy_share": 0.5, "max_completion_length": 12, "teacher_top_k": 16, "seed": 5,
    }  # fmt: skip
    whole = bench.trained(**how)
    steps = of_kind(whole, Step)
    assert ["length" in step.metrics for step in steps] == [True, False, False, True]
    assert all(0 < step.metrics["length"] <= 12 for step in (steps[0], steps[3]))
    run = bench.create(**how)
    bench.attempt(run, lambda: (wait_until(lambda: bases.checkpoints(run), 90, "a checkpoint"), control.pause(run)))
    assert of_kind(run, AttemptEnded)[-1].outcome == "paused"
    requests.clear(run.path)
    assert bench.attempt(run) == 0
    assert curve(run) == curve(whole)
    assert same(result(run), result(whole))


def test_the_student_s_own_answer_is_judged_as_both_models_see_it(bench: Bench, data: str, taught: str) -> None:
    """The first step's KL, where the student has written, against both models asked here about the same tokens."""
    how = {
        **SHORT, "data": [data], "teacher": taught, "max_steps": 1, "eval_steps": 1, "save_steps": 1, "packing": False,
        "on_policy_share": 1.0, "max_completion_length": 8, "teacher_top_k": 0, "per_device_train_batch_size": 1,
    }  # fmt: skip
    run = bench.trained(**how)
    step = of_kind(run, Step)[0]
    examples = Examples.read(run.path / "prepared" / "train")
    number = next(iter(Order(examples.lengths, 42)))
    ids, labels = examples.columns(number)
    prompt = prompt_of(ids, labels, 96, 8)
    assert prompt is not None
    with bench.home():
        where = Machine("cpu", False)
        teacher = load.load_for_use(bases.resolve(taught), where)
        student = load.load_for_use(bases.resolve("bundled"), where)
    tokenizer = load.load_tokenizer(assets_dir() / "base")
    sampling = rollouts.Sampling(8, samples.stops(tokenizer, student), tokenizer.pad_token_id, 1.0, 1.0, len(tokenizer))
    written = rollouts.sample(student, [prompt.tolist()], sampling, count=1, key=[2, 42, 0], batch=1).answers[0]
    whole = torch.tensor([[*prompt.tolist(), *written]])
    with torch.no_grad():
        p, q = (
            _softmax(model(whole).logits[0, len(prompt) - 1 : -1].double().numpy(), 1.0) for model in (teacher, student)
        )
    assert step.metrics["length"] == len(written)
    assert step.metrics["teacher_kl"] == pytest.approx(float((p * np.log(p / q)).sum(-1).mean()), rel=5e-3)
    assert step.loss == pytest.approx(step.metrics["teacher_kl"], rel=1e-4)


def test_a_teacher_is_asked_for_and_has_to_be_able_to_judge(tmp_path: Path) -> None:
    """Before a run is made; a teacher with other tokens or a GGUF cannot judge what the student writes."""
    from transformers import Qwen3Config

    tokenizer = make_tokenizer("gpt-2")
    folder = make_model(Qwen3Config(**sizes(tokenizer, head_dim=16)), tokenizer, tmp_path / "other")
    assert teachers.named(str(folder), "bundled") == str(folder)
    with pytest.raises(UsageError, match="leave on_policy_share out"):
        teachers.named(str(folder), "bundled", on_policy=True)
    assert teachers.named("bundled", str(assets_dir() / "base"), on_policy=True) == "bundled"
    file = tmp_path / "model.gguf"
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        teachers.named(str(file), "bundled")
    file.write_bytes(b"GGUFrest")
    assert teachers.named(str(file), "bundled") == str(file)
    with pytest.raises(UsageError, match="cannot judge"):
        teachers.named(str(file), "bundled", on_policy=True)
    file.write_bytes(b"no such thing")
    with pytest.raises(UsageError, match="is no GGUF file"):
        teachers.named(str(file), "bundled")
    with pytest.raises(UsageError, match="--set teacher="):
        teachers.find("")
    with pytest.raises(UsageError, match="num_processes at 1"):
        Recipe(method="distill", num_processes=2)
    with pytest.raises(UsageError, match="set packing=false"):
        Recipe(method="distill", on_policy_share=0.5)
