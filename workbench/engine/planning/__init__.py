"""What a run will need, found out by running its step on tensors without contents.

Owns the slow estimate of memory. Must not know how it is shown or what is proposed because of it.
"""
