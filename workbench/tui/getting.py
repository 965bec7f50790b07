"""Getting models: what is offered when one is chosen that is not here, and starting and stopping downloads.

Owns the words of the offer and what is waited for. The downloads are the application's, and go on without a screen.
"""

from __future__ import annotations

from workbench.core import units
from workbench.core.plan import Card
from workbench.guide import hub
from workbench.guide.choices import Choice
from workbench.tui.desk import Desk
from workbench.tui.downloads import Downloads
from workbench.tui.messages import DownloadEnded
from workbench.tui.widgets.offer import Offer
from workbench.tui.widgets.prompt import Confirm


class Getting(Desk):
    """A screen on which models are chosen, here or not."""

    def __init__(self) -> None:
        super().__init__()
        self._waits_for = ""
        """The model that is taken as soon as it is here."""

    def in_focus(self) -> Choice | None:
        """Return the model in focus."""
        return None

    def card(self) -> Card | None:
        """Return the card that models are to fit."""
        known: Card | None = self.app.known.card  # type: ignore[attr-defined]
        return known

    def take(self, reference: str) -> None:
        """Go on with a model."""

    @property
    def downloads(self) -> Downloads:
        """What is on its way."""
        return self.app.downloads  # type: ignore[attr-defined]

    def act_choose(self) -> None:
        """Go on with the model in focus, or offer to get it."""
        choice = self.in_focus()
        if choice is None:
            return
        if not choice.is_away:
            self.take(choice.reference)
            return
        if self.downloads.of(choice.reference) is not None:
            self._go_on(choice)
            return

        def decide(answer: str | None) -> None:
            if answer == "enter":
                self.downloads.add(choice.reference, choice.label)
            if answer:
                self._go_on(choice)

        answers = [("enter", "download and go on")]
        if choice.can_be_planned:
            answers.append(("p", "plan without it"))
        self.app.push_screen(Offer(f"Get {choice.label}", self._terms(choice), answers), decide)

    def _go_on(self, choice: Choice) -> None:
        """Take a model that is not here yet: at once where a plan can be made without it, else when it is here."""
        if choice.can_be_planned:
            self.take(choice.reference)
        else:
            self._waits_for = choice.reference
            self.say("The road goes on as soon as it is here.")

    def _terms(self, choice: Choice) -> list[str]:
        """Return what getting a model takes, in sentences."""
        folder, free = hub.place_and_room()
        size = f"About {units.size(choice.bytes)}" if choice.bytes else "Its files"
        lines = [f"{size} from the hub to {folder}, where {units.size(free)} are free."]
        if choice.gated:
            lines.append(
                f"Its maker asks you to accept terms first, on huggingface.co/{choice.reference}, and to log in with "
                "`hf auth login`."
            )
        if choice.can_be_planned:
            lines.append("It comes while you go on; everything but the start of the run can be done meanwhile.")
        else:
            lines.append("What it needs is known when it is here; the road goes on then.")
        return lines

    def act_models_download(self) -> None:
        """Get the model in focus, or stop getting it."""
        choice = self.in_focus()
        assert choice is not None, "why_not refuses that"
        if (under_way := self.downloads.of(choice.reference)) is not None:
            self._ask_to_stop(under_way.reference, under_way.label)
            return
        self.downloads.add(choice.reference, choice.label)
        self.rebuild()

    def act_models_cancel(self) -> None:
        """Stop what is under way."""
        if (now := self.downloads.now) is not None:
            self._ask_to_stop(now.reference, now.label)

    def _ask_to_stop(self, reference: str, label: str) -> None:
        """Stop a download when the person means it."""

        def decide(yes: bool | None) -> None:
            if yes:
                self.downloads.cancel(reference)

        kept = "What has come is kept, and the next download of it goes on there."
        self.app.push_screen(Confirm(f"Stop the download of {label}", [kept], "stop it"), decide)

    def download_ended(self, message: DownloadEnded) -> None:
        """Go on with a model that the person waits for."""
        if message.reference != self._waits_for:
            return
        self._waits_for = ""
        if not message.error and not message.stopped and self.app.screen is self:
            self.take(message.reference)
