"""Yes and no, as people say them: a woman's yes (ចាស) is another word than a man's (បាទ)."""

from __future__ import annotations

from flows import khmer
from flows.questions import Choice, Option
from flows.text import Phrase, _


def keys(words: str) -> frozenset[str]:
    """Other names of an option (`Option.called`)."""
    return frozenset(khmer.key(word) or word for word in words.split())


AFFIRMED = keys(
    "yes y yeah yep ok okay sure bat baat bart chas chah cha jas jah ja mean meanhaey trov trovhaey neunghaey "
    "បាទ បាទ៎ ចាស ចាស់ ចាស៎ ចា ចា៎ បាទបាទ ចាសចាស បាទ/ចាស បាទឬចាស មែន មែនហើយ ត្រូវ ត្រូវហើយ ហ្នឹងហើយ នឹងហើយ យល់ព្រម ព្រម អូខេ បាន បានបាទ បានចាស 👍 👌 ✅"
)
DENIED = keys(
    "no n nope te tey ot ote otte at atte min minmean minmen khos ទេ អត់ អត់ទេ ទេបាទ ទេចាស ទេអរគុណ មិន មិនមែន មិនមែនទេ មិនយក "
    "មិនព្រម ខុស ខុសហើយ មិនទេ 👎 ❌"
)

YES = Option("yes", _("Yes"), called=AFFIRMED)
NO = Option("no", _("No"), called=DENIED)
YES_NO = (YES, NO)


async def yes(key: str, text: Phrase) -> bool:
    """A question of yes or no."""
    return (await Choice(key=key, text=text, options=YES_NO)) == "yes"
