"""Preference data: prompts, two answers or more to each, a judgement, and rows of a better and a worse answer."""
