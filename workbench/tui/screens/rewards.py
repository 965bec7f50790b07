"""What answers are rewarded by: chosen from the library, and tried before a run learns from it.

Owns the page, and what is tried when. Must not know how a check judges: an engine errand answers.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from textual.app import ComposeResult
from textual.content import Content

from workbench.core import recipe
from workbench.core.checks import CHECKS, Check
from workbench.core.errors import WorkbenchError
from workbench.core.rewards import parse
from workbench.core.units import NONE
from workbench.guide import rewarding
from workbench.guide.rewarding import Wish
from workbench.tui import rewardpage
from workbench.tui.glyphs import glyph
from workbench.tui.ink import Piece, cut, foreign, ink, place, prose
from workbench.tui.station import AROUND, AROUND_NARROW, Station
from workbench.tui.widgets.listing import BLANK, GUTTER, Listing, Row, still
from workbench.tui.widgets.page import Page
from workbench.tui.widgets.prompt import Prompt

_HAS, _ADDS = "has ", "add "
"""How the keys of rows begin: of rewards by their place, of further checks by their name."""
_SAID, _TAKES = 3, 2
"""Lines that a check may take, and its parameters under them; a short page has two in all."""
_LEAST, _MOST = 5, 0.45
"""Lines that the trial takes at least, and the share of the page at most; the list has the others."""


class RewardsScreen(Station):
    """Choose rewards and try them."""

    NAME = "rewards"
    STATION = "method"
    CSS_PATH = "rewards.tcss"

    def __init__(self) -> None:
        super().__init__()
        self._body: dict[str, Any] | None = None
        """What a trial without a model found; one with the base is kept with all that is known of the road."""
        self._tried_for: Wish | None = None
        """What `_body` was found for."""
        self._trying: Wish | None = None
        self._ending = threading.Event()
        self._said = self._trouble = ""
        self._tab, self._at = 1, 0

    def page(self) -> ComposeResult:
        """Yield the rewards in force, the list of checks, the one in focus, and what a trial told."""
        yield Page(self._top, id="top")
        yield Listing(id="list")
        yield Page(self._about, id="about")
        yield Page(self._detail, id="detail")

    def opened(self) -> None:
        """Put the first reward in focus, and try them as far as that is quick."""
        super().opened()
        self.query_one(Listing).focus()

    # What is tried

    @property
    def _rewards(self) -> tuple[str, ...]:
        """The rewards in force: the person's, or the plan's."""
        if "rewards" in self.road.chosen:
            return tuple(self.road.chosen["rewards"])
        plan = self.known.plan
        return plan.chosen.resolved.recipe.rewards if plan is not None else ()

    def _wish(self) -> Wish | None:
        """Return what the road would be rewarded for, None without a plan."""
        plan = self.known.plan
        if plan is None or plan.chosen.resolved.recipe.method not in recipe.REINFORCING:
            return None
        return rewarding.of_recipe(plan.chosen.resolved.recipe, self._rewards)

    def _try(self, wish: Wish) -> None:
        """Ask for a trial; one that is under way is ended."""
        self._ending.set()
        self._ending, self._trying, self._trouble, self._said = threading.Event(), wish, "", ""
        self.ask("trial", _tried, wish, self._ending, tell=None)

    def _want(self) -> None:
        """Try what is in force without a model, unless that is known or under way."""
        wish = self._wish()
        if wish is None or self._found() is not None or not rewarding.is_quick(wish.rewards):
            return
        known = [one.quick() for one in (self._tried_for, self._trying) if one is not None]
        if wish.quick() not in known:
            self._try(wish.quick())

    def learn(self, **facts: Any) -> None:
        """Take something that was found out; the plan says what is tried."""
        super().learn(**facts)
        self._want()

    def told(self, what: str, value: Any) -> None:
        """Show how far a trial is."""
        self._said = str(value)
        self._tell()

    def answered(self, what: str, value: Any) -> None:
        """Take a trial, or what every station asks for."""
        if what != "trial":
            super().answered(what, value)
            return
        tried_for, body = value
        self._trying = None
        if tried_for.base:
            self.learn(trial=body, trial_of=tried_for)
        else:
            self._tried_for, self._body = tried_for, body
            self.rebuild()

    def refused(self, what: str, error: str) -> None:
        """Show in place why nothing could be tried."""
        if what != "trial":
            super().refused(what, error)
            return
        self._trouble, self._body, self._tried_for, self._trying = error, None, self._trying, None
        self.rebuild()

    # What is shown

    def _found(self) -> dict[str, Any] | None:
        """Return the trial of the rewards in force, None while there is none."""
        wish = self._wish()
        if wish is None:
            return None
        if wish == self.known.trial_of:
            return self.known.trial
        return self._body if self._tried_for is not None and self._tried_for.quick() == wish.quick() else None

    def _top(self, width: int) -> list[Content]:
        """Return title, what is rewarded, and the heads of the list."""
        rewards, found = self._rewards, self._found()
        right = ink((rewardpage.tried_on(found), "label"))
        lines = [place(width, (0, ink(("Rewards", "title"))), (-1, right)), *([] if self.short else [Content("")])]
        said: list[Piece]
        if rewards:
            said = ["An answer earns ", (foreign(" + ".join(rewards), 400), "figure"), "."]
        elif found is not None:
            said = [
                "None is chosen: ",
                (found["rewards"][0], "figure"),
                f" suits these rows, {foreign(found['chosen'])}.",
            ]
        else:
            said = ["None is chosen: the check that suits the rows will be taken."]
        lines += prose(width, *said)
        lines += [] if self.tight else [Content("")]
        heads = rewardpage.figures(width, rewardpage.HEADS, "label")
        return [*lines, place(width, (2, ink(("check", "label"))), *heads)]

    def _rows(self) -> list[Row]:
        """Return the rewards in force, and below them the other checks of the library."""
        found = self._found()
        cells = {row[0]: row[1:6] for row in rewarding.cells(found)} if found is not None else {}
        rewards = self._rewards
        shown = rewards or (tuple(found["rewards"]) if found is not None else ())
        rows = [self._reward(place_, text, cells.get(text), bool(rewards)) for place_, text in enumerate(shown)]
        if len(shown) > 1 and "together" in cells:
            rows += [rewardpage.together(cells["together"])]
        gap = [] if self.short or not rows else [BLANK]
        return [*rows, *gap, *(rewardpage.offered(_ADDS, check, found) for check in rewarding.others(shown))]

    def _reward(self, at: int, text: str, cells: tuple[str, ...] | None, chosen: bool) -> Row:
        """Return a reward with its figures."""

        def draw(width: int, focused: bool) -> Content:
            role = "title" if focused else "value"
            name = ink((cut(foreign(text), rewardpage.name_room(width)), role))
            told = cells or (NONE,) * len(rewardpage.HEADS)
            mark = ink((glyph("square" if chosen else "small-square"), "accent", "rewards.choose"))
            return place(width, (0, mark), (2, name), *rewardpage.figures(width, told, role))

        return Row(f"{_HAS}{at}", draw)

    def _focused(self) -> tuple[Check | None, int]:
        """Return (the check in focus, the place of its reward; -1 where it is none)."""
        key = self.query_one(Listing).key
        if key.startswith(_ADDS):
            return CHECKS[key.removeprefix(_ADDS)], -1
        found = self._found()
        shown = self._rewards or (tuple(found["rewards"]) if found is not None else ())
        if key.startswith(_HAS) and int(key.removeprefix(_HAS)) < len(shown):
            at = int(key.removeprefix(_HAS))
            return parse(shown[at]).check, at
        return None, -1

    def _about(self, width: int) -> list[Content]:
        """Return what the check in focus rewards, and when to take it."""
        check, _ = self._focused()
        most = _TAKES if self.short else _SAID + _TAKES
        if check is None or self.tight:
            return []
        said = prose(width, check.help, (f" {check.why}", "label"))
        said = said if len(said) <= (most if self.short else _SAID) else prose(width, check.help)
        if not self.short and check.parameters:
            takes = "; ".join(rewarding.takes(parameter) for parameter in check.parameters)
            said = [*said[:_SAID], *prose(width, (f"{takes}.", "label"))]
        said = said[:most]
        blank = [] if self.short else [Content("")]
        return [*blank, *said, *[Content("")] * (most - len(said)), *blank]

    def _detail(self, width: int) -> list[Content]:
        """Return the tabs and what the open one tells."""
        found = self._found()
        head = [rewardpage.tabs(self._tab, rewardpage.which(found, self._tab, self._at), width)]
        head += [] if self.short else [Content("")]
        if self.asking("trial"):
            head += prose(width, (self._said or "trying them", "value"))
            if self._trying is not None and not self._trying.base:
                return head
        elif self._trouble:
            return [*head, *prose(width, (f"{glyph('failed')} ", "bad"), foreign(self._trouble))]
        if found is None:
            return [*head, *self._nothing(width)]
        if self._tab == 3:
            return head + rewardpage.answers(found, self._at, width, self._most_lines - len(head))
        return head + (rewardpage.trivial if self._tab == 2 else rewardpage.findings)(found, width)

    @property
    def _most_lines(self) -> int:
        """Lines that the trial may take."""
        around = AROUND_NARROW if self.narrow else AROUND
        return max(_LEAST, int(_MOST * (self.app.size.height - around)))

    def _tell(self) -> None:
        """Show what the open tab tells, in as many rows as it needs."""
        page = self.query_one("#detail", Page)
        needed = len(self._detail(max(40, self.query_one(Listing).size.width - GUTTER)))
        page.styles.height = max(_LEAST, min(needed, self._most_lines))
        page.again()

    def _nothing(self, width: int) -> list[Content]:
        """Return why there are no figures."""
        if self.asking("trial"):
            return []
        if self._wish() is None:
            return prose(width, (self.known.trouble or "The plan is still being worked out.", "label"))
        return prose(width, ("t", "key", "rewards.try"), (" tries them; a model is loaded for it.", "label"))

    def rebuild(self) -> None:
        """Draw everything anew."""
        super().rebuild()
        rows = self._rows()
        self.query_one("#top", Page).again()
        self.query_one(Listing).fill(rows or still(ink(("looking at the rows", "label"))))
        self.query_one("#about", Page).again()
        self._tell()

    # What happens

    def on_listing_moved(self, message: Listing.Moved) -> None:
        """Tell of the check that came into focus."""
        self.query_one("#about", Page).again()
        self.foot()

    def on_listing_chosen(self, message: Listing.Chosen) -> None:
        """Choose what was clicked twice, or leave it out."""
        self.call_later(self.run_action, "act('rewards.choose')")

    def why_not(self, action: str) -> str:
        """Return why an action cannot be done now."""
        if action in ("rewards.choose", "rewards.edit") and self._focused()[0] is None:
            return "No check is in focus."
        if action == "rewards.try":
            if self._wish() is None:
                return self.known.trouble or "The plan is still being worked out."
            if self.asking("trial") and self._trying is not None and self._trying.base:
                return "The base is answering already."
        if action in ("rewards.before", "rewards.after"):
            found = self._found()
            if self._tab != 3 or found is None or not found["groups"]:
                return "Answers to other prompts are shown so, once the base has given some."
        return ""

    def _take(self, rewards: tuple[str, ...], key: str = "") -> None:
        """Set the rewards of the road, and try them."""
        try:
            self.settle(self.road.with_value("rewards", rewards) if rewards else self.road.without("rewards"))
        except WorkbenchError as error:
            self.say(str(error), "error")
            return
        if key:
            self.query_one(Listing).go(key)
        self._want()

    def act_rewards_choose(self) -> None:
        """Reward answers by the check in focus, or no more."""
        check, at = self._focused()
        assert check is not None
        rewards = self._rewards
        if at >= 0 and rewards:
            self._take((*rewards[:at], *rewards[at + 1 :]), f"{_ADDS}{check.name}")
        elif rewarding.needs_words(check):
            self._write(check, len(rewards), rewarding.form(check).replace("…", ""))
        else:
            self._take((*rewards, check.name), f"{_HAS}{len(rewards)}")

    def act_rewards_edit(self) -> None:
        """Ask for parameters and weight."""
        check, at = self._focused()
        assert check is not None
        rewards = self._rewards
        if at >= 0 and rewards:
            self._write(check, at, rewards[at])
        else:
            self._write(check, len(rewards), rewarding.form(check).replace("…", ""))

    def _write(self, check: Check, at: int, text: str) -> None:
        """Ask how a reward is to be written."""
        rewards = self._rewards
        takes = "; ".join(rewarding.takes(parameter) for parameter in check.parameters)
        note = f"{check.help} Its weight follows, as in {check.name}*0.5. {takes}"

        def taken(value: str | None) -> None:
            if value is not None:
                self._take(rewarding.replaced(rewards, at, value), f"{_HAS}{at}")

        prompt = Prompt(check.label, note, text, lambda value: rewarding.replaced(rewards, at, value))
        self.app.push_screen(prompt, taken)

    def act_rewards_try(self) -> None:
        """Let the base answer a few prompts."""
        wish = self._wish()
        assert wish is not None
        self._try(wish)
        self.rebuild()

    def act_rewards_reset(self) -> None:
        """Give the rewards back to the plan."""
        self._take(())

    def _open(self, tab: int) -> None:
        """Show another part of the trial."""
        self._tab = tab
        self._tell()
        self.foot()

    def act_rewards_tab1(self) -> None:
        """Show what the figures mean."""
        self._open(1)

    def act_rewards_tab2(self) -> None:
        """Show trivial answers."""
        self._open(2)

    def act_rewards_tab3(self) -> None:
        """Show the base's answers."""
        self._open(3)

    def _turn(self, step: int) -> None:
        """Show the answers to another prompt."""
        found = self._found()
        assert found is not None
        self._at = (self._at + step) % len(found["groups"])
        self._tell()

    def act_rewards_before(self) -> None:
        """Show the prompt before."""
        self._turn(-1)

    def act_rewards_after(self) -> None:
        """Show the next prompt."""
        self._turn(1)

    def act_guide_copy(self) -> None:
        """Copy the command line that tries the same."""
        wish = self._wish()
        if wish is None:
            self.say("The plan is still being worked out.")
            return
        self.app.copy_to_clipboard(rewarding.command(wish))
        self.say("The command line that tries these rewards is copied.")

    def act_screen_back(self) -> None:
        """Go back to the station."""
        self.app.call_later(self.app.back)  # type: ignore[attr-defined]

    act_rewards_close = act_screen_back

    def on_unmount(self) -> None:
        """End a trial that is under way."""
        self._ending.set()


def _tried(wish: Wish, stop: threading.Event, tell: Any) -> tuple[Wish, Mapping[str, Any]]:
    """Return (what was tried, what came of it)."""
    return wish, rewarding.tried(wish, tell, stop=stop)
