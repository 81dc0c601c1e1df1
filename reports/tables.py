"""A scorecard as a workbook, as comma-separated values and as JSON: the same figures, for whoever reckons further."""

from __future__ import annotations

import csv as separated
import io
import json as notation
import re
from collections.abc import Iterator, Sequence
from typing import Any

from flows import scoretext
from flows.counts import ALL, NOBODY, Counts
from flows.library import Library, facility_name, full_name, place_name, service_name
from flows.text import Catalogue, Phrase, Words, _, spoken
from reports.scorecard import Line, Row, Scorecard, Spread, Standing
from reports.summary import last_day

#: A spreadsheet takes text that begins so for a formula.
_FORMULA = re.compile(r"\s*[=+\-@\t\r＝＋－＠]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")

Cell = str | int | float | None


def defused(text: str) -> str:
    """Text that no spreadsheet takes for a formula: with an apostrophe before it, as one types it by hand."""
    plain = _CONTROL.sub("", text)
    return f"'{plain}" if _FORMULA.match(plain) else plain


# -- Figures ----------------------------------------------------------------------------------------------


def measures(counts: Counts) -> dict[str, Any]:
    """What is known of counts, unrounded but for what the eye can't see; nothing of nobody."""
    if not counts:
        return {"n": 0, "counts": None, "median": None, "mean": None, "satisfied": None}
    return {
        "n": counts.n,
        "counts": list(counts.five),
        "median": counts.median,
        "mean": round(counts.mean, 4),
        "satisfied": round(counts.satisfied, 4),
    }


def moved(change: float | None) -> float | None:
    """By how much a mean moved, without what the eye can't see."""
    return None if change is None else round(change, 4)


# -- JSON -------------------------------------------------------------------------------------------------


def json(card: Scorecard, library: Library, parts: Standing | None = None) -> bytes:
    """The scorecard for another program: NCDD's codes, lasting keys, names in all languages."""
    return notation.dumps(plain(card, library, parts), ensure_ascii=False).encode() + b"\n"


def plain(card: Scorecard, library: Library, parts: Standing | None = None) -> dict[str, Any]:
    """The same as values of JSON. What may not be shown has n 0 and no figures."""
    facility = library.facility(card.facility) if card.facility else None
    return {
        "place": card.place,
        "name": (_names(facility_name(facility, library)) if facility else None)
        or _place_names(card.place, library),
        "facility": card.facility,
        "rounds": list(card.rounds),
        "before": card.before,
        "until": last_day(card) or None,
        "sample": card.sample,
        "communes": card.communes,
        "communes_rated": card.rated,
        "services": [
            {
                "service": section.service,
                "raters": section.raters,
                **measures(section.counts),
                "change": moved(section.change),
                "criteria": [_line(line, library) for line in section.lines],
            }
            for section in card.sections
        ],
        "themes": [
            {"theme": line.code, **measures(line.counts), "change": moved(line.change)}
            for line in card.themes
        ],
        "parts": None if parts is None else [_part(row, library) for row in parts.rows],
    }


def _line(line: Line, library: Library) -> dict[str, Any]:
    return {
        "criterion": line.code,
        "label": _names(scoretext.label(line.code, library)),
        **measures(line.counts),
        "change": moved(line.change),
        "before": measures(line.before),
        "groups": {group: measures(counts) for group, counts in line.groups.items()},
        "villages": {village: measures(counts) for village, counts in line.villages.items()},
        "district": _spread(line.district, line.counts),
        "province": _spread(line.province, line.counts),
    }


def _spread(spread: Spread | None, counts: Counts) -> dict[str, Any] | None:
    if spread is None:
        return None
    quartiles = [round(value, 4) for value in (spread.low, spread.middle, spread.high)]
    stands = spread.stands(counts.mean) if counts else None
    return {"communes": spread.places, "quartiles": quartiles, "stands": stands}


def _part(row: Row, library: Library) -> dict[str, Any]:
    return {
        "place": row.place,
        "name": _place_names(row.place, library),
        "raters": row.raters,
        **measures(row.counts),
        "change": moved(row.change),
        "services": {service: measures(counts) for service, counts in row.services.items()},
    }


def _names(name: Phrase) -> dict[str, str] | None:
    return dict(name.by_language) if isinstance(name, Words) else None


def _place_names(code: str, library: Library) -> dict[str, str] | None:
    return (
        _names(place_name(library.place(code)))
        if code
        else {"km": "ព្រះរាជាណាចក្រកម្ពុជា", "en": "Kingdom of Cambodia"}
    )


# -- Rows -------------------------------------------------------------------------------------------------

#: The columns of the file of comma-separated values: one row a service, criterion, group or village.
COLUMNS = (
    "place", "place_name", "facility", "rounds", "until", "sample", "service", "service_name", "criterion",
    "criterion_name", "group", "group_name", "n", "gave_1", "gave_2", "gave_3", "gave_4", "gave_5", "median", "mean",
    "satisfied", "mean_before", "change",
)  # fmt: skip


def csv(card: Scorecard, library: Library, catalogue: Catalogue, parts: Standing | None = None) -> bytes:
    """One table of everything, with names in the language; UTF-8 with a mark, by which spreadsheets know it. Rows of
    `parts` name no criterion: they count the scores of all criteria of a service."""
    made = io.StringIO()
    writer = separated.DictWriter(made, COLUMNS, lineterminator="\r\n")
    writer.writeheader()
    for row in (*_rows(card, library, catalogue), *_part_rows(card, parts, library, catalogue)):
        writer.writerow(
            {key: defused(value) if isinstance(value, str) else value for key, value in row.items()}
        )
    return b"\xef\xbb\xbf" + made.getvalue().encode()


def _head(card: Scorecard, place: str, library: Library, catalogue: Catalogue) -> dict[str, Cell]:
    named = full_name(place, library) if place else _("the whole country")
    return {
        "place": place,
        "place_name": spoken(named, catalogue),
        "facility": card.facility or "",
        "rounds": " ".join(card.rounds),
        "until": last_day(card),
        "sample": int(card.sample),
    }


def _rows(card: Scorecard, library: Library, catalogue: Catalogue) -> Iterator[dict[str, Cell]]:
    def say(phrase: Phrase | str) -> str:
        return spoken(phrase, catalogue)

    head = _head(card, card.place, library, catalogue)
    for section in card.sections:
        of = {**head, "service": section.service, "service_name": say(service_name(section.service))}
        for line in section.lines:
            named = {**of, "criterion": line.code, "criterion_name": say(scoretext.label(line.code, library))}
            yield {
                **named,
                "group": ALL,
                "group_name": say(_("Everybody")),
                **in_columns(line.counts),
                "mean_before": measures(line.before)["mean"],
                "change": moved(line.change),
            }
            for group, counts in line.groups.items():
                group_name = say(scoretext.group_name(group))
                yield {**named, "group": group, "group_name": group_name, **in_columns(counts)}
            for village, counts in line.villages.items():
                name = say(place_name(library.place(village)))
                yield {**named, "group": village, "group_name": name, **in_columns(counts)}


def _part_rows(
    card: Scorecard, parts: Standing | None, library: Library, catalogue: Catalogue
) -> Iterator[dict[str, Cell]]:
    for row in parts.rows if parts else ():
        head = _head(card, row.place, library, catalogue)
        for service, counts in row.services.items():
            before = row.before.get(service, NOBODY)
            yield {
                **head,
                "service": service,
                "service_name": spoken(service_name(service), catalogue),
                "group": ALL,
                "group_name": spoken(_("Everybody"), catalogue),
                **in_columns(counts),
                "mean_before": measures(before)["mean"],
                "change": moved(counts.mean - before.mean if counts and before else None),
            }


def in_columns(counts: Counts) -> dict[str, Cell]:
    """What is known of counts, column by column; empty where they may not be shown."""
    known = measures(counts)
    five: Sequence[int | None] = known["counts"] or (None,) * 5
    return {
        "n": known["n"] or None,
        **{f"gave_{score}": count for score, count in enumerate(five, 1)},
        "median": known["median"],
        "mean": known["mean"],
        "satisfied": known["satisfied"],
    }


# -- The workbook -----------------------------------------------------------------------------------------


def xlsx(card: Scorecard, library: Library, catalogue: Catalogue, parts: Standing | None = None) -> bytes:
    """A workbook with headings in the language: summary, criteria, groups, villages, places. Numbers are numbers."""
    from reports import workbook  # whoever wants no workbook need not load what makes them

    return workbook.made(card, library, catalogue, parts)
