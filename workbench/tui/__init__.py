"""The terminal interface: screens over runs and the guide; it computes nothing and imports no engine."""
