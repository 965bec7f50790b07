"""Smaller models: students that learn from a larger teacher."""
