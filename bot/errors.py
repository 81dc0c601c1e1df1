"""What may be said of an error in a log: where it came from, never the values that were there."""

from __future__ import annotations


def where(error: Exception) -> str:
    """The place in our code that raised, without the values that were there."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"
