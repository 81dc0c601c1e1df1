"""A photo or voice note that goes with what is said: captioned where the words are short enough, before them else."""

from __future__ import annotations

import pytest

from flows.channel import SMS, TELEGRAM
from flows.questions import Attachment, Choice, Option, Say
from flows.text import _
from handlers.desk import Desk, Part

COMING = Choice(key="coming", text=_("Are you coming?"), options=(Option("yes", _("I am coming")),))


def rendered(desk: Desk, text: str, kind: str, channel: str = "telegram") -> list[Part]:
    medium = desk.media[channel]
    replies = [Say(text, attachment=Attachment(kind, "file-1")), COMING]
    return medium.render(replies, desk.catalogue("km", medium.channel), "n.1", ())


@pytest.mark.parametrize("kind", ["photo", "voice"])
def test_short_words_are_its_caption(desk: Desk, kind: str) -> None:
    [part] = rendered(desk, "ប្រជុំ", kind, TELEGRAM.name)
    assert part[kind] == "file-1"
    assert part["text"].startswith("ប្រជុំ")
    assert part["keyboard"][0][0][1] == "n.1:coming=yes"


def test_long_words_follow_it(desk: Desk) -> None:
    first, second = rendered(desk, "ក" * 1024, "photo")
    assert first == {"text": "", "photo": "file-1"}
    assert second["text"].startswith("ក" * 1024)
    assert "photo" not in second
    assert second["keyboard"]


def test_emoji_count_twice_as_telegram_counts_them(desk: Desk) -> None:
    assert len(rendered(desk, "😀" * 400, "photo")) == 1
    assert len(rendered(desk, "😀" * 520, "photo")) == 2


def test_where_there_are_only_words_it_is_left_out(desk: Desk) -> None:
    for part in rendered(desk, "ប្រជុំ", "photo", SMS.name):
        assert part.keys() == {"text"}
