"""What an operator named: a place by its code or name, a language by its code."""

from __future__ import annotations

import typer

from bot import catalogues
from bot.commands import err, refuse
from flows import khmer
from flows.library import Library, full_name
from flows.text import Catalogue, spoken

NATION = frozenset({"0", "nation", "ជាតិ"})
EVERY_LEVEL = (0, 2, 4, 6, 8)  # digits of a place's code
MOST_SHOWN = 80  # letters of what was typed


def languages() -> tuple[Catalogue, Catalogue]:
    """Khmer, for the names of places; English, for the rest."""
    chains = catalogues.load()
    return chains["km", catalogues.MESSAGES], chains["en", catalogues.MESSAGES]


def catalogue(language: str) -> Catalogue:
    """The words of a language, which must be one that is spoken."""
    chains = catalogues.load()
    if (language, catalogues.MESSAGES) not in chains:
        there = ", ".join(code for code, _name in catalogues.languages())
        refuse(f"There is no language {language}. Write one of: {there}.")
    return chains[language, catalogues.MESSAGES]


def place_code(said: str, places: Library, levels: tuple[int, ...] = EVERY_LEVEL) -> str:
    """The code of a place that was written as a code or a name; "" is the nation. Of places that share the name, the
    one with so many digits (`levels`) is meant. Ends the command where none or several are called so."""
    wanted = khmer.ascii_digits(said).strip()
    if wanted.lower() in NATION:
        return ""
    found = [(code, one.score) for one in places.finder.find(said).candidates for code in one.codes]
    named = [code for code, score in found if score == 1]
    fitting = [code for code in named if len(code) in levels]
    for meant in (fitting, named):
        if len(meant) == 1:
            return meant[0]
    if not found:
        refuse(
            f"Nothing is called {said[:MOST_SHOWN]}. Write an NCDD code, as in 080303; samleng find NAME shows it."
        )
    err.print(
        f"Which place is {said[:MOST_SHOWN]}? Write the code of the one you mean:", style="red", markup=False
    )
    for code, _score in found:
        err.print(
            f"  {code:8}  {spoken(full_name(code, places), catalogue('km'))}", markup=False, soft_wrap=True
        )
    raise typer.Exit(1)
