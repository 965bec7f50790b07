"""One file per screen, imported when it is opened, with its stylesheet beside it."""
