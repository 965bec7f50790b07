"""The checks a completion can be rewarded by: what each one is called, asks for and takes.

Owns `CHECKS`, from which the form of a recipe, help and screens are made. Must not know how a completion is judged:
`engine/rewards` does that, with the same names.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

Value = str | int | float | bool


@dataclass(frozen=True)
class Parameter:
    """One setting of a check."""

    name: str
    kind: str
    """whole, number, truth, text, path, or model: a run, a base or a path."""
    help: str
    """A few words: what it is."""
    default: Value | None = None
    """None where a person has to give it."""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Check:
    """Everything a reader, a form or a checker needs to know about one reward."""

    name: str
    label: str
    help: str
    """One sentence: what earns it."""
    why: str
    """One sentence: when to take it, and what it does not see."""
    needs: str = ""
    """What a row must hold: one of `NEEDS`."""
    parameters: tuple[Parameter, ...] = ()
    low: float = 0.0
    high: float = 1.0
    """Bounds of the score."""


NEEDS: dict[str, str] = {
    "": "nothing of the row",
    "answer": "the right answer",
    "chosen": "a preferred answer",
    "tests": "tests of the code",
    "calls": "the expected tool calls",
}
"""What a check needs of a row → that in words."""

_TAG = Parameter("tag", "text", "name of the tag round the thinking", "think")
_TAGS = Parameter("tags", "text", "names of the tags in order, with blanks between", "think answer")

CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        Check(
            "number", "numeric answer",
            "1 where the final answer is the right number, whatever its commas, currency, percent sign or unit.",
            "For sums and word problems; it does not look at how the number was found.",
            "answer",
            (
                Parameter("tolerance", "number", "how far off, as a share, a broken number may be", 1e-4, 0, 0.5),
                Parameter("marked", "truth", "whether it must stand behind #### or in a box or <answer>", False),
            ),
        ),
        Check(
            "exact", "exact answer",
            "1 where the final answer is the right one word for word, case, blanks and marks at its ends aside.",
            "For names, dates and short answers; another wording of the same answer earns nothing.",
            "answer",
            (Parameter("case", "truth", "whether upper and lower case must agree", False),),
        ),
        Check(
            "math", "symbolic answer",
            "1 where the final answer equals the right one as mathematics: fractions, roots, powers, sets, equations.",
            "For algebra and competition problems; equality is tested with numbers in place of the letters.",
            "answer",
        ),
        Check(
            "choice", "multiple choice",
            "1 where the answer settles on the letter of the right choice.",
            "For questions with lettered options; an answer that names several letters earns nothing.",
            "answer",
        ),
        Check(
            "regex", "regular expression",
            "1 where the pattern is found in the answer, or in all of it.",
            "For anything a pattern can tell; whatever else the answer says goes unseen.",
            "",
            (
                Parameter("pattern", "text", "a regular expression as Python reads it"),
                Parameter("whole", "truth", "whether the whole answer must match", False),
                Parameter("case", "truth", "whether upper and lower case must agree", True),
            ),
        ),
        Check(
            "schema", "JSON schema",
            "1 where the answer is JSON that a schema allows, 0.2 where it is other JSON.",
            "For answers a program reads; that the values are true it cannot see.",
            "",
            (Parameter("path", "path", "a file with the JSON schema"),),
        ),
        Check(
            "format", "required tags",
            "1 where the completion is the required tags in order, each once, with text inside and nothing between.",
            "For a reasoning style; strict, so add `tags` while the model has not found the form yet.",
            "",
            (
                _TAGS,
                Parameter("rest", "truth", "whether the answer stands behind the last tag and not in one", False),
            ),
        ),
        Check(
            "tags", "share of tags",
            "The share of opening and closing tags that stand in the completion exactly once.",
            "A softer `format` that rewards each step towards it; it does not look at the order.",
            "",
            (_TAGS,),
        ),
        Check(
            "length", "length",
            "1 for a length within bounds, falling to 0 at half the lower and twice the upper one; 0 for nothing.",
            "Keeps answers from growing or shrinking; it does not look at what they say.",
            "",
            (
                Parameter("min", "whole", "shortest good length", 0, 0, 1_000_000),
                Parameter("max", "whole", "longest good length", 200, 1, 1_000_000),
                Parameter("unit", "text", "what is counted", "words", choices=("words", "characters", "tokens")),
            ),
        ),
        Check(
            "overlong", "soft limit of length",
            "0 up to a buffer before the limit, falling to -1 at it: the penalty of DAPO (Yu et al. 2025, eq. 13).",
            "Added to a reward of correctness it makes a model stop in time.",
            "",
            (
                Parameter("max", "whole", "limit in tokens", 512, 1, 1_000_000),
                Parameter("buffer", "whole", "tokens before the limit in which the penalty grows", 128, 1, 1_000_000),
            ),
            -1.0, 0.0,
        ),
        Check(
            "repetition", "repetition",
            "0 where no group of words comes twice, falling to -1 the more of them do.",
            "Against loops; it does not see the same thing said in other words.",
            "",
            (Parameter("size", "whole", "words in a group", 4, 1, 50),),
            -1.0, 0.0,
        ),
        Check(
            "language", "language",
            "1 where the answer is in the language, 0 where it is in another.",
            "For models that drift into another language; texts under some ten words are not judged.",
            "",
            (Parameter("code", "text", "two letters of ISO 639-1", "en"),),
        ),
        Check(
            "code", "unit tests",
            "The share of the row's tests that the code in the answer passes, run in a process that can reach nothing.",
            "For programs in Python; what the tests do not try goes unseen.",
            "tests",
            (
                Parameter("seconds", "number", "time for all tests of one answer", 5.0, 0.1, 60),
                Parameter("memory", "whole", "memory in MiB", 512, 64, 16384),
                Parameter("all", "truth", "whether only passing every test counts", False),
            ),
        ),
        Check(
            "tools", "tool calls",
            "How far the calls of tools are the expected ones, names and arguments; too many cost as much as too few.",
            "For assistants that call tools; whether the tool was any use it cannot see.",
            "calls",
        ),
        Check(
            "similar", "similarity to a preferred answer",
            "How much of a preferred answer's wording is found again, from 0 to 1.",
            "Lets data with only preferred answers be learnt from; it counts words and knows no meaning.",
            "chosen",
            (Parameter("measure", "text", "how it is measured", "f1", choices=("f1", "rouge", "chrf")),),
        ),
        Check(
            "budget", "thinking budget",
            "1 for closed thinking within bounds, falling to 0 at half the lower and twice the upper one.",
            "Holds the length of thinking apart from the answer's; thinking that had to be closed earns nothing.",
            "",
            (
                Parameter("min", "whole", "fewest words", 0, 0, 1_000_000),
                Parameter("max", "whole", "most words", 300, 1, 1_000_000),
                _TAG,
            ),
        ),
        Check(
            "file", "own function",
            "What a Python function of your own returns: def reward(prompt, completion, **row) -> float.",
            "For anything else; it runs in a child with limits, and its numbers are taken as they are.",
            "",
            (
                Parameter("path", "path", "a Python file"),
                Parameter("function", "text", "name of the function in it", "reward"),
                Parameter("seconds", "number", "time for one completion", 5.0, 0.1, 600),
                Parameter("memory", "whole", "memory in MiB", 4096, 64, 1 << 20),
            ),
            -math.inf, math.inf,
        ),
        Check(
            "model", "trained reward model",
            "The score of a reward model, a run of method reward or a folder.",
            "For what people prefer and no rule can tell; watch other figures too, for it can be gamed.",
            "",
            (
                Parameter("run", "model", "a run of method reward, or the folder of a reward model"),
                Parameter("batch", "whole", "answers scored at once", 8, 1, 512),
            ),
            -math.inf, math.inf,
        ),
        Check(
            "judge", "local judge",
            "The mark from 0 to 10 a local model gives by a written rubric, divided by 10.",
            "For style and helpfulness; slow, and no better than the judge.",
            "",
            (
                Parameter("model", "model", "a GGUF file, a base or a run"),
                Parameter("rubric", "path", "a text file that says what a good answer is"),
                Parameter("tokens", "whole", "longest verdict in tokens", 256, 4, 8192),
                Parameter("context", "whole", "tokens of context for a GGUF", 4096, 256, 1 << 20),
            ),
        ),
    )
}  # fmt: skip
"""Name → check, in the order they are offered."""
