"""From files of unknown origin to canonical training rows: readers, layouts, conversion, split and mixture.

Nothing here knows models, tokenizers or runs; the engine and the probes call it with paths and get plain dicts back.
"""
