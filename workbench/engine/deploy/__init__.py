"""Handing a GGUF file over to other programs: what they have to be told about how it talks."""
