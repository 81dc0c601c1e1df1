"""Conversations as earlier releases stored them: each must still go on.

`python -m tests.inflight 0.2.0` writes down those of the release at hand; a
file that was written is never changed.
"""
