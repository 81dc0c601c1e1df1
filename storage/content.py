"""What programme staff edit, read and checked: criteria and the calendar. The gazetteer's files are not edited."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from flows.library import SERVICES


class BadContent(Exception):
    """A content file says something that can't be; the message names the file, the place in it and what to write."""


#: A citizen changes one of her answers, or the comment, by choosing among ten.
MOST_CRITERIA = 9


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise BadContent(f"{file.name}: save it as UTF-8") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise BadContent(f"{file.name}{line}: {getattr(error, 'problem', None) or 'is no YAML'}") from None
    if not isinstance(said, dict):
        raise BadContent(f"{file.name}: write names and values, as in the file that came with this release")
    return said


def read_criteria(file: Path) -> list[dict[str, Any]]:
    """Rows for the criteria table; BadContent names what is wrong."""
    rows: list[dict[str, Any]] = []
    for service, listed in (dict.fromkeys(SERVICES) | _read_yaml(file)).items():
        if service not in SERVICES:
            raise BadContent(
                f"{file.name}: there is no service {service!r}; write one of {', '.join(SERVICES)}"
            )
        if not isinstance(listed, list) or not listed:
            raise BadContent(f"{file.name}: {service} has no criteria; write a list, each with - code:")
        if len(listed) > MOST_CRITERIA:
            raise BadContent(f"{file.name}: {service} has {len(listed)} criteria; {MOST_CRITERIA} fit")
        for entry in listed:
            row = _criterion(entry, service, len(rows) + 1, file)
            if row["code"] in {before["code"] for before in rows}:
                raise BadContent(f"{file.name}: {row['code']}: the code is there twice")
            rows.append(row)
    return rows


def _criterion(entry: Any, service: str, position: int, file: Path) -> dict[str, Any]:
    entry = entry if isinstance(entry, dict) else {}
    code = str(entry.get("code") or "")
    where = f"{file.name}: {service}, criterion {position} ({code or 'without a code'})"
    missing = [key for key in ("code", "theme", "question", "label") if not entry.get(key)]
    if missing:
        raise BadContent(f"{where} lacks {', '.join(missing)}")
    if not re.fullmatch("[a-z0-9-]{1,40}", code):
        raise BadContent(f"{where}: write the code in at most 40 of a-z, 0-9 and -")
    for key in ("question", "label"):
        _said(entry[key], f"{where}: {key}")
    return {
        "code": code,
        "service": service,
        "position": position,
        "theme": str(entry["theme"]),
        "question": entry["question"],
        "label": entry["label"],
        "retired": False,
    }


def _said(by_language: Any, where: str) -> None:
    """Words by language, Khmer among them."""
    if not isinstance(by_language, dict) or not by_language.get("km"):
        raise BadContent(f"{where} has no Khmer; write it after km:")
    for language, words_ in by_language.items():
        if not isinstance(words_, str):
            raise BadContent(f"{where}: put the words of {language}: in quotation marks")


def read_rounds(file: Path) -> list[dict[str, Any]]:
    """Rows for the table of rounds, in order of time; BadContent names what is wrong."""
    listed = _read_yaml(file).get("rounds") or []
    if not isinstance(listed, list):
        raise BadContent(f"{file.name}: rounds: write a list, each with - code:")
    wanted: list[dict[str, Any]] = []
    for number, entry in enumerate(listed, 1):
        entry = entry if isinstance(entry, dict) else {}
        code = str(entry.get("code") or "")
        where = f"{file.name}: round {code or number}"
        missing = [key for key in ("code", "name", "from", "to") if not entry.get(key)]
        if missing:
            raise BadContent(f"{where} lacks {', '.join(missing)}")
        if len(code) > 20:
            raise BadContent(f"{where}: write the code in at most 20 letters")
        if code in {row["code"] for row in wanted}:
            raise BadContent(f"{where}: the code is there twice")
        _said(entry["name"], f"{where}: name")
        row = {"code": code, "name": entry["name"], "from_on": entry["from"], "to_on": entry["to"]}
        if not all(type(row[key]) is date for key in ("from_on", "to_on")) or row["from_on"] > row["to_on"]:
            raise BadContent(f"{where}: write from: and to: as dates, the earlier first, as in 2026-12-01")
        wanted.append(row)
    wanted.sort(key=lambda row: row["from_on"])
    for before, after in pairwise(wanted):
        if after["from_on"] <= before["to_on"]:
            raise BadContent(f"{file.name}: rounds {before['code']} and {after['code']} overlap")
    return wanted
