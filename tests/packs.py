"""Packs to read in tests: one with every kind of item, one that is long, what a service's general one says."""

from __future__ import annotations

from flows.packs import Budget, Item, Pack, Performance, Price, Text
from flows.text import Words, words

SOURCE = words({"km": "តារាងតម្លៃនៅសាលាឃុំ", "en": "Price list at the office"})
DECREE = words(
    {
        "km": "ប្រកាសអន្តរក្រសួងលេខ ១២៣ ស្តីពីសេវារដ្ឋបាលសាធារណៈ និងតម្លៃសេវា ចុះថ្ងៃទី ៣១ ខែមករា ឆ្នាំ ២០២៥",
        "en": "Joint decree 123 on public administrative services and their prices of 31 January 2025",
    }
)
TRUE_ON, LONG_AGO = "2026-01-31", "2025-03-02"


def said(km: str, en: str = "") -> Words:
    return words({"km": km, "en": en} if en else {"km": km})


LONG = (
    "ប្រជាពលរដ្ឋទាំងអស់មានសិទ្ធិទទួលបានព័ត៌មានអំពីសេវា តម្លៃ និងថវិកា ហើយអាចចូលរួមកិច្ចប្រជុំក្រុមប្រឹក្សាឃុំ "
    "រៀងរាល់ខែ ដើម្បីផ្តល់យោបល់អំពីអ្វីដែលគួរកែលម្អ និងសួរអំពីគម្រោងអភិវឌ្ឍន៍ក្នុងភូមិរបស់ខ្លួន "
)


def _prices() -> list[Item]:
    return [
        Price(
            "prices-1",
            said("ចុះបញ្ជីកំណើតក្នុងរយៈពេល ៣០ ថ្ងៃ", "Birth registration within 30 days"),
            SOURCE,
            TRUE_ON,
            0,
            1,
            said("លិខិតបញ្ជាក់កំណើត", "Note of the birth"),
            keywords=("សំបុត្រកំណើត", "birth certificate"),
        ),
        Price(
            "prices-2",
            said("ចម្លងសំបុត្រអាពាហ៍ពិពាហ៍", "Copy of a marriage certificate"),
            DECREE,
            LONG_AGO,
            1_204_000,
            10,
            said("អត្តសញ្ញាណប័ណ្ណ និងសៀវភៅគ្រួសារទាំងសងខាង", "Identity cards and family books of both"),
            said("អ្នកកាន់ប័ណ្ណក្រីក្រ", "Holders of an ID-Poor card"),
        ),
        Price("prices-3", said("លិខិតបញ្ជាក់ទីលំនៅ", "Certificate of residence"), SOURCE, TRUE_ON, 4000),
        Price("prices-4", said("លិខិតបញ្ជាក់ទីលំនៅ", "Certificate of residence"), DECREE, TRUE_ON, 6000, 0),
    ]


def pack(subject: str = "hc080303", *, sample: bool = False, version: int = 1) -> Pack:
    """Every kind of item, short ones and long ones, old ones and new ones, and what looks like markup."""
    items: list[Item] = [
        Text("rights-1", said(LONG * 4), DECREE, TRUE_ON, "right"),
        Text("rights-2", said("<b>*សិទ្ធិ*</b> & _កាតព្វកិច្ច_ [a](b)"), SOURCE, TRUE_ON, "duty"),
        *(
            Text(f"standards-{n}", said(f"ស្តង់ដារទី {n}៖ {LONG[: n * 9]}"), SOURCE, TRUE_ON)
            for n in range(1, 13)
        ),
        Performance(
            "performance-1",
            said("ថ្ងៃបង្រៀនក្នុងមួយឆ្នាំ", "Teaching days in the year"),
            SOURCE,
            TRUE_ON,
            211.0,
            97.25,
            said("ថ្ងៃ", "days"),
            2025,
        ),
        Performance(
            "performance-2", said("បុគ្គលិក", "Staff"), SOURCE, LONG_AGO, 12.0, None, said("នាក់", "people"), 2025
        ),
        *_prices(),
        Budget(
            "budget-1", said("ថវិកាអភិវឌ្ឍន៍ឃុំ", "Development budget"), DECREE, TRUE_ON, 420_886_800, None, 2026
        ),
        Budget("budget-2", said("ថែទាំអគារ", "Upkeep"), SOURCE, TRUE_ON, 4_000_000, 3_500_000, 2025),
        Text("part-1", said("ថ្ងៃទី ៥ រៀងរាល់ខែ"), SOURCE, TRUE_ON, "meeting"),
        Text("part-2", said("ស្មៀនឃុំ 012 345 678", "The clerk, 012 345 678"), SOURCE, TRUE_ON, "contact"),
        Text("part-3", said("ប្រអប់សំបុត្រនៅមុខសាលាឃុំ"), SOURCE, TRUE_ON, "complaint"),
    ]
    service = subject[:2]
    return Pack(subject, service, tuple(items), version, "published", sample, TRUE_ON)


def general(service: str = "hc") -> Pack:
    """What is shown where a facility has published nothing."""
    items = (Text("standards-1", said("មានបុគ្គលិកប្រចាំការ ២៤ ម៉ោង។", "Somebody is on duty."), SOURCE, TRUE_ON),)
    return Pack(service, service, items, 1, "published", published_on=TRUE_ON)


def crowded(subject: str, many: int) -> Pack:
    """A pack with so many prices, each of another name."""
    names = ("ចុះបញ្ជី", "សំបុត្រ", "លិខិតបញ្ជាក់", "អាជ្ញាប័ណ្ណ", "ពិនិត្យ", "ចាក់ថ្នាំ", "ឯកសារ", "ច្បាប់ចម្លង")
    things = ("ដី", "ផ្ទះ", "គោ", "រទេះ", "ទូក", "អាជីវកម្ម", "សំណង់", "ទីលំនៅ", "គ្រួសារ", "មរណភាព", "អាពាហ៍ពិពាហ៍")
    items = tuple(
        Price(
            f"prices-{n}",
            said(f"{names[n % 8]}{things[n // 8 % 11]}លេខ {n}", f"Certificate {n} of kind {n % 97}"),
            SOURCE,
            TRUE_ON,
            n * 100,
            n % 30,
            keywords=(f"ពាក្យ{things[n % 11]}{n}", f"paper {n}"),
        )
        for n in range(many)
    )
    return Pack(subject, subject[:2], items, 1, "published", published_on=TRUE_ON)
