"""Languages: .po files compiled in memory, one chain of catalogues for each language and wording.

`messages.po` has everything; `sms.po` only what a text message says shorter.
Adding a language is adding a folder under locale/. English is the language of
the source, so it has no messages.po of its own.

    python -m bot.catalogues check     what is missing, fuzzy, or lost a {placeholder}
    python -m bot.catalogues update    bring the .po files up to date with the code
"""

from __future__ import annotations

import string
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from babel import Locale, UnknownLocaleError, localedata
from babel.dates import format_date
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from flows import khmer

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "locale"
SOURCE = "en"
FIRST = ("km", "en")  # the order languages are offered in; any further one by its code
MESSAGES = "messages"
DIGITS = "0123456789"
DAY = "EEEE d MMMM"
#: Where messages are looked for, and what reads them.
READ = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]


@dataclass(frozen=True, slots=True)
class Chain:
    """One language in one wording: looks in each file in turn, then falls back on the message itself."""

    language: str
    texts: dict[str, str]
    digits: dict[int, int] = field(default_factory=dict)

    def gettext(self, msgid: str) -> str:
        return self.texts.get(msgid, msgid)

    def number(self, value: int) -> str:
        return str(value).translate(self.digits)

    def day(self, on: str) -> str:
        locale = self.language if localedata.exists(self.language) else SOURCE
        written = format_date(date.fromisoformat(on), self.gettext(DAY), locale=locale)
        return khmer.visible(written).translate(self.digits)


def languages(folder: Path = LOCALE) -> tuple[tuple[str, str], ...]:
    """(code, own name) of each language there is, Khmer first."""
    codes = [path.parent.name for path in folder.glob("*/LC_MESSAGES")]
    ordered = sorted(codes, key=lambda code: (FIRST.index(code) if code in FIRST else len(FIRST), code))
    return tuple((code, _own_name(code)) for code in ordered)


def _own_name(code: str) -> str:
    try:
        return Locale.parse(code).get_display_name() or code
    except UnknownLocaleError:  # a language of few speakers, such as Bunong (cmo)
        return code


def load(folder: Path = LOCALE) -> dict[tuple[str, str], Chain]:
    """Every (language, wording) there is."""
    chains = {}
    wordings = {path.stem for path in folder.glob("*/LC_MESSAGES/*.po")} | {MESSAGES}
    for code, _name in languages(folder):
        base = _texts(folder, code, MESSAGES)
        digits = str.maketrans(DIGITS, base.get(DIGITS, DIGITS))
        for wording in wordings:
            texts = base if wording == MESSAGES else {**base, **_texts(folder, code, wording)}
            chains[code, wording] = Chain(code, texts, digits)
    return chains


def _texts(folder: Path, code: str, wording: str) -> dict[str, str]:
    catalogue = read(folder, code, wording)
    return {
        str(message.id): str(message.string)
        for message in catalogue
        if message.id and message.string and not message.fuzzy
    }


def read(folder: Path, code: str, wording: str) -> Catalog:
    """A .po file, or an empty catalogue where there is none."""
    file = folder / code / "LC_MESSAGES" / f"{wording}.po"
    if not file.exists():
        return Catalog(locale=code)
    with file.open("rb") as lines:
        return read_po(lines, locale=code)


# -- For translators --------------------------------------------------------------------------------------


def extracted() -> Catalog:
    """What the code says, with the translator comments beside it."""
    template = Catalog(project="Samleng", fuzzy=False)
    template.add(DIGITS, auto_comments=["The ten digits of the language, 0 first."])
    template.add(
        DAY,
        auto_comments=[
            "A day with its weekday, in the letters of Unicode's date patterns: EEEE weekday, EEE its short form,",
            "d day, MMMM month, M its number. Words stand between 'apostrophes'.",
        ],
    )
    for room in ("flows", "handlers", "broadcasts", "reports", "web", "bot"):
        found = extract_from_dir(ROOT / room, READ, keywords={"_": None}, comment_tags=("Translators:",))
        for name, _line, message, comments, _context in found:
            if isinstance(message, str):
                template.add(message, locations=[(f"{room}/{name}", 0)], auto_comments=comments)
    return template


def problems(folder: Path = LOCALE) -> list[str]:
    """What a translator still has to do; empty when nothing is."""
    found = []
    template = extracted()
    wanted = {str(message.id) for message in template if message.id}
    for code, _name in languages(folder):
        for file in sorted((folder / code / "LC_MESSAGES").glob("*.po")):
            whole = file.stem == MESSAGES and code != SOURCE
            catalogue = read(folder, code, file.stem)
            have = {str(message.id) for message in catalogue if message.id}
            name = f"{code}/{file.name}"
            if whole:
                found += [f"{name}: lacks {text!r}" for text in sorted(wanted - have)]
            found += [f"{name}: is not said anywhere: {text!r}" for text in sorted(have - wanted)]
            for message in catalogue:
                if not message.id:
                    continue
                if message.fuzzy:
                    found.append(f"{name}: fuzzy: {message.id!r}")
                elif not message.string:
                    found.append(f"{name}: untranslated: {message.id!r}")
                elif _fields(str(message.id)) != _fields(str(message.string)):
                    found.append(f"{name}: other {{placeholders}} than the source: {message.id!r}")
    return found


def _fields(text: str) -> set[str]:
    try:
        return {
            name for _literal, name, _spec, _conversion in string.Formatter().parse(text) if name is not None
        }
    except ValueError:
        return {"{ unbalanced"}


def update(folder: Path = LOCALE) -> None:
    """Add new messages, drop those that nothing says any more, keep the rest."""
    template = extracted()
    for code, _name in languages(folder):
        if code == SOURCE:
            continue
        catalogue = read(folder, code, MESSAGES)
        catalogue.update(template, no_fuzzy_matching=True, update_header_comment=False)
        catalogue.obsolete.clear()
        write(catalogue, folder / code / "LC_MESSAGES" / f"{MESSAGES}.po")


def write(catalogue: Catalog, file: Path) -> None:
    """A .po file whose diff shows words only: no dates, no line numbers, no wrapping."""
    with file.open("wb") as lines:
        write_po(lines, catalogue, width=0, omit_header=True, include_lineno=False)
    body = file.read_text(encoding="utf-8")
    header = (
        f'msgid ""\nmsgstr ""\n"Language: {catalogue.locale}\\n"\n'
        f'"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    file.write_text(header + body, encoding="utf-8")


def main(arguments: list[str]) -> int:
    match arguments:
        case ["update"]:
            update()
            return 0
        case ["check"]:
            found = problems()
            for problem in found:
                sys.stderr.write(problem + "\n")
            count = len([message for message in extracted() if message.id])
            sys.stdout.write(f"{count} messages, {len(found)} problems\n")
            return 1 if found else 0
        case _:
            sys.stderr.write("write: python -m bot.catalogues check|update\n")
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
