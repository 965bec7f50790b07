"""What the page of a run and the list of runs have in common: asking one run to do something, and going on with it.

Owns these actions. Must not know which run that is, or how it looks.
"""

from __future__ import annotations

from typing import Any

from workbench.core.recipe import PUBLISHING
from workbench.guide import watching
from workbench.runs import control
from workbench.runs.store import Run
from workbench.tui.desk import Desk

_OF_EXPORT = {
    "next": "It is the end of the ladder; what can be done with the model is asked of the run it is made from.",
    "compare": "It has learnt nothing that could be compared; what it loses is measured when it is made.",
    "duplicate": "It has learnt nothing; what hands a model over is begun anew from the run it is made from.",
}
"""What makes no sense of a run that trains nothing → why."""
VERBS = ("pause", "stop", "kill", "resume", "discard")


class RunDesk(Desk):
    """A screen on which one run is meant at a time."""

    def meant(self) -> Run | None:
        """Return the run that is meant, None for none."""
        raise NotImplementedError

    def meant_meta(self) -> dict[str, Any]:
        """Return what is written down of the run that is meant."""
        raise NotImplementedError

    def why_not_run(self, action: str, status: str, result: bool, method: str) -> str:
        """Return why the run that is meant cannot be asked for something, "" when it can."""
        verb, run = action.rpartition(".")[2], self.meant()
        if method in PUBLISHING and verb in _OF_EXPORT:
            return _OF_EXPORT[verb]
        if method in PUBLISHING and verb == "export":
            return ""
        if verb in VERBS and run is not None:
            return "It has been asked already." if self.asking(verb) else watching.why_not(verb, status, run.id)
        if verb in ("chat", "next", "export"):
            return watching.chat_why_not(status, result, "" if verb == "next" else method)
        return ""

    def ask_run(self, verb: str) -> None:
        """Ask the run to do something."""
        if (run := self.meant()) is not None:
            self.ask(verb, getattr(control, verb), run)
            self.foot()

    def _open(self, *given: Any) -> None:
        """Put a screen over this one."""
        self.app.open(*given)  # type: ignore[attr-defined]

    def act_run_pause(self) -> None:
        """Free the card; it goes on later."""
        self.ask_run("pause")

    def act_run_resume(self) -> None:
        """Go on from the newest checkpoint."""
        self.ask_run("resume")

    def act_run_chat(self) -> None:
        """Talk with the result, beside its base."""
        if (run := self.meant()) is not None:
            self._open("chat", str(self.meant_meta().get("base", "")), run.id)

    def act_go_chat(self) -> None:
        """Talk with the run that is meant; where it has no result, say so and talk with another model."""
        if not (why := self.why_not("run.chat")):
            self.act_run_chat()
            return
        if self.meant() is not None:
            self.say(why)
        self.app.act_go_chat()  # type: ignore[attr-defined]

    def act_run_compare(self) -> None:
        """Compare it with others."""
        if (run := self.meant()) is not None:
            self._open("compare", run.id)

    def act_runs_export(self) -> None:
        """Make GGUF files of it, or see those that an export has made."""
        if (run := self.meant()) is not None:
            self._open("export", run.id)
