"""Judging a model: exams with checkable answers."""
