"""Everything that is known of a model, in labels and words: of one of the catalogue more than of a folder.

Owns the words. Must not know how they are laid out.
"""

from __future__ import annotations

from dataclasses import dataclass

from workbench.core import catalogue, units
from workbench.core.catalogue import Model
from workbench.core.plan import Card
from workbench.guide import fits
from workbench.guide.choices import Choice

KINDS = {
    "base": "base: it continues text",
    "instruct": "instruct: it answers",
    "reasoning": "reasoning: it thinks, then answers",
}


@dataclass(frozen=True)
class Facts:
    """What is known of a model."""

    sentence: str
    facts: tuple[tuple[str, str], ...]
    """(label, words), in order of interest."""
    note: str
    """What the memory by tuning is told for, or why there is none."""


def of_catalogue(model: Model) -> tuple[tuple[str, str], ...]:
    """Return what the catalogue knows of a model beyond its name and size, as (label, words)."""
    family = model.family
    stretched = f", {units.count(model.extended_context)} stretched" if model.extended_context else ""
    return (
        ("context", f"{units.count(model.context)} tokens{stretched}"),
        ("licence", f"{model.licence}{', gated' if model.gated else ''}"),
        ("thinking", model.thinking or "no switch"),
        ("packing", family.packing),
        ("16-bit", ", ".join(family.sixteen_bit) or "nothing"),
        ("GGUF", family.gguf),
        ("source", model.source),
    )


def _template(model: Model) -> str:
    """Return which chat template a model talks in, and what is done about training with it."""
    said = model.training_template
    if said.startswith("none: "):
        return f"{model.chat_template}; what the assistant says is not marked: {said.removeprefix('none: ')}"
    if not said:
        return model.chat_template
    how = "which marks" if said == "native" else "in a version that marks"
    return f"{model.chat_template}, {how} the answers to learn from"


def _where(choice: Choice) -> str:
    """Return where a model is, or what getting it takes."""
    if not choice.is_away:
        return choice.folder or "on this machine"
    size = f", about {units.size(choice.bytes)} in 16 bits" if choice.bytes else ""
    terms = "; accept its terms on the hub first" if choice.gated else ""
    return f"on the hub{size}{terms}"


def about(choice: Choice, card: Card) -> Facts:
    """Return everything that is known of a model."""
    model = catalogue.known(choice.reference)
    size = f"{units.parameters(choice.parameters)} parameters" if choice.parameters else ""
    if model is not None:
        known = dict(of_catalogue(model))
        facts = [
            ("family", model.family.name), ("kind", KINDS[model.kind]), ("size", size),
            ("released", units.month(model.date) if model.date else ""), ("context", known["context"]),
            ("licence", known["licence"]), ("template", _template(model)), ("thinking", known["thinking"]),
            ("packing", known["packing"]), ("16-bit", known["16-bit"] + " cannot be held in 4 bits"),
            ("GGUF", f"export of this architecture {known['GGUF']}"), ("source", known["source"]),
        ]  # fmt: skip
    else:
        context = f"{units.count(choice.context)} tokens" if choice.context else ""
        licence = choice.licence + (", gated" if choice.gated else "")
        facts = [
            ("size", size), ("context", context), ("licence", licence),
            ("released", choice.released), ("standing", choice.standing),
        ]  # fmt: skip
    facts += [("name", choice.reference), ("where", _where(choice))]
    if not choice.fits:
        note = "What it needs is known when its configuration is here."
    else:
        free = f"{units.gib(card.free)} GiB {'of the card' if card.gpu else 'of the memory of this machine'} are free"
        note = f"{fits.told_for(choice.fits)}; a plan takes the batch and the length it proposes. {free}."
    return Facts(choice.about, tuple((label, words) for label, words in facts if words), note)
