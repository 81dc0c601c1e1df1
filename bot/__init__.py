"""Starts processes, wires them, and owns the channels."""

import gc

# What is imported now stays; looking through it again and again is a tenth of the time that starting takes.
gc.set_threshold(100_000, 20, 50)
