"""Pictures of every screen as the repository keeps them; `python -m tests.tui.pictures` makes them anew."""
