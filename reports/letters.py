"""The Khmer letters that come with the release, for whoever has none."""

from __future__ import annotations

from pathlib import Path

import fontpkg_noto_sans_khmer

#: Noto Sans Khmer, variable in width and weight, TrueType. Under the Open Font License, see its package.
KHMER: Path = next((Path(fontpkg_noto_sans_khmer.ROOT) / "files").glob("*.ttf"))
