"""Every action, in one table: bindings, footers, help, palette, key map and documentation come from it.

Owns ids, keys, labels and the sentence for each. Must not know how an action is done: the screen that names it has a
method for it, `act_` and the id with underscores.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType

EVERYWHERE = "*"


@dataclass(frozen=True)
class Action:
    """One thing a person can do."""

    id: str
    """`noun.verb`, unique."""
    key: str
    """Keys as Textual names them, commas between alternatives."""
    label: str
    """What the footer says, at most twelve columns."""
    help: str
    """One sentence."""
    screens: tuple[str, ...]
    """Names of the screens that have it; `EVERYWHERE` for all."""
    footer: bool = True
    """Whether the footer shows it where there is room."""
    beside: str = ""
    """The id of the action that goes the other way: the footer shows both keys with this one's label."""

    @property
    def method(self) -> str:
        """The name of the method that does it."""
        return "act_" + self.id.replace(".", "_")


_SIGNS = {
    "question_mark": "?", "slash": "/", "escape": "esc", "delete": "del", "left_square_bracket": "[",
    "right_square_bracket": "]", "left": "←", "right": "→", "up": "↑", "down": "↓", "colon": ":", "comma": ",",
    "full_stop": ".", "minus": "-", "plus": "+", "pageup": "pgup", "pagedown": "pgdn",
}  # fmt: skip


def shown(key: str) -> str:
    """Return the first of an action's keys as a person knows it."""
    first = key.split(",", maxsplit=1)[0]
    *modifiers, last = first.split("+")
    return "+".join([*modifiers, _SIGNS.get(last, last)])


STATIONS = ("base", "data", "method", "fit", "review", "use")
_ROAD = (*STATIONS, "run")


def _a(id: str, key: str, label: str, help: str, *screens: str, footer: bool = True, beside: str = "") -> Action:
    """Return an action; the table reads best with a row each."""
    return Action(id, key, label, help, screens, footer, beside)


ACTIONS: tuple[Action, ...] = (
    # The road
    _a("base.choose", "enter", "choose", "Take the model in focus as the base, and go on to the data.", "base"),
    _a("base.search", "slash", "search", "Narrow the list by name, licence or size; with enter or from two words on, ask the hub.", "base"),
    _a("base.path", "p", "path or hub id", "Name a folder, a run or a model of the hub.", "base"),
    _a("base.fits", "f", "only fits", "Show only what fits this machine, or everything again.", "base"),
    _a("base.about", "i", "about", "Everything that is known of the model in focus.", "base"),
    _a("data.next", "enter", "next", "Accept the data as it was read, and go on to the method.", "data"),
    _a("data.path", "p", "path", "Name a file, a folder, an archive or a dataset of the hub.", "data"),
    _a("data.microscope", "m", "microscope", "Show every token of a row: what is learnt and what is only read.", "data"),
    _a("data.fix", "x", "fix", "Mend the problem in focus with the setting that is proposed for it.", "data"),
    _a("data.rows", "r", "rows", "Look through the rows, and at those that were set aside.", "data"),
    _a("data.change", "c", "change", "Say by hand what the line in focus should be: the format, or the column of a role.", "data", footer=False),
    _a("data.bundled", "u", "bundled", "Take the questions that come with the workbench.", "data", footer=False),
    _a("microscope.before", "left", "token before", "Go to the token before.", "microscope", footer=False),
    _a("microscope.after", "right", "token", "Go to the next token.", "microscope", beside="microscope.before"),
    _a("microscope.row_before", "left_square_bracket", "row before", "Go to the row before.", "microscope", footer=False),
    _a("microscope.row_after", "right_square_bracket", "row", "Go to the next row.", "microscope", beside="microscope.row_before"),
    _a("microscope.template", "t", "template", "Show all the chat template writes, or only the words of the row.", "microscope"),
    _a("microscope.answer", "v", "other answer", "Show the rejected answer of a pair, or the chosen one again.", "microscope", footer=False),
    _a("microscope.fix", "x", "fix", "Mend the first problem with the setting that is proposed for it.", "microscope"),
    _a("microscope.close", "m", "close", "Close the microscope.", "microscope"),
    _a("rows.usable", "1", "usable", "Look through the rows that can be used.", "rows"),
    _a("rows.aside", "2", "set aside", "Look through the rows that were set aside, and why.", "rows"),
    _a("rows.microscope", "m", "microscope", "Show every token of the row in focus.", "rows"),
    _a("method.next", "enter", "next", "Take the method in focus, and go on to what fits.", "method"),
    _a("method.less", "left,minus", "less", "Take less of the value in focus, or the choice before.", "method", footer=False),
    _a("method.more", "right,plus", "more", "Take more of the value in focus, or the next choice.", "method", footer=False),
    _a("method.reset", "backspace", "reset", "Give the method and its values back to the plan.", "method", footer=False),
    _a("method.rewards", "r", "rewards", "Choose what answers are rewarded by, and try it before a run.", "method", "fit", footer=False),
    _a("rewards.choose", "space", "choose", "Reward answers by the check in focus, or no more.", "rewards"),
    _a("rewards.edit", "e", "edit", "Change the parameters and the weight of the check in focus.", "rewards"),
    _a("rewards.try", "t", "try", "Let the base answer a few prompts, and see what its answers earn.", "rewards"),
    _a("rewards.close", "enter", "take them", "Go back to the station with these rewards.", "rewards"),
    _a("rewards.tab1", "1", "findings", "What the figures mean, in words.", "rewards", footer=False),
    _a("rewards.tab2", "2", "trivial", "What answers earn that nobody had to think about.", "rewards", footer=False),
    _a("rewards.tab3", "3", "answers", "What the base answered, and what each answer earned.", "rewards", footer=False),
    _a("rewards.before", "left", "prompt before", "Show the answers to the prompt before.", "rewards", footer=False),
    _a("rewards.after", "right", "prompt", "Show the answers to the next prompt.", "rewards", footer=False),
    _a("rewards.reset", "backspace", "reset", "Give the rewards back to the plan.", "rewards", footer=False),
    _a("fit.next", "enter", "next", "Accept the values, and go on to the whole recipe.", "fit"),
    _a("review.start", "enter", "start", "Start the run.", "review"),
    _a("use.open", "enter", "open", "Do the thing in focus with the finished model.", "use"),
    _a("guide.back", "b", "back", "Go back to the station before.", "data", "method", "fit", "review", "use"),
    _a("fit.edit", "e", "edit", "Type a value for the field in focus.", "fit", "review"),
    _a("fit.less", "left,minus", "less", "Take the value before.", "fit", footer=False),
    _a("fit.more", "right,plus", "more", "Take the next value.", "fit", footer=False),
    _a("fit.reset", "backspace", "reset", "Give the field in focus back to the plan.", "fit", "review", footer=False),
    _a("guide.why", "w", "why", "Explain the idea behind this station.", *STATIONS, "rewards"),
    _a("fit.dry", "d", "dry run", "Take a few real steps on the longest rows and measure them.", "fit", "review"),
    _a("fit.save", "s", "save recipe", "Write the recipe to a file that `workbench train` takes.", "fit", "review"),
    _a("fit.all", "a", "all values", "Show every value of the recipe, or only those that are not the usual ones.", "fit", "review", footer=False),
    _a("guide.copy", "y", "copy", "Copy the command line that does the same.", *_ROAD, "export", "prefer", "compare", "rewards", footer=False),
    # A run
    _a("run.pause", "p", "pause", "Write a checkpoint and free the memory, so that it goes on later.", "run", "runs", "export"),
    _a("run.resume", "r", "resume", "Go on from the newest checkpoint.", "run", "runs", "export"),
    _a("run.stop", "s", "stop", "End early and keep what was learnt as a result.", "run", "export"),
    _a("run.kill", "k", "kill", "Stop it, and end by force what has not ended after ten seconds.", "run", footer=False),
    _a("run.chat", "c", "chat", "Talk with the result, beside its base.", "run", "runs"),
    _a("run.log", "l", "log scale", "Draw the losses on a logarithmic scale, or a plain one again.", "run", "compare"),
    _a("run.curves", "v", "charts", "Go from two charts to four, to the next four, and back; on a small page from one to the next.", "run"),
    _a("run.compare", "x", "compare", "Lay its curves over those of other runs.", "run", "runs"),
    _a("run.leave", "escape,b", "runs", "Leave it for the runs; it goes on by itself.", "run"),
    _a("run.mend", "m", "mend", "Begin anew with what mends the finding in focus.", "run", footer=False),
    _a("guide.explain", "w", "why", "Explain what the page shows.", "run", footer=False),
    _a("run.next", "enter", "use it", "Go on to what can be done with the result.", "run", footer=False),
    _a("run.tab1", "1", "samples", "What it answers to fixed prompts while it learns, and the answers it learns from.", "run", footer=False),
    _a("run.tab2", "2", "health", "What the figures mean, in words.", "run", footer=False),
    _a("run.tab3", "3", "console", "The raw output of its processes.", "run", footer=False),
    _a("run.tab4", "4", "recipe", "Every value and where it comes from.", "run", footer=False),
    _a("run.tab5", "5", "checkpoints", "The states it can go on from.", "run", footer=False),
    _a("run.previous", "left", "previous", "The prompt before.", "run", footer=False),
    _a("run.following", "right", "next", "The next prompt.", "run", footer=False),
    # Runs
    _a("runs.open", "enter", "open", "Open the run in focus.", "runs"),
    _a("runs.new", "n", "new", "Start at the first station of the road.", "runs"),
    _a("runs.duplicate", "u", "duplicate", "Begin anew with the recipe of the run in focus.", "runs"),
    _a("runs.discard", "delete", "discard", "Delete the run in focus and everything in it.", "runs"),
    _a("runs.filter", "slash", "filter", "Show only runs with these words.", "runs", footer=False),
    _a("runs.demo", "d", "demo", "Leave the screen for `workbench demo`: the whole road on the bundled model, in about four minutes.", "runs", footer=False),
    _a("runs.inspect", "i", "inspect", "See what is in a data file, and change nothing.", "runs", footer=False),
    _a("runs.recipe", "o", "open a recipe", "Read a recipe's file and go through it.", "runs", footer=False),
    _a("runs.export", "e", "export", "Make GGUF files of the run in focus.", "run", "runs", footer=False),
    # Chat
    _a("chat.send", "enter", "send", "Ask what is written; with nothing written, ask again what failed.", "chat"),
    _a("chat.stop", "escape", "stop/leave", "Stop the answers; then empty the row; then leave, with the conversation kept in a file.", "chat"),
    _a("chat.vote1", "left,1", "prefer left", "Prefer the left answer, saved as a preference row; once more takes it back. In the row a digit is text.", "chat"),
    _a("chat.vote2", "right,2", "prefer right", "Prefer the right answer, saved as a preference row; once more takes it back. In the row a digit is text.", "chat"),
    _a("chat.blind", "ctrl+b", "blind", "Hide which is which, and mix the sides.", "chat"),
    _a("chat.sampling", "ctrl+s", "sampling", "Temperature, top p, seed, system prompt.", "chat"),
    _a("chat.models", "ctrl+o", "models", "Choose who answers on each side.", "chat"),
    _a("chat.adapters", "ctrl+l", "adapters", "Switch adapters on and off beside a GGUF file, with nothing loaded again.", "chat", footer=False),
    _a("chat.anew", "ctrl+n", "anew", "Begin a new conversation; this one is kept in a file.", "chat", footer=False),
    _a("chat.keep", "ctrl+t", "keep", "Write the conversation to a file, as Markdown and as JSON.", "chat", footer=False),
    _a("chat.swap", "tab", "other pane", "Show the other side, where there is room for one only.", "chat", footer=False),
    _a("chat.turn", "shift+tab", "conversation", "Go to the conversation, where digits vote, too, or back to the row.", "chat", footer=False),
    _a("chat.again", "up", "last question", "Write the last question once more, to change it.", "chat", footer=False),
    _a("chat.up", "pageup", "up", "Scroll the conversation up.", "chat", footer=False),
    _a("chat.down", "pagedown", "down", "Scroll the conversation down.", "chat", footer=False),
    # Export
    _a("export.start", "enter", "export", "Make and prove the types that are chosen.", "export"),
    _a("export.choose", "space", "choose", "Choose the type in focus, or leave it out again.", "export"),
    _a("export.copy", "c", "copy", "Copy the command that runs the file.", "export", footer=False),
    _a("export.deploy", "o", "Ollama", "Write a Modelfile for Ollama and a model card beside the file.", "export"),
    _a("export.try", "t", "try in chat", "Talk with the file in focus.", "export"),
    # Preferences
    _a("prefer.start", "s", "make pairs", "Let the models answer and judge, or go on with what was begun.", "prefer"),
    _a("prefer.change", "enter", "change", "Write another value of the row in focus.", "prefer"),
    _a("prefer.learn", "t", "learn from it", "Begin the road anew with the run as base and the pairs as data.", "prefer"),
    # Compare, models, settings
    _a("compare.choose", "space,enter", "choose", "Lay the run in focus over the others, or take it away.", "compare"),
    _a("compare.tokens", "t", "by tokens", "Draw the losses over the tokens seen, or over the steps again.", "compare"),
    _a("compare.tab1", "1", "figures", "Losses, time, speed and memory side by side.", "compare"),
    _a("compare.tab2", "2", "recipes", "The values in which the recipes differ, and where each comes from.", "compare"),
    _a("compare.tab3", "3", "answers", "What each run answers to the same prompts.", "compare"),
    _a("compare.pane", "tab,shift+tab", "other list", "Go to the other list of the page, and back.", "compare", footer=False),
    _a("models.open", "enter", "use", "Begin the road with the model in focus.", "models"),
    _a("models.search", "slash", "search", "Narrow the list, or ask the hub.", "models"),
    _a("models.download", "d", "download", "Bring the model in focus to this machine.", "models", "base"),
    _a("models.fits", "f", "only fits", "Show only what fits this machine, or everything again.", "models"),
    _a("models.path", "p", "path or hub id", "Name a folder, a run or a model of the hub.", "models"),
    _a("models.about", "i", "about", "Everything that is known of the model in focus.", "models"),
    _a("models.cancel", "x", "stop", "Stop the download that is under way; what has come is kept.", "models", "base", footer=False),
    _a("settings.change", "enter", "change", "Take the next value of the setting in focus.", "settings"),
    _a("settings.less", "left", "before", "Take the value before of the setting in focus.", "settings", footer=False),
    _a("settings.more", "right", "next", "Take the next value of the setting in focus.", "settings", footer=False),
    _a("settings.keys", "e", "write keys", "Write a file with every key, to be changed there.", "settings"),
    # Everywhere
    _a("screen.back", "escape", "back", "Leave this page.", "runs", "export", "prefer", "compare", "models", "settings", "microscope", "rows", "rewards", *STATIONS, footer=False),
    _a("go.guide", "f2", "guide", "Go to the road: from a base to a chat.", EVERYWHERE, footer=False),
    _a("go.runs", "f3", "runs", "Go to the runs.", EVERYWHERE, footer=False),
    _a("go.models", "f4", "models", "Go to the models.", EVERYWHERE, footer=False),
    _a("go.chat", "f5", "chat", "Talk with the run in focus, go back to the conversation, or begin one.", EVERYWHERE, footer=False),
    _a("go.compare", "f6", "compare", "Compare runs.", EVERYWHERE, footer=False),
    _a("go.settings", "f9", "settings", "Themes, signs, keys.", EVERYWHERE, footer=False),
    _a("app.palette", "ctrl+p,colon", "palette", "Find any action by its name.", EVERYWHERE, footer=False),
    _a("app.help", "question_mark,f1", "help", "What can be done here.", EVERYWHERE, footer=False),
    _a("app.suspend", "ctrl+z", "shell", "Leave the screen for the shell; `fg` there comes back.", EVERYWHERE, footer=False),
    _a("app.quit", "ctrl+q", "quit", "Leave; runs go on by themselves.", EVERYWHERE, footer=False),
)  # fmt: skip

BY_ID = {action.id: action for action in ACTIONS}


def of_screen(name: str) -> tuple[Action, ...]:
    """Return the actions of a screen, its own before those that are everywhere."""
    own = tuple(action for action in ACTIONS if name in action.screens)
    return own + tuple(action for action in ACTIONS if EVERYWHERE in action.screens)


def bindings(name: str) -> list[BindingType]:
    """Return the bindings of a screen, each with the action's id, by which a key map names it."""
    return [
        Binding(action.key, f"act('{action.id}')", action.label, tooltip=action.help, id=action.id, show=False)
        for action in of_screen(name)
    ]


def documentation() -> str:
    """Return the keys as a table in Markdown: a row for each screen, those that are everywhere last."""
    rows = ["| where | keys |", "|---|---|"]
    names = dict.fromkeys(screen for action in ACTIONS for screen in action.screens if screen != EVERYWHERE)
    for name in (*names, EVERYWHERE):
        own = [action for action in ACTIONS if name in action.screens]
        said = ", ".join(f"`{shown(action.key).replace('|', chr(92) + '|')}` {action.label}" for action in own)
        rows.append(f"| {'everywhere' if name == EVERYWHERE else name.capitalize()} | {said} |")
    return "\n".join(rows) + "\n"
