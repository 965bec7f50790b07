"""`workbench chat`: one answer, or a conversation line by line.

Owns the arguments and the conversation on the terminal. The model lives in a process of its own.
"""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace

from workbench.cli.output import count, print_json
from workbench.core.errors import UsageError, WorkbenchError
from workbench.core.text import clean
from workbench.guide.talking import open_chat
from workbench.runs.talk import ChatProcess, Settings

_COMMAND = re.compile(r"/[a-z?]+")
"""The first word of a line that is for the workbench and not for the model; a path has a second stroke."""


def configure(parser: argparse.ArgumentParser, command: str) -> None:
    """Declare the arguments of `chat`."""
    parser.add_argument("target", help="a GGUF file, a run, bundled, or a model folder")
    parser.add_argument(
        "--adapter",
        action="append",
        default=[],
        metavar="FILE",
        help="an adapter's GGUF for this GGUF; may be repeated",
    )
    parser.add_argument("--prompt", help="ask this one thing and print the answer")
    parser.add_argument("--system", help="a system prompt")
    parser.add_argument("--temperature", type=float, help="0 always takes the likeliest token")
    parser.add_argument("--max-tokens", type=int, help="longest answer in tokens")
    parser.add_argument("--thinking-budget", type=int, help="tokens after which a thought is closed by force; 0 never")
    parser.add_argument("--seed", type=int, help="the same seed gives the same answer")
    parser.add_argument("--json", action="store_true", help="print JSON for programs; needs --prompt")


def _settings(arguments: argparse.Namespace) -> Settings:
    """Return the person's settings over the defaults."""
    chosen = {name: getattr(arguments, name) for name in ("temperature", "max_tokens", "thinking_budget", "seed")}
    return replace(Settings(), **{name: value for name, value in chosen.items() if value is not None})


def _say(chat: ChatProcess, messages: list[dict[str, str]], settings: Settings, quiet: bool) -> str:
    """Ask, print the pieces as they come, and return the whole answer; Ctrl-C stops the answer only."""
    pieces = chat.ask(messages, settings)
    try:
        for piece in pieces:
            if not quiet:
                print(clean(piece), end="", flush=True)
    except KeyboardInterrupt:
        pieces.close()
    if not quiet:
        print()
    return str(chat.done.get("answer", ""))


def run(arguments: argparse.Namespace) -> int:
    """Answer one prompt, or talk until the input ends."""
    if arguments.json and arguments.prompt is None:
        raise UsageError("chat --json needs --prompt TEXT.")
    if arguments.prompt is not None and not arguments.prompt.strip():
        raise UsageError("The prompt is empty; write what is asked after --prompt.")
    settings = _settings(arguments)
    opening = [{"role": "system", "content": arguments.system}] if arguments.system else []
    with open_chat(arguments.target, arguments.adapter) as chat:
        if arguments.prompt is not None:
            answer = _say(chat, [*opening, {"role": "user", "content": arguments.prompt}], settings, arguments.json)
            if arguments.json:
                print_json(
                    {"answer": answer, **{name: chat.done[name] for name in ("tokens", "tokens_per_second", "stopped")}}
                )
            return 0
        return _converse(chat, opening, settings)


def _toggle(chat: ChatProcess, number: str) -> None:
    """Switch the adapter of that number, counted from 1, and say what it does now."""
    try:
        acts = chat.toggle(int(number or 1) - 1)
        print(f"{clean(chat.adapters[int(number or 1) - 1])} {'acts' if acts else 'is off'} from here on.")
    except (UsageError, ValueError) as error:
        said = str(error) if isinstance(error, UsageError) else f"{number} is no number of an adapter."
        print(f"workbench: {clean(said)}", file=sys.stderr)


def _help(chat: ChatProcess) -> str:
    """Return what can be typed beside a question."""
    lines = ["An empty line leaves, /new begins anew, /help shows this, Ctrl-C stops an answer."]
    lines += [f"/adapter {number} switches {clean(name)} off and on." for number, name in enumerate(chat.adapters, 1)]
    return "\n".join(lines)


def _converse(chat: ChatProcess, opening: list[dict[str, str]], settings: Settings) -> int:
    """Talk line by line until an empty line or the end of the input; lines that begin with a command are not asked."""
    terminal = sys.stdin.isatty()
    if terminal:
        print(_help(chat))
    messages = list(opening)
    while True:
        try:
            line = input("you  " if terminal else "").strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return 0
        if not line:
            return 0
        word, _, which = line.partition(" ")
        if _COMMAND.fullmatch(word):
            if word == "/new":
                messages = list(opening)
            elif word == "/adapter":
                _toggle(chat, which)
            elif word == "/help":
                print(_help(chat))
            else:
                print(f"workbench: There is no {word}; /help says what there is.", file=sys.stderr)
            continue
        messages.append({"role": "user", "content": line})
        try:
            answer = _say(chat, messages, settings, quiet=False)
        except WorkbenchError as error:
            print(f"workbench: {clean(str(error))}", file=sys.stderr)
            chat.close()
            chat.start()
            messages = list(opening)
            continue
        messages.append({"role": "assistant", "content": answer})
        if terminal and chat.done:
            print(f"     {count(chat.done['tokens'])} tokens, {count(chat.done['tokens_per_second'])} tokens/s")
