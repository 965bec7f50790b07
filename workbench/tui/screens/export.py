"""GGUF files of a result: which types there are, what is measured of them, and how to run them.

Owns the table, the choice and the page under it. An export is a run that goes on when the page is left, and is found
again when it is opened. Must not know how a file is made or proved.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.content import Content

from workbench.core import units
from workbench.core.lifecycle import ACTIVE
from workbench.guide import deploying, exporting, watching
from workbench.guide.exporting import CARDS, Offer, Target
from workbench.runs import store
from workbench.runs.exports import Made
from workbench.tui import actions
from workbench.tui.aboutrun import AboutRun
from workbench.tui.ink import Piece, foreign, ink, place
from workbench.tui.messages import RunAdvanced, RunGone
from workbench.tui.rundesk import RunDesk
from workbench.tui.screens import export_page, export_table
from workbench.tui.screens.export_page import ROOMY
from workbench.tui.view import RunView
from workbench.tui.watcher import RunWatcher
from workbench.tui.widgets.footer import Footer
from workbench.tui.widgets.listing import Listing
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.prompt import Confirm


class ExportScreen(AboutRun, RunDesk):
    """Choose types, make and prove them, take them elsewhere."""

    NAME = "export"
    TITLE_OF_PAGE = "Export"
    VERB = "export"
    CSS_PATH: ClassVar[str] = "export.tcss"

    def __init__(self, run: str = "") -> None:
        super().__init__(run)
        self._target: Target | None = None
        self._chosen: set[str] = set()
        self.view = RunView()
        """The export that is at work or has not come to its end; without a name where there is none."""
        self.watcher: RunWatcher | None = None

    def body(self) -> ComposeResult:
        """Yield title and heads, the types, and what is known of the one in focus."""
        yield Page(self._top, id="top")
        yield Listing(id="types")
        yield Page(self._bottom, id="bottom")

    @property
    def label(self) -> str:
        """What the run or the model is called."""
        return self._target.label if self._target else self._run

    def look(self) -> None:
        """Find out what can be made of the run."""
        self.ask("target", exporting.target, self._run)

    def on_unmount(self) -> None:
        """Watch no more; the export goes on."""
        self._watch("")

    def meant(self) -> store.Run | None:
        """Return the export that is watched."""
        return self.watcher.run if self.watcher is not None else None

    def meant_meta(self) -> dict[str, Any]:
        """Return what is written down of it."""
        return dict(self.view.about.meta)

    def _watch(self, run_id: str) -> None:
        """Watch an export, or none for ""."""
        if self.watcher is not None:
            self.watcher.stop()
        self.watcher, self.view = None, RunView()
        if run_id:
            run = store.find(run_id)
            self.watcher = RunWatcher(self, run)
            self.watcher.start()
            self.app.attend(run)  # type: ignore[attr-defined]

    # What is shown

    @property
    def _here(self) -> tuple[Target, Offer] | None:
        """What is exported and the type in focus; None while nothing is known."""
        target = self._target
        if target is None:
            return None
        key = self.query_one(Listing).key
        offer = next((offer for offer in target.offers if offer.kind == key), None)
        return (target, offer) if offer is not None else None

    def _made(self) -> Made | None:
        """Return the file of the type in focus, if there is one."""
        return self._here[0].made.get(self._here[1].kind) if self._here else None

    def _top(self, width: int) -> list[Content]:
        """Return title, a sentence about the type in focus, and heads."""
        target = self._target
        if target is None:
            return self.opening(width, ink(""), ("looking at it" if self._run else "", "label"))
        base = foreign(target.base.rstrip("/").rsplit("/", 1)[-1], 28)
        about = ink(("merged with ", "label"), base) if target.merged else ink(("its own weights", "label"))
        lines = self.opening(width, about, *self._sentence())
        early = target.state.words() if target.state is not None and target.state.is_early else ""
        lines += [ink((f"It is {early}.", "label"))] if early else []
        # As many rows for every type, so that nothing moves with the focus.
        room = 1 + len(self.gap()) + (1 if width >= ROOMY else 2) + bool(early)
        lines += [Content("")] * (room - len(lines))
        return [*lines, Content(""), *self.gap(), *export_table.heads(width, target), *self.gap()]

    def _sentence(self) -> list[Piece]:
        """Return what there is to say of the type in focus."""
        if self._here is None:
            return [""]
        target, offer = self._here
        made = self._made()
        card = next((card for card in CARDS if offer.fit(card) != "no"), None)
        runs = f" It runs on a card of {card} GiB." if card else f" It takes more than {CARDS[-1]} GiB of a card."
        if made is not None and made.top1 is not None:
            return [
                (offer.kind, "figure"),
                " picks the same token as the trained model ",
                (units.percent(made.top1, 1), "figure"),
                " of the time, in ",
                (units.size(made.bytes), "figure"),
                f".{runs}",
            ]
        size: Piece = (units.size(offer.bytes), "figure")
        if offer.kind == target.recommended:
            return [(offer.kind, "figure"), f" is {target.why}, in about ", size, ". Making it measures it."]
        return [(offer.kind, "figure"), " takes about ", size, f".{runs} Making it measures what it loses."]

    def _wanted(self) -> tuple[str, ...]:
        """Return the types that the person chose, largest first."""
        assert self._target is not None
        return tuple(offer.kind for offer in self._target.offers if offer.kind in self._chosen)

    def _bottom(self, width: int) -> list[Content]:
        """Return the legend, the proof of the type in focus or how far an export is, and the commands."""
        if self._target is None or self._here is None:
            return []
        wide, kind, made = width >= ROOMY, self._here[1].kind, self._made()
        lines = [*self.gap(), export_page.legend(width), Content("")]
        if not wide and self.watcher is not None:
            lines += export_page.brief_progress(width, self.view)
        elif not wide:
            lines += export_page.brief_proof(width, made)
        else:
            half = width // 2 + 1
            left = (
                export_page.progress(half - 5, self.view)
                if self.watcher is not None
                else export_page.proof(half - 5, kind, made, self._target.context)
            )
            right = export_page.commands(width - half, made, self._target.context)
            rows = max(len(left), len(right), 10)
            pairs = zip(*(part + [Content("")] * (rows - len(part)) for part in (left, right)), strict=True)
            lines += [*self.gap(), *(place(width, (0, one), (half, other)) for one, other in pairs)]
        if not self.short:
            lines += [Content(""), self.command_row(exporting.command(self._target, self._types()), width)]
        return lines

    def rebuild(self) -> None:
        """Draw everything anew."""
        if self._target is not None:
            target, wanted = self._target, self._wanted()
            rows = [export_table.row(target, offer, offer.kind in wanted) for offer in target.offers]
            self.query_one(Listing).fill(rows)
        self.query_one("#top", Page).again()
        self.query_one("#bottom", Page).again()
        self.query_one(Footer).show(self._keys())

    def _keys(self) -> list[actions.Action]:
        """Return the actions for the footer: those of a run only while there is one, and then those that make sense."""
        found = [one for one in actions.of_screen(self.NAME) if one.footer]
        of_run = [one for one in found if one.id.startswith("run.") and not self.why_not(one.id)]
        return [*(one for one in found if not one.id.startswith("run.")), *of_run]

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Tell of another type."""
        self.rebuild()

    # What happens

    def _types(self) -> list[str]:
        """Return what is to be made: the chosen types, else the one in focus."""
        return list(self._wanted()) or ([self._here[1].kind] if self._here else [])

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if action.startswith("run."):
            if self.watcher is None:
                return "No export is at work here."
            return self.why_not_run(action, self.view.status, False, "")
        if not action.startswith("export.") and action != "guide.copy":
            return ""
        if self._here is None:
            return self._trouble or "What can be exported is still being looked at."
        if action == "export.start" and self.view.status in ACTIVE:
            return "An export is at work; s stops it."
        if action == "export.start" and self.asking("export"):
            return "It is about to begin."
        if action == "export.deploy" and self.asking("handed"):
            return "The Modelfile is being written."
        if action in ("export.copy", "export.try", "export.deploy") and self._made() is None:
            return f"There is no {self._here[1].kind} file yet; enter makes it."
        return ""

    def act_export_choose(self) -> None:
        """Choose the type in focus, or leave it out again."""
        self._chosen ^= {self.query_one(Listing).key}
        self.rebuild()

    def act_export_start(self) -> None:
        """Make and prove the types."""
        assert self._target is not None
        self._trouble = ""
        self.ask("export", exporting.begun, self._target.reference, self._types())
        self.rebuild()

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Choose the type that was clicked twice."""
        self.act_export_choose()

    def act_export_copy(self) -> None:
        """Copy the command for a server."""
        made = self._made()
        assert made is not None
        assert self._target is not None
        commands = dict(deploying.commands(deploying.beside(made.path, self._target.context)))
        self.app.copy_to_clipboard(commands["llama.cpp, in a browser"])
        self.say("The command for llama-server is copied, with the whole path of the file.")

    def act_export_deploy(self) -> None:
        """Write Modelfile and model card of the file in focus beside it."""
        made = self._made()
        assert made is not None
        assert self._target is not None
        self.ask("handed", deploying.hand_over, made.path, self._target.reference)

    def _handed(self, handed: deploying.Handed) -> None:
        """Say what lies beside the file now, and copy the command for Ollama."""
        found = handed.deployed
        if found.modelfile is None:
            self.say(f"The model card is beside the file. {found.why_not}")
        else:
            self.app.copy_to_clipboard(dict(deploying.commands(found))["Ollama"])
            notes = f" {' '.join(found.notes)}" if found.notes else ""
            self.say(f"Modelfile and model card are beside the file; the command for Ollama is copied.{notes}")
        self.rebuild()

    def act_export_try(self) -> None:
        """Talk with the file in focus."""
        made = self._made()
        assert made is not None
        self.app.open("chat", str(made.path))  # type: ignore[attr-defined]

    def act_guide_copy(self) -> None:
        """Copy the command line that exports the same."""
        assert self._target is not None
        self.app.copy_to_clipboard(exporting.command(self._target, self._types()))
        self.say("The command line is copied.")

    def act_run_stop(self) -> None:
        """Stop the export, after asking."""

        def take(yes: bool | None) -> None:
            if yes:
                self.ask_run("stop")

        kept = "What is half made is removed; files that have their names already stay. To go on later, pause it."
        self.app.push_screen(Confirm("Stop the export?", [kept], "stop it"), take)

    def on_run_advanced(self, message: RunAdvanced) -> None:
        """Show how far the export is, and what it has made once it has ended."""
        if self.watcher is None or message.run_id != self.watcher.run.id:
            return
        before, self.view = self.view.status, self.watcher.take()
        if self.view.status == before:
            self.query_one("#bottom", Page).again()
            return
        if self.view.status in ("done", "stopped"):
            self._watch("")
            self.ask("target", exporting.target, self._run)
        elif self.view.status not in ACTIVE:
            view = self.view
            said = watching.state(view.status, view.phase, view.detail, view.error, None, view.requested)
            self._trouble = view.error or (said.text if said is not None and view.status != "paused" else "")
        self.rebuild()

    def on_run_gone(self, message: RunGone) -> None:
        """Forget an export that was discarded."""
        self._watch("")
        self.rebuild()

    def answered(self, what: str, value: Any) -> None:
        """Take what can be made, or watch an export that has begun."""
        if what == "target":
            first = self._target is None
            self._target = value
            if value.making and self.watcher is None:
                self._watch(value.making)
            self.rebuild()
            if first:
                self.query_one(Listing).go(value.recommended)
                from workbench.tui.widgets.header import Header

                self.query_one(Header).lead(self.crumbs())
        if what == "handed":
            self._handed(value)
        if what == "export":
            self._chosen.clear()
            self._watch(value)
            self.rebuild()
