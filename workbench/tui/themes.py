"""The themes: every colour there is, by its role.

Owns the hex values; nothing else may name one. Must not know widgets. The two `ansi-` themes take the palette of the
person's terminal, whatever that is.
"""

from __future__ import annotations

from textual.theme import Theme

_ROLES = (
    "background", "surface", "panel", "focus", "bright", "foreground", "muted", "faint", "rule", "accent", "tint1",
    "tint2", "raw", "success", "warning", "error",
)  # fmt: skip

_GRAPHITE = (
    "#131312", "#1A1A19", "#232322", "#20242F", "#F6F4EF", "#DDDAD4", "#918D86", "#5A5751", "#2D2C2A", "#8EAEFF",
    "#222B42", "#2B3654", "#4A5C8C", "#8FC79A", "#E3B567", "#EC8378",
)  # fmt: skip
_PAPER = (
    "#FBFAF7", "#F4F2ED", "#EAE7E0", "#E8EDFB", "#12110F", "#33302C", "#69645C", "#A59E92", "#E2DED5", "#2F55C8",
    "#DFE7FB", "#D0DBF8", "#8AA2E6", "#2F7540", "#8C5B00", "#B1362C",
)  # fmt: skip
_TERMINAL = (
    "ansi_default", "ansi_default", "ansi_default", "ansi_default", "ansi_default", "ansi_default",
    "ansi_bright_black", "ansi_bright_black", "ansi_bright_black", "ansi_blue", "ansi_default", "ansi_default",
    "ansi_blue", "ansi_green", "ansi_yellow", "ansi_red",
)  # fmt: skip

DEFAULT = "graphite"


def _theme(name: str, colours: tuple[str, ...], dark: bool, ansi: bool = False) -> Theme:
    """Return a theme with a colour for every role."""
    role = dict(zip(_ROLES, colours, strict=True))
    own = {key: value for key, value in role.items() if key not in Theme.__dataclass_fields__}
    given = {key: value for key, value in role.items() if key in Theme.__dataclass_fields__}
    scroll = {"scrollbar": role["rule"], "scrollbar-hover": role["faint"], "scrollbar-active": role["faint"]}
    return Theme(
        name=name,
        primary=role["accent"],
        secondary=role["accent"],
        dark=dark,
        ansi=ansi,
        boost=role["surface"],
        **given,  # type: ignore[arg-type]
        variables={
            **own,
            **scroll,
            # Textual's own styles ask for it as soon as a theme takes the palette of the terminal.
            "ansi-background": role["background"],
            "scrollbar-background": role["background"],
            "scrollbar-background-hover": role["background"],
            "scrollbar-background-active": role["background"],
            "scrollbar-corner-color": role["background"],
            "footer-background": role["background"],
            "input-cursor-background": role["accent"],
            "input-cursor-foreground": "ansi_black" if ansi else role["background"],
            "input-selection-background": role["accent"] if ansi else role["tint2"],
            "block-cursor-background": role["accent"] if ansi else role["focus"],
            "block-cursor-foreground": "ansi_black" if ansi else role["bright"],
            "block-cursor-text-style": "bold",
            "link-color": role["foreground"],
            "link-style": "none",
            "link-color-hover": role["foreground"],
            "link-style-hover": "none",
            "link-background-hover": role["background"],
        },
    )


THEMES: tuple[Theme, ...] = (
    _theme("graphite", _GRAPHITE, dark=True),
    _theme("paper", _PAPER, dark=False),
    _theme("ansi-dark", _TERMINAL, dark=True, ansi=True),
    _theme("ansi-light", _TERMINAL, dark=False, ansi=True),
)
"""In the order in which they are offered."""
