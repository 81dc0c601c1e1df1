"""Templates filled in, one press a language: every value is escaped, and whatever is missing is an error."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flows.scoretext import nearest
from web import charts
from web.tongue import Tongue

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


class Press:
    """Prints pages. `tongues`: by language; `root`: what stands before every path."""

    def __init__(self, tongues: Mapping[str, Tongue], root: str = "") -> None:
        self.tongues = dict(tongues)
        self.root = root
        self._made: dict[str, Environment] = {}

    def print(self, language: str, template: str, data: Mapping[str, Any]) -> str:
        """A page in a language."""
        return self._environment(language).get_template(template).render(data)

    @cached_property
    def sheet(self) -> str:
        """The style sheet's name: another one as soon as anything in it changed, so that browsers may keep it."""
        return f"site-{hashlib.sha256((STATIC / 'site.css').read_bytes()).hexdigest()[:10]}.css"

    def _environment(self, language: str) -> Environment:
        made = self._made.get(language)
        if made is None:
            made = self._made[language] = self._environment_of(self.tongues[language])
        return made

    def _environment_of(self, tongue: Tongue) -> Environment:
        made = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        made.globals |= {
            "_": tongue.text,
            "t": tongue,
            "root": self.root,
            "sheet": self.sheet,
            "faces": charts.faces,
            "face": charts.face,
            "bar": lambda counts: charts.bar(counts, tongue),
            "trend": lambda points, title: charts.trend(points, tongue, title),
            "span": lambda spread, mean: charts.span(spread, mean, tongue),
            "share": charts.share,
            "step": nearest,
        }
        return made
