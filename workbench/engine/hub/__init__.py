"""Base models of the hub: searching there, and bringing one into the cache that every program of the hub shares.

Owns everything that asks the network about a model. It runs as an errand in a process of its own and must not import
torch or its relatives.
"""
