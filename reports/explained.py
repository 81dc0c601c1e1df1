"""The last page of a report: how to read it, and how its figures are made."""

from __future__ import annotations

from typing import Any

from flows import scoretext
from flows.counts import LEAST, Counts
from flows.text import Phrase, _
from reports.figures import Writing

#: An example of how many gave what, for those who see such a bar for the first time.
_EXAMPLE = Counts((3, 5, 8, 14, 10))


def page(writing: Writing, *, compared: bool) -> dict[str, Any]:
    """What the template fills in. `compared`: the report says how the communes of the district lie."""
    say = writing.say
    points: list[tuple[str, Phrase, Phrase]] = [
        ("median", _("Score"),
         _("The score of a criterion is the median: half of the people gave it or more, half gave it or less.")),
        ("bar", _("How many gave 1, 2, 3, 4, 5"),
         _("The bar shows how many people gave each score, from very weak on the left to very good on the right.")),
        ("name", _("Satisfied"), _("The share of people who gave 4 or 5.")),
        ("change", _("Since last round"),
         _("How the mean moved since the last round: up, down, or as before.")),
    ]  # fmt: skip
    if compared:
        points.append(
            ("name", _("Beside other communes"),
             _("Of all communes a quarter is ahead of most, a quarter has room to grow, the "
               "others are like most. It is no ranking."))
        )  # fmt: skip
    rules = [
        _(
            "With an even number of people whose two middle scores differ, the median is their mean, as in 2.5."
        ),
        _("A person counts once for each facility in a round; a later rating replaces the earlier one."),
        _(
            "What fewer than {least} people said is never shown, nor a group so large that those outside it are "
            "fewer than {least}.",
            least=LEAST,
        ),
        _("Scores are published once a day, so that nobody can tell from a change who has just rated."),
        _("A health centre that serves several communes has the same scores in each of them."),
        _("Those who rated did so of their own will: this is what they say, and no survey of everybody."),
    ]
    return {
        "title": say(_("How to read this report")),
        "points": [{"kind": kind, "name": say(name), "said": say(said)} for kind, name, said in points],
        "median": say(scoretext.shown(4.0)),
        "example": writing.figure(_EXAMPLE),
        "changes": [writing.change(change) for change in (0.3, -0.2, 0.0)],
        "method": say(_("How the figures are made")),
        "rules": [say(rule) for rule in rules],
    }
