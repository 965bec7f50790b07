"""The engine: the only package that imports torch and its relatives; it runs in processes of its own.

Owns heavy work on behalf of one run directory. Must not know the screen: it speaks through the journal.
"""
