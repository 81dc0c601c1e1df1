"""The form in which a clerk enters a pack: sheets, columns, drop-downs, an example row. One description for the template
that is written and for the workbook that is read; YAML uses the same names of fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.packs import BLOCKS


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a drop-down, and what else is understood as it."""

    code: str
    km: str
    also: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet, or a line of the first sheet. `name`: the field in YAML. `also`: other headings, separated
    by |. `note`: what a clerk reads beside the cell. `width` in letters; `pattern`: how the cell shows a number."""

    name: str
    km: str
    note: str = ""
    required: bool = False
    width: int = 18
    also: str = ""
    choices: tuple[Choice, ...] = ()
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """A sheet of the workbook. `examples`: the example row of each service, by column."""

    block: str
    km: str
    also: str
    note: str
    columns: tuple[Column, ...]
    examples: Mapping[str, Mapping[str, str | int | float]] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


#: Items of a block; what is longer nobody reads on a phone.
MOST = 200
#: Rows of a sheet that are read: its items, and what stands above them.
ROWS = MOST + 12

#: What the first cell of the example row says: it is not read as an item.
EXAMPLE = "ឧទាហរណ៍"

YEAR_PATTERN, WHOLE, DECIMAL, DATE = "0", "#,##0", "#,##0.##", "yyyy-mm-dd"

NUMBER = Column("number", "ល.រ", width=11, also="no|number|ល រ|លេខរៀង|លរ")
SOURCE = Column(
    "source_km",
    "ប្រភព",
    "សរសេរតែពេលប្រភពខុសពីសន្លឹកទីមួយ។",
    width=26,
    also="source|ប្រភពព័ត៌មាន",
)
TRUE_ON = Column(
    "true_on",
    "ពិតនៅថ្ងៃទី",
    "សរសេរតែពេលកាលបរិច្ឆេទខុសពីសន្លឹកទីមួយ ឧ. 2026-01-31។",
    width=15,
    also="true on|date|ថ្ងៃទី|កាលបរិច្ឆេទ",
    pattern=DATE,
)
YEAR = Column("year", "ឆ្នាំ", "ឆ្នាំគ្រិស្តសករាជ ឧ. 2026។", True, 9, "year", pattern=YEAR_PATTERN)


def _said(
    km: str, note: str, also: str = "", *, name: str = "text", required: bool = True, width: int = 48
) -> tuple[Column, Column]:
    """A text in Khmer, and beside it the same in English, which may be empty."""
    others = "|".join(f"{word} (English)|{word} (en)" for word in (km, *filter(None, also.split("|"))))
    return (
        Column(f"{name}_km", km, note, required, width, f"{name}_km|{name}|{also}".rstrip("|")),
        Column(f"{name}_en", f"{km} (អង់គ្លេស)", "អាចទុកទទេបាន។", False, width * 2 // 3, f"{name}_en|{others}"),
    )


LANGUAGES = (
    Choice("km", "ខ្មែរ", "km|Khmer|ភាសាខ្មែរ"),
    Choice("km en", "ខ្មែរ និងអង់គ្លេស", "km en|km, en|Khmer and English|ភាសាខ្មែរ និងអង់គ្លេស"),
)

ABOUT = Form(
    "about",
    "អំពីកញ្ចប់",
    "about|about the pack|អំពី",
    "បំពេញជួរឈរ B។ បន្ទាប់មក បំពេញសន្លឹកនីមួយៗ ហើយផ្ញើឯកសារនេះមកបុត ឬទៅអ្នកប្រតិបត្តិ។ សន្លឹកណាគ្មានព័ត៌មាន សូមទុកទទេ។",
    (
        Column("facility", "លេខកូដអង្គភាព", "ឧ. hc080303។ សូមសួរអ្នកប្រតិបត្តិ បើមិនដឹង។", True, also="facility|facility code|subject|លេខកូដ|កូដ"),
        Column("true_on", "ពិតនៅថ្ងៃទី", "ថ្ងៃដែលព័ត៌មាននេះត្រឹមត្រូវ ឧ. 2026-01-31។", True, also="true on|date|ថ្ងៃទី|កាលបរិច្ឆេទ", pattern=DATE),
        Column("source_km", "ប្រភព", "អ្នកណា ឬឯកសារណាបញ្ជាក់ព័ត៌មាននេះ។", True, also="source|ប្រភពព័ត៌មាន"),
        Column("source_en", "ប្រភព (អង់គ្លេស)", "អាចទុកទទេបាន។", also="source (English)|source_en"),
        Column("language", "ភាសា", "«ខ្មែរ និងអង់គ្លេស» មានន័យថា អត្ថបទទាំងអស់មានទាំងពីរភាសា។", also="language|languages|ភាសារបស់កញ្ចប់", choices=LANGUAGES),
    ),
)  # fmt: skip

RIGHTS = Form(
    "rights",
    "សិទ្ធិ និងកាតព្វកិច្ច",
    "rights|rights and duties|សិទ្ធិ",
    "សិទ្ធិ និងកាតព្វកិច្ចរបស់ប្រជាពលរដ្ឋនៅអង្គភាពនេះ។ មួយជួរដេក មួយចំណុច។",
    (
        NUMBER,
        Column(
            "kind",
            "ប្រភេទ",
            "ជ្រើសរើសពីបញ្ជី។",
            True,
            14,
            "kind|type",
            (Choice("right", "សិទ្ធិ", "right"), Choice("duty", "កាតព្វកិច្ច", "duty")),
        ),
        *_said("ខ្លឹមសារ", "ប្រយោគខ្លី ងាយយល់។", "content"),
        SOURCE,
        TRUE_ON,
    ),
    {
        "ca": {"kind": "សិទ្ធិ", "text_km": "ប្រជាពលរដ្ឋអាចចូលរួមកិច្ចប្រជុំក្រុមប្រឹក្សាឃុំបាន។", "text_en": "Citizens may attend the council's meetings."},
        "hc": {"kind": "សិទ្ធិ", "text_km": "អ្នកជំងឺទាំងអស់ត្រូវបានទទួលដោយស្មើភាពគ្នា។", "text_en": "All patients are received as equals."},
        "ps": {"kind": "កាតព្វកិច្ច", "text_km": "មាតាបិតាបញ្ជូនកូនមករៀនឱ្យបានទៀងទាត់។", "text_en": "Parents send their children to school regularly."},
    },
)  # fmt: skip

STANDARDS = Form(
    "standards",
    "ស្តង់ដារសេវា",
    "standards|standard|service standards|ស្តង់ដារ",
    "អ្វីដែលអង្គភាពនេះត្រូវផ្តល់ជូន។ មួយជួរដេក មួយចំណុច។",
    (NUMBER, *_said("ខ្លឹមសារ", "ប្រយោគខ្លី ងាយយល់។", "content"), SOURCE, TRUE_ON),
    {
        "ca": {"text_km": "សាលាឃុំបើកធ្វើការពីថ្ងៃច័ន្ទ ដល់ថ្ងៃសុក្រ។", "text_en": "The office is open from Monday to Friday."},
        "hc": {"text_km": "មានបុគ្គលិកប្រចាំការ ២៤ ម៉ោង។", "text_en": "Staff are on duty 24 hours."},
        "ps": {"text_km": "ថ្នាក់មួយមានសិស្ស ៣៥ ទៅ ៤០ នាក់។", "text_en": "A class has 35 to 40 pupils."},
    },
)  # fmt: skip

PERFORMANCE = Form(
    "performance",
    "ការអនុវត្តជាក់ស្តែង",
    "performance|performance against standard|ការអនុវត្ត",
    "គោលដៅ និងលទ្ធផលជាក់ស្តែងក្នុងឆ្នាំនីមួយៗ ជាឯកតាតែមួយ។",
    (
        NUMBER,
        *_said("សូចនាករ", "អ្វីដែលត្រូវវាស់។", "indicator"),
        Column("target", "គោលដៅ", "ជាលេខ។", True, 13, "target", pattern=DECIMAL),
        Column("actual", "លទ្ធផលជាក់ស្តែង", "ជាលេខ។ ទុកទទេ បើមិនទាន់ដឹង។", False, 17, "actual|លទ្ធផល", pattern=DECIMAL),
        *_said("ឯកតា", "ឧ. នាក់ ថ្ងៃ ភាគរយ។", "unit", name="unit", width=15),
        YEAR,
        SOURCE,
        TRUE_ON,
    ),
    {
        "ca": {"text_km": "កិច្ចប្រជុំក្រុមប្រឹក្សា", "text_en": "Council meetings", "target": 12, "actual": 11, "unit_km": "ដង", "unit_en": "times", "year": 2025},
        "hc": {"text_km": "បុគ្គលិកសុខាភិបាល", "text_en": "Health staff", "target": 8, "actual": 7, "unit_km": "នាក់", "unit_en": "people", "year": 2025},
        "ps": {"text_km": "ថ្ងៃបង្រៀនក្នុងមួយឆ្នាំ", "text_en": "Teaching days in the year", "target": 211, "actual": 198, "unit_km": "ថ្ងៃ", "unit_en": "days", "year": 2025},
    },
)  # fmt: skip

PRICES = Form(
    "prices",
    "តារាងតម្លៃសេវា",
    "prices|price|price list|តម្លៃសេវា|តម្លៃ",
    "សេវានីមួយៗ និងតម្លៃជារៀល។ បើឥតគិតថ្លៃ សូមសរសេរ 0 ឬ ឥតគិតថ្លៃ។",
    (
        NUMBER,
        *_said("សេវា", "ឈ្មោះសេវា។", "service", width=36),
        Column("riel", "តម្លៃ (រៀល)", "ជាលេខ ឬ ឥតគិតថ្លៃ។", True, 15, "riel|price (riel)|price|តម្លៃ|តម្លៃសេវា", pattern=WHOLE),
        Column("days", "រយៈពេលយូរបំផុត (ថ្ងៃធ្វើការ)", "ជាលេខ។ 0 គឺក្នុងថ្ងៃតែមួយ។ អាចទុកទទេបាន។", False, 17, "days|working days|រយៈពេល|ថ្ងៃធ្វើការ", pattern=WHOLE),
        *_said("ឯកសារត្រូវភ្ជាប់", "ឯកសារដែលត្រូវយកមក។ អាចទុកទទេបាន។", "documents", name="documents", required=False, width=30),
        *_said("អ្នកដែលមិនបង់ថ្លៃ", "ឧ. អ្នកកាន់ប័ណ្ណសមធម៌។ អាចទុកទទេបាន។", "exempt", name="exempt", required=False, width=28),
        Column("keywords", "ពាក្យស្វែងរក", "ពាក្យផ្សេងដែលគេប្រើសួររកសេវានេះ ដោយដាក់ក្បៀសរវាងគ្នា។", False, 28, "keywords|keyword"),
        SOURCE,
        TRUE_ON,
    ),
    {
        "ca": {"text_km": "ចុះបញ្ជីកំណើតក្នុងរយៈពេល ៣០ ថ្ងៃ", "text_en": "Birth registration within 30 days", "riel": "ឥតគិតថ្លៃ", "days": 1, "documents_km": "លិខិតបញ្ជាក់កំណើត", "documents_en": "Note of the birth", "keywords": "សំបុត្រកំណើត, birth certificate"},
        "hc": {"text_km": "សេវាឧទាហរណ៍", "text_en": "Example service", "riel": 2000, "days": 0, "exempt_km": "អ្នកកាន់ប័ណ្ណសមធម៌", "exempt_en": "Holders of an equity card", "keywords": "ពិនិត្យ, check-up"},
        "ps": {"text_km": "ខ្ចីសៀវភៅពុម្ភ", "text_en": "Loan of textbooks", "riel": "ឥតគិតថ្លៃ", "days": 0, "keywords": "សៀវភៅ, books"},
    },
)  # fmt: skip

BUDGET = Form(
    "budget",
    "ថវិកា និងចំណាយ",
    "budget|budget and spending|ថវិកា",
    "ខ្ទង់ថវិកានីមួយៗ ជារៀល។",
    (
        NUMBER,
        *_said("ខ្ទង់ថវិកា", "ឈ្មោះខ្ទង់ចំណាយ។", "line"),
        Column("planned", "គម្រោង (រៀល)", "ជាលេខ។", True, 18, "planned|គម្រោង|ថវិកាគម្រោង", pattern=WHOLE),
        Column("spent", "ចំណាយ (រៀល)", "ជាលេខ។ ទុកទទេ បើមិនទាន់ដឹង។", False, 18, "spent|ចំណាយ|បានចំណាយ", pattern=WHOLE),
        YEAR,
        SOURCE,
        TRUE_ON,
    ),
    {
        "ca": {"text_km": "ថវិកាអភិវឌ្ឍន៍ឃុំ", "text_en": "Commune development budget", "planned": 120000000, "spent": 80000000, "year": 2025},
        "hc": {"text_km": "ថែទាំអគារ", "text_en": "Upkeep of the building", "planned": 4000000, "spent": 3500000, "year": 2025},
        "ps": {"text_km": "សម្ភារៈបង្រៀន", "text_en": "Teaching materials", "planned": 6000000, "spent": 5200000, "year": 2025},
    },
)  # fmt: skip

PART = Form(
    "part",
    "ការចូលរួម និងបណ្តឹង",
    "part|taking part|taking part and complaints|ការចូលរួម",
    "កិច្ចប្រជុំបន្ទាប់ អ្នកដែលអាចសួរបាន និងរបៀបដាក់បណ្តឹង។",
    (
        NUMBER,
        Column(
            "kind",
            "ប្រភេទ",
            "ជ្រើសរើសពីបញ្ជី។",
            True,
            14,
            "kind|type",
            (
                Choice("meeting", "កិច្ចប្រជុំ", "meeting|ប្រជុំ"),
                Choice("contact", "ទំនាក់ទំនង", "contact"),
                Choice("complaint", "បណ្តឹង", "complaint|បណ្ដឹង"),
            ),
        ),
        *_said("ខ្លឹមសារ", "ពេលណា កន្លែងណា ឬអ្នកណា។", "content"),
        SOURCE,
        TRUE_ON,
    ),
    {
        "ca": {"kind": "កិច្ចប្រជុំ", "text_km": "ក្រុមប្រឹក្សាប្រជុំរៀងរាល់ខែ ហើយបើកចំហសម្រាប់ប្រជាពលរដ្ឋ។", "text_en": "The council meets every month, open to all."},
        "hc": {"kind": "បណ្តឹង", "text_km": "ប្រអប់សំបុត្រមតិយោបល់នៅមុខមណ្ឌលសុខភាព។", "text_en": "A box for opinions in front of the health centre."},
        "ps": {"kind": "ទំនាក់ទំនង", "text_km": "សូមសួរនាយកសាលា នៅម៉ោងធ្វើការ។", "text_en": "Ask the school's director in working hours."},
    },
)  # fmt: skip

#: Every block's sheet, in the order of the blocks.
FORMS = (RIGHTS, STANDARDS, PERFORMANCE, PRICES, BUDGET, PART)
assert tuple(form.block for form in FORMS) == BLOCKS


def form_of(block: str) -> Form:
    return next(form for form in FORMS if form.block == block)
