"""Starts processes, wires them, and owns the channels."""
