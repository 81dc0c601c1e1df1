"""Typst, kept warm: the letters and the templates are read once, a paper is its data filled in.

Data goes in as JSON and comes out as text: nothing in it is ever read as Typst's own markup. Templates are of this
folder, and only fonts that come with the release are used, so a paper looks the same on every machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import fontpkg_noto_sans_khmer
import segno
import typst

from flows import khmer

TEMPLATES = Path(__file__).resolve().parent / "templates"
_ONE_AT_A_TIME = Lock()  # a compiler is not for two threads

# A compiler keeps what it made for the last ten papers, in case one of them is set again, which holds 100 MB more than
# the letters and templates that all of them share. Papers with nothing on them, a quarter of a millisecond each, are
# ten sooner.
_FORGETTING = 4

# Typst breaks Khmer between words by itself; what it can't break are long runs of other letters, such as an address
# of the web, and Khmer that is no words. A space of no width every so many letters lets them flow on.
_UNBROKEN = re.compile(r"\S{14,}")
_KHMER = re.compile("[\u1780-\u17dd]")
_RUN = 12
_RUN_KHMER = 40  # longer than nearly every word there is


def pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The paper as PDF; the same bytes for the same data."""
    with _press(template) as press:
        made = press.compile(format="pdf", sys_inputs=_inputs(data), timestamp=0)
    assert isinstance(made, bytes)
    return made


def png(template: str, data: Mapping[str, Any], dots: float = 144) -> list[bytes]:
    """Each page as a picture, with so many dots an inch."""
    with _press(template) as press:
        made = press.compile(format="png", sys_inputs=_inputs(data), ppi=dots)
    assert made is not None
    return [made] if isinstance(made, bytes) else made


def code(link: str) -> str:
    """The QR code of a link as SVG. A quarter of it may be scratched or wet, and it is still read."""
    return str(segno.make_qr(link, error="q").svg_inline(border=4, light="#fff", dark="#000"))


def line(text: str) -> str:
    """Text in one line that can break anywhere it must, without what prints nothing."""
    plain = " ".join(khmer.visible(text).split())
    return _UNBROKEN.sub(lambda found: _breakable(found[0]), plain)


def _breakable(run: str) -> str:
    most = _RUN_KHMER if _KHMER.search(run) else _RUN
    parts, length = [], 0
    for cluster in khmer.clusters(run):
        if length >= most:
            parts.append("\u200b")
            length = 0
        parts.append(cluster)
        length += 1
    return "".join(parts)


def _inputs(data: Mapping[str, Any]) -> dict[str, str]:
    return {"data": json.dumps(data, ensure_ascii=False, allow_nan=False)}


@contextmanager
def _press(template: str) -> Iterator[typst.Compiler]:
    with _ONE_AT_A_TIME:
        try:
            yield _compiler(template)
        finally:
            for _again in range(_FORGETTING):
                _compiler("nothing").compile(format="pdf")


@cache
def _compiler(template: str) -> typst.Compiler:
    return typst.Compiler(
        TEMPLATES / f"{template}.typ", root=TEMPLATES, font_paths=_fonts(), ignore_system_fonts=True
    )


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=True,  # for letters and signs that the Khmer font lacks
        font_paths=[str(fontpkg_noto_sans_khmer.ROOT / "files")],
    )
