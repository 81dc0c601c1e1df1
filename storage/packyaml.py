"""A pack out of YAML, with the fields that a workbook has as columns. Read as what is written: a number is the text of
its digits until a field makes an amount of it."""

from __future__ import annotations

from typing import Any

import yaml

from storage import packwords
from storage.columns import shown
from storage.entered import Entered, Line, nearest
from storage.packlayout import ABOUT, FORMS, Form
from storage.sheets import Unreadable

BYTES = 400_000
#: Nobody reads further in a list of problems.
_TOLD = 100

_HEAD = ("facility", "true_on", "source", "language", "sample")
_TEXT, _FLOAT, _NULL = "tag:yaml.org,2002:str", "tag:yaml.org,2002:float", "tag:yaml.org,2002:null"


class _Loader(yaml.SafeLoader):
    """One that takes no aliases: a few of them can say a thousand million things."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event: Any = self.peek_event()  # type: ignore[no-untyped-call]
            raise _refused(event.start_mark.line + 1, *packwords.YAML_ALIAS)
        return super().compose_node(parent, index)


def read(content: bytes) -> Entered:
    """What the file says; Unreadable where it is no YAML, naming the line."""
    if len(content) > BYTES:
        raise Unreadable(*(words.format(most=BYTES // 1000) for words in packwords.YAML_LARGE))
    try:
        root = yaml.compose(content.decode("utf-8-sig"), Loader=_Loader)
    except UnicodeDecodeError as error:
        raise _broken(content.count(b"\n", 0, error.start) + 1, "it is not in UTF-8") from None
    except RecursionError:
        raise _broken(1, "it is nested too deeply") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or "it can't be read"
        raise _broken(mark.line + 1 if mark else 1, str(why)) from None
    entered = Entered(sheets=False)
    entered.name(ABOUT.block, "")
    if not isinstance(root, yaml.MappingNode):
        raise _broken(1, "names and values are missing, as in facility: hc080303")
    _head(root, entered)
    return entered


def _head(root: yaml.MappingNode, entered: Entered) -> None:
    cells: dict[str, str] = {}
    rows: dict[str, int] = {}
    blocks = {form.block: form for form in FORMS}
    for name, value, row in _fields("about", root, (*_HEAD, *blocks), entered):
        rows.update(dict.fromkeys((name, f"{name}_km", f"{name}_en"), row))
        if name in blocks:
            _block(blocks[name], value, entered)
        elif name == "source":
            cells.update(_words("about", "source", value, entered))
        elif name == "sample":
            entered.sample = _scalar(value) in ("true", "yes")
            if _scalar(value) not in ("true", "yes", "false", "no"):
                entered.refuse("about", row, "sample", packwords.FIELD_SHAPE, shape="true / false")
        elif isinstance(value, yaml.ScalarNode):
            cells[name] = _scalar(value)
        else:
            entered.refuse("about", row, name, packwords.FIELD_SHAPE, shape=f"{name}: …")
    entered.lines.append(Line("about", 1, cells, rows))


def _block(form: Form, listed: Any, entered: Entered) -> None:
    row = _row(listed)
    if _scalar(listed) == "" and isinstance(listed, yaml.ScalarNode):
        return
    if not isinstance(listed, yaml.SequenceNode):
        entered.refuse(form.block, row, "", packwords.FIELD_SHAPE, shape="- text: …")
        return
    columns = {column.name for column in form.columns} - {"number"}
    in_words = {name.removesuffix("_km") for name in columns if name.endswith("_km")}
    plain = {name for name in columns if not name.endswith(("_km", "_en"))}
    # As they stand in the form: a dictionary keeps that order, a set does not.
    names = tuple(
        dict.fromkeys(
            column.name.removesuffix("_km").removesuffix("_en")
            for column in form.columns
            if column.name != "number"
        )
    )
    for entry in listed.value:
        if not isinstance(entry, yaml.MappingNode):
            entered.refuse(form.block, _row(entry), "", packwords.FIELD_SHAPE, shape="- text: …")
            continue
        cells: dict[str, str] = {}
        rows: dict[str, int] = {}
        for name, value, row in _fields(form.block, entry, names, entered):
            rows.update(dict.fromkeys((name, f"{name}_km", f"{name}_en"), row))
            if name in in_words:
                cells.update(_words(form.block, name, value, entered))
            elif name == "keywords" and isinstance(value, yaml.SequenceNode):
                cells[name] = ", ".join(_scalar(one) for one in value.value)
            elif name in plain and isinstance(value, yaml.ScalarNode):
                cells[name] = _scalar(value)
            else:
                entered.refuse(form.block, row, name, packwords.FIELD_SHAPE, shape=f"{name}: …")
        entered.lines.append(Line(form.block, _row(entry), cells, rows))


def _fields(
    block: str, mapping: yaml.MappingNode, names: tuple[str, ...], entered: Entered
) -> list[tuple[str, Any, int]]:
    """Each known field with its value and line; what is unknown or there twice is refused."""
    found: dict[str, tuple[str, Any, int]] = {}
    for key, value in mapping.value:
        name, row = _scalar(key), _row(key)
        if name in found:
            entered.refuse(block, row, name, packwords.LINE_TWICE, name=name)
        elif name in names:
            found[name] = (name, value, row)
        elif len(entered.problems) < _TOLD:
            near = nearest(name, names)
            says = packwords.FIELD_NEAR if near else packwords.FIELD_UNKNOWN
            entered.refuse(block, row, "", says, value=shown(name), near=near, names=", ".join(names))
    return list(found.values())


def _words(block: str, name: str, value: Any, entered: Entered) -> dict[str, str]:
    """A text in Khmer alone, or km: and en: of it."""
    if isinstance(value, yaml.ScalarNode):
        return {f"{name}_km": _scalar(value)}
    if not isinstance(value, yaml.MappingNode):
        entered.refuse(block, _row(value), name, packwords.FIELD_SHAPE, shape="{km: …, en: …}")
        return {}
    cells: dict[str, str] = {}
    for language, said, row in _fields(block, value, ("km", "en"), entered):
        if isinstance(said, yaml.ScalarNode):
            cells[f"{name}_{language}"] = _scalar(said)
        else:
            entered.refuse(block, row, name, packwords.FIELD_SHAPE, shape=f"{language}: …")
    return cells


def _scalar(node: Any) -> str:
    """The text of a value. What is no text is asked for by the shape of its field."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == _NULL:
        return ""
    text = str(node.value).strip()
    if node.tag == _FLOAT and len(text.partition(".")[2]) == 3:
        return text + "0"  # 95.125 is a fraction here, and not thousands
    return text.lower() if node.tag.endswith(":bool") else text


def _row(node: Any) -> int:
    return int(node.start_mark.line) + 1


def _broken(row: int, why: str) -> Unreadable:
    return _refused(row, *(words.format(why=why) for words in packwords.YAML_BROKEN))


def _refused(row: int, english: str, native: str) -> Unreadable:
    return Unreadable(f"Line {row}: {english}", f"បន្ទាត់ទី {row}៖ {native}")
