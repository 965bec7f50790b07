"""Forms of rows whose conversation is no plain list of turns: trees, pieces, named speakers, reviewed pairs.

Owns one reader per such format, made for the columns of a layout, and the signs by which their values are known. Must
not know other formats or files. A reader raises Refused with the reason for a row that is not trained on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from itertools import groupby
from typing import Any

from workbench.data.formats import dialogue, forms
from workbench.data.formats.forms import Read, Row, finished, picks
from workbench.data.formats.lists import listed_in, texts_in
from workbench.data.formats.refusals import Misfit, Refused
from workbench.data.formats.roles import ROLE_KEYS, role_of
from workbench.data.formats.turns import Turns, are_turns, is_turn, joined, listed, turn

_REPLIES = ("replies", "children", "responses")

REJECTED = "it was rejected in the review"
UNDECIDED = "it was not reviewed yet; see `workbench review`"


def reviewed(columns: Mapping[str, str]) -> Read:
    """Return the reader of pairs that a model wrote and a person accepts: true, false, or null while undecided."""
    read_turns, column = forms.turns(columns), columns["accepted"]

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        if column not in row:
            raise Misfit("the row does not say whether it was accepted")
        if row[column] is not True:
            raise Refused(UNDECIDED if row[column] is None else REJECTED)
        return read_turns(row, repairs)

    return read


def chatgpt_export(columns: Mapping[str, str]) -> Read:
    """Return the reader of exported conversations, trees of which the branch of the current node was the last shown."""
    pick_tree, pick_current = picks(columns, "tree", "current")

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        tree, node = pick_tree(row), pick_current(row)
        if not isinstance(tree, dict) or not all(isinstance(held, dict) for held in tree.values()):
            raise Misfit("the row has no tree of messages")
        if not isinstance(node, str) or node not in tree:
            # Without a current node, the last of the nodes that nothing follows.
            node = next((key for key in reversed(tree) if not tree[key].get("children")), None)
        branch: list[dict[str, Any]] = []
        seen = set()
        while isinstance(node, str) and node in tree and node not in seen:
            seen.add(node)
            if isinstance(message := tree[node].get("message"), dict):
                branch.append(message)
            node = tree[node].get("parent")
        spoken: list[dict[str, Any]] = []
        cut = False
        for message in reversed(branch):
            content, author = message.get("content"), message.get("author")
            role = author.get("role") if isinstance(author, dict) else None
            kind = content.get("content_type", "text") if isinstance(content, dict) else "text"
            if kind in ("user_editable_context", "model_editable_context", "thoughts", "reasoning_recap"):
                continue
            held = content.get("parts", content.get("text", "")) if isinstance(content, dict) else content
            words = held if isinstance(held, str) else None
            if words is None and isinstance(held, list):
                if any(not isinstance(part, str) for part in held):
                    cut = True
                    break
                words = "".join(held)
            if role in ("system", "tool") and not (words or "").strip():
                continue
            spoken.append({"role": role, "content": words})
        if cut and not any(item["role"] == "assistant" for item in spoken):
            raise Refused("a turn holds an image, sound or file before the first answer, and only text can be trained")
        if not spoken:
            raise Refused("the conversation is empty")
        made = finished(listed(spoken, repairs), None, None, repairs)
        if cut:
            repairs["a conversation was cut where a turn holds more than text"] += 1
        return made

    return read


def replies(node: Any) -> list[dict[str, Any]] | None:
    """Return the turns that answer a turn of a tree, or None when the value is no turn of a tree."""
    if not isinstance(node, dict) or not is_turn(node):
        return None
    held = next((node[key] for key in _REPLIES if isinstance(node.get(key), list)), None)
    return held if held is not None and all(map(is_turn, held)) else None


def _standing(node: Mapping[str, Any]) -> float:
    """Return the place of a reply among its siblings, smaller being better; those without a rank come last."""
    rank = node.get("rank")
    return float(rank) if isinstance(rank, int | float) and not isinstance(rank, bool) else float("inf")


def reply_tree(columns: Mapping[str, str]) -> Read:
    """Return the reader of trees of replies; the branch of the replies ranked best, or of the first ones, is kept."""
    pick_tree = picks(columns, "tree")[0]

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        node = pick_tree(row)
        if replies(node) is None:
            raise Misfit("the row has no tree of replies")
        branch: list[Any] = []
        several = False
        while node is not None:
            branch.append(node)
            following = [reply for reply in replies(node) or () if not reply.get("deleted")]
            several = several or len(following) > 1
            node = min(following, key=_standing, default=None)
        made = finished(listed(branch, repairs), None, None, repairs)
        if several:
            repairs["of several branches of replies the one ranked best was kept"] += 1
        return made

    return read


def are_pieces(value: Any) -> bool:
    """Return whether a value is a list of texts, each with a truth value that says whether it is learnt."""
    return (
        isinstance(value, list)
        and len(value) > 1
        and all(
            isinstance(piece, dict)
            and piece.keys() == {"label", "text"}
            and isinstance(piece["label"], bool)
            and isinstance(piece["text"], str)
            for piece in value
        )
    )


def segments(columns: Mapping[str, str]) -> Read:
    """Return the reader of pieces of text of which those labelled true are learnt: they answer those before them."""
    pick_pieces = picks(columns, "segments")[0]

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        pieces = pick_pieces(row)
        if not are_pieces(pieces):
            raise Misfit("the row has no list of labelled pieces of text")
        rendered = dialogue.turns_of("".join(piece["text"] for piece in pieces))
        if rendered is not None:
            repairs["marks of a template around turns were taken off"] += 1
            return finished(rendered, None, None, repairs)
        spoken = [
            turn("assistant" if learnt else "user", "".join(piece["text"] for piece in run))
            for learnt, run in groupby(pieces, key=lambda piece: piece["label"])
        ]
        return finished(spoken, None, None, repairs)

    return read


def _speaker(given: Any) -> str | None:
    """Return the name of who speaks a turn, or None."""
    name = next((given[key] for key in ROLE_KEYS if given.get(key) is not None), None)
    if isinstance(name, dict):
        name = next((name[key] for key in ("role", "name", "username", "id") if name.get(key) is not None), None)
    return str(name).strip() or None if isinstance(name, str | int) else None


def parts_of(value: Any) -> dict[str, str] | None:
    """Return name of a speaker → role in a dialogue of two people, or None for other values.

    Where one of the two is known to ask or to answer, the other does the other; where neither is, the one who opens the
    dialogue asks.
    """
    found = listed_in(value)
    if found is None or not all(isinstance(given, dict) for given in found) or not are_turns(found):
        return None
    names = list(dict.fromkeys(_speaker(given) for given in found))
    known = {name: role_of(name) for name in names}
    two = [name for name in names if known[name] not in ("system", "tool")]
    if None in names or len(two) != 2:
        return None
    first, second = (known[name] for name in two)
    if first is None:
        first = "user" if second is None or second == "assistant" else "assistant"
    if second is None:
        second = "assistant" if first == "user" else "user"
    if first == second:
        return None
    roles = {name: role for name, role in known.items() if role is not None}
    return {str(name): role for name, role in (roles | {two[0]: first, two[1]: second}).items()}


def speakers(columns: Mapping[str, str]) -> Read:
    """Return the reader of dialogues of two speakers of whom at least one has a name of their own."""
    pick_turns, pick_system = picks(columns, "turns", "system")

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        found = listed_in(pick_turns(row))
        if found is None or not are_turns(found):
            raise Misfit("the row has no list of turns")
        parts = parts_of(found)
        if parts is None:
            raise Refused("the turns are not those of two speakers, so that nothing says who answers")
        spoken: Turns = []
        for item in listed([{**given, "role": parts[str(_speaker(given))]} for given in found], repairs):
            if spoken and spoken[-1]["role"] == item["role"] and item.keys() == {"role", "content"}:
                spoken[-1] = turn(item["role"], joined(spoken[-1]["content"], item["content"]))
                repairs["neighbouring turns of one speaker were joined"] += 1
            else:
                spoken.append(item)
        return finished(spoken, pick_system(row), None, repairs)

    return read


def next_turn(columns: Mapping[str, str]) -> Read:
    """Return the reader of a history of texts, the last one the other's, and candidates, the last one what was said.

    What is known about who answers is a text or a list of lines.
    """
    pick_history, pick_candidates, pick_system = picks(columns, "history", "candidates", "system")

    def read(row: Row, repairs: Counter[str]) -> dict[str, Any]:
        said, candidates = (texts_in(pick(row)) for pick in (pick_history, pick_candidates))
        if said is None or candidates is None:
            raise Misfit("the row has no list of what was said or of candidates")
        spoken = [*said, candidates[-1]]
        # Who answers spoke every second time, counted from the end.
        turns = [
            turn("user" if (len(spoken) - place) % 2 == 0 else "assistant", text) for place, text in enumerate(spoken)
        ]
        persona = pick_system(row)
        lines = texts_in(persona)
        return finished(turns, "\n".join(lines) if lines is not None else persona, None, repairs)

    return read
