"""What is said about a bad pack: what is wrong and what to write, in English and in Khmer."""

from __future__ import annotations

NO_PACK_FILE = (
    "Only .xlsx and .yaml files can be read, not {name}. Fill in the template: samleng i4c template.",
    "អាចអានបានតែឯកសារ .xlsx និង .yaml ប៉ុណ្ណោះ មិនមែន {name} ទេ។ សូមបំពេញក្នុងឯកសារគំរូ (samleng i4c template)។",
)
NO_WORKBOOK = (
    "The file is named .xlsx but is no spreadsheet. Fill in the template and save it as Excel Workbook (.xlsx).",
    "ឯកសារនេះមានឈ្មោះ .xlsx ប៉ុន្តែវាមិនមែនជាតារាង Excel ទេ។ សូមបំពេញក្នុងឯកសារគំរូ រួចរក្សាទុកជា Excel Workbook (.xlsx)។",
)

# -- Sheets -----------------------------------------------------------------------------------------------

NO_ABOUT = (
    "There is no sheet “{name}”, which says whose pack this is. Take it from the template.",
    "គ្មានសន្លឹក «{name}» ដែលប្រាប់ថាកញ្ចប់នេះជារបស់អង្គភាពណា។ សូមយកវាពីឯកសារគំរូ។",
)
SHEET_NEAR = (
    "There is no sheet of this name in a pack. Did you mean “{near}”? Rename it.",
    "កញ្ចប់គ្មានសន្លឹកឈ្មោះនេះទេ។ តើអ្នកចង់សរសេរ «{near}» ឬ? សូមប្ដូរឈ្មោះវា។",
)
SHEET_UNKNOWN = (
    "There is no sheet of this name in a pack. Rename it to one of {names}, or delete it.",
    "កញ្ចប់គ្មានសន្លឹកឈ្មោះនេះទេ។ សូមប្ដូរឈ្មោះជា {names} ឬលុបវាចេញ។",
)
SHEET_TWICE = (
    "This and the sheet “{first}” are both “{name}”. Put everything on one of them.",
    "សន្លឹកនេះ និងសន្លឹក «{first}» សុទ្ធតែជា «{name}»។ សូមដាក់ទាំងអស់ក្នុងសន្លឹកតែមួយ។",
)
HIDDEN = (
    "This sheet is hidden and is not read. Show it, or delete it.",
    "សន្លឹកនេះត្រូវបានលាក់ ហើយមិនត្រូវបានអានទេ។ សូមបង្ហាញវា ឬលុបវាចេញ។",
)
MERGED = (
    "The cells {cells} are merged. Unmerge them and write in each cell what belongs there.",
    "ក្រឡា {cells} ត្រូវបានបញ្ចូលគ្នា។ សូមបំបែកវា រួចសរសេរក្នុងក្រឡានីមួយៗ។",
)
FORMULA = (
    "Cell {cell} holds a formula, {value}. Write the value itself.",
    "ក្រឡា {cell} មានរូបមន្ត {value}។ សូមសរសេរតម្លៃពិត។",
)
TOO_MANY = (
    "There are more than {most} rows, and a block has at most {most}. Keep those that citizens ask for.",
    "មានលើសពី {most} ជួរដេក ប៉ុន្តែផ្នែកមួយមានយ៉ាងច្រើន {most}។ សូមទុកតែអ្វីដែលប្រជាពលរដ្ឋសួររក។",
)
EXAMPLE_CHANGED = (
    "The first cell says “{mark}”, and an example is not read. Delete that word if the row is yours, or the whole row.",
    "ក្រឡាទីមួយសរសេរ «{mark}» ហើយឧទាហរណ៍មិនត្រូវបានអានទេ។ សូមលុបពាក្យនោះ បើជួរដេកជារបស់អ្នក ឬលុបជួរដេកទាំងមូល។",
)
NO_ITEMS = (
    "The pack says nothing: every sheet is empty. Fill in at least one.",
    "កញ្ចប់គ្មានព័ត៌មានទេ៖ សន្លឹកទាំងអស់ទទេ។ សូមបំពេញយ៉ាងតិចមួយសន្លឹក។",
)
LINE_UNREAD = (
    "“{value}” is no line of this sheet and is not read.",
    "«{value}» មិនមែនជាបន្ទាត់នៃសន្លឹកនេះទេ ហើយមិនត្រូវបានអាន។",
)
LINE_TWICE = (
    "“{name}” is there twice. Keep one of them.",
    "«{name}» មានពីរដង។ សូមទុកតែមួយ។",
)

# -- YAML -------------------------------------------------------------------------------------------------

YAML_BROKEN = (
    "The file is no YAML here: {why}.",
    "ឯកសារមិនត្រឹមត្រូវតាមទម្រង់ YAML នៅត្រង់នេះ ({why})។",
)
YAML_LARGE = (
    "The file is larger than {most} kB. A pack is one facility's.",
    "ឯកសារធំជាង {most} kB។ កញ្ចប់មួយសម្រាប់អង្គភាពតែមួយ។",
)
YAML_ALIAS = (
    "Anchors (&) and aliases (*) are not read. Write the text out, in quotation marks if it begins with such a sign.",
    "សញ្ញា & និង * ដើមតម្លៃ មិនត្រូវបានអានទេ។ សូមសរសេរអត្ថបទពេញ ហើយដាក់ក្នុងសញ្ញាសម្រង់ បើវាចាប់ផ្ដើមដោយសញ្ញានេះ។",
)
FIELD_NEAR = (
    "There is no {value} here. Did you mean {near}?",
    "នៅទីនេះគ្មាន {value} ទេ។ តើអ្នកចង់សរសេរ {near} ឬ?",
)
FIELD_UNKNOWN = (
    "There is no {value} here. Write one of {names}.",
    "នៅទីនេះគ្មាន {value} ទេ។ សូមសរសេរ {names}។",
)
FIELD_SHAPE = (
    "Write {shape} here.",
    "សូមសរសេរ {shape} នៅទីនេះ។",
)

# -- About ------------------------------------------------------------------------------------------------

MISSING = (
    "The cell is empty. Write the {name}.",
    "ក្រឡានេះទទេ។ សូមសរសេរ {name}។",
)
NO_FACILITY = (
    "There is no facility {value}. `samleng find` shows the codes; a commune's own are, for example, ca080303, hc080303 and ps080303.",
    "គ្មានអង្គភាព {value} ទេ។ លេខកូដរបស់ឃុំ/សង្កាត់មួយ មានឧទាហរណ៍ ca080303, hc080303 និង ps080303។",
)
PLACE_CODE = (
    "{value} is the code of a place. Write that of the facility: {ca} (commune office), {hc} (health centre) or {ps} (primary school).",
    "{value} ជាលេខកូដទីកន្លែង។ សូមសរសេរលេខកូដអង្គភាព៖ {ca} (រដ្ឋបាលឃុំ/សង្កាត់) {hc} (មណ្ឌលសុខភាព) ឬ {ps} (សាលាបឋមសិក្សា)។",
)
GENERAL = (
    "{value} is a service. Its general standards come with each release; write the code of a facility.",
    "{value} ជាប្រភេទសេវា។ ស្តង់ដារទូទៅរបស់វាមានរួចហើយ សូមសរសេរលេខកូដអង្គភាព។",
)
RETIRED = (
    "Facility {value} is retired and no longer shown. Write the code of the one that took its place.",
    "អង្គភាព {value} លែងប្រើហើយ។ សូមសរសេរលេខកូដអង្គភាពដែលជំនួសវា។",
)
REPLACED = (
    "Citizens are shown {codes} instead of {value}, so nobody will read this pack.",
    "ប្រជាពលរដ្ឋឃើញ {codes} ជំនួស {value} ដូច្នេះគ្មាននរណាអានកញ្ចប់នេះទេ។",
)

# -- Cells ------------------------------------------------------------------------------------------------

LEADING = (
    "The text begins with “{mark}”, which spreadsheets take for a formula. Remove that sign, or write a word before it.",
    "អត្ថបទចាប់ផ្ដើមដោយសញ្ញា «{mark}» ដែលកម្មវិធីតារាងយល់ថាជារូបមន្ត។ សូមលុបសញ្ញានោះ ឬសរសេរពាក្យនៅមុខវា។",
)
UNSHOWN = (
    "The text has a character that can't be shown. Type it again.",
    "អត្ថបទមានតួអក្សរដែលមិនអាចបង្ហាញបាន។ សូមវាយវាម្ដងទៀត។",
)
LONG = (
    "The text has {length} characters. Write at most {most}.",
    "អត្ថបទមាន {length} តួអក្សរ។ សូមសរសេរយ៉ាងច្រើន {most} តួ។",
)
NOT_KHMER = (
    "“{value}” has no Khmer letters. Check that the columns of languages are not swapped.",
    "«{value}» គ្មានអក្សរខ្មែរ។ សូមពិនិត្យក្រែងច្រឡំជួរឈរភាសា។",
)
NOT_ENGLISH = (
    "“{value}” has Khmer letters. Check that the columns of languages are not swapped.",
    "«{value}» មានអក្សរខ្មែរ។ សូមពិនិត្យក្រែងច្រឡំជួរឈរភាសា។",
)
NO_ENGLISH = (
    "The pack is to be in Khmer and English, and this text has no English.",
    "កញ្ចប់នេះជាភាសាខ្មែរ និងអង់គ្លេស ប៉ុន្តែអត្ថបទនេះគ្មានភាសាអង់គ្លេសទេ។",
)
NO_CHOICE = (
    "“{value}” can't stand here. Write {names}.",
    "«{value}» មិនអាចប្រើនៅទីនេះទេ។ សូមសរសេរ {names}។",
)
NO_AMOUNT = (
    "“{value}” is no amount in riel. Write digits alone, for example 5000, or ឥតគិតថ្លៃ (free).",
    "«{value}» មិនមែនជាចំនួនទឹកប្រាក់រៀលទេ។ សូមសរសេរតែលេខ ឧទាហរណ៍ 5000 ឬសរសេរ ឥតគិតថ្លៃ។",
)
NO_MONEY = (
    "“{value}” is no amount in riel. Write digits alone, for example 120000000.",
    "«{value}» មិនមែនជាចំនួនទឹកប្រាក់រៀលទេ។ សូមសរសេរតែលេខ ឧទាហរណ៍ 120000000។",
)
SMALL_AMOUNT = (
    "{value} riel is very little. Is it in dollars, or in thousands?",
    "{value} រៀលតិចពេក។ តើវាជាដុល្លារ ឬជាពាន់រៀល?",
)
NO_NUMBER = (
    "“{value}” is no number. Write digits alone, for example 95 or 7.5.",
    "«{value}» មិនមែនជាលេខទេ។ សូមសរសេរតែលេខ ឧទាហរណ៍ 95 ឬ 7.5។",
)
NO_DAYS = (
    "“{value}” is no number of working days. Write a whole number from 0 (the same day) to 365.",
    "«{value}» មិនមែនជាចំនួនថ្ងៃធ្វើការទេ។ សូមសរសេរលេខពី 0 (ក្នុងថ្ងៃតែមួយ) ដល់ 365។",
)
NO_YEAR = (
    "“{value}” is no year of a pack. Write it as {example}.",
    "«{value}» មិនមែនជាឆ្នាំដែលអាចប្រើបានទេ។ សូមសរសេរដូចជា {example}។",
)
BUDDHIST_YEAR = (
    "{value} is a year of the Buddhist era. Write the common year, {low} or {high}.",
    "{value} ជាឆ្នាំពុទ្ធសករាជ។ សូមសរសេរឆ្នាំគ្រិស្តសករាជ {low} ឬ {high}។",
)
NO_DATE = (
    "“{value}” is no date that can be read. Write it as {example}.",
    "មិនអាចអានកាលបរិច្ឆេទ «{value}» បានទេ។ សូមសរសេរដូចជា {example}។",
)
NO_SUCH_DAY = (
    "There is no day {value}. Check day and month.",
    "គ្មានថ្ងៃ {value} ទេ។ សូមពិនិត្យថ្ងៃ និងខែ។",
)
LATER_DATE = (
    "{value} is still to come. Write the day on which this was known to be true.",
    "{value} មិនទាន់មកដល់ទេ។ សូមសរសេរថ្ងៃដែលព័ត៌មាននេះត្រឹមត្រូវ។",
)
OLD_DATE = (
    "{value} is more than twelve months ago, and citizens are told so. Write a newer day if you have confirmed it.",
    "{value} គឺលើសពី ១២ ខែហើយ ហើយប្រជាពលរដ្ឋនឹងឃើញដូច្នេះ។ សូមសរសេរថ្ងៃថ្មី បើអ្នកបានបញ្ជាក់ព័ត៌មាននេះម្ដងទៀត។",
)
KEYWORDS = (
    "Write at most {most} words, each of at most {length} letters, with commas between them.",
    "សូមសរសេរយ៉ាងច្រើន {most} ពាក្យ មួយពាក្យយ៉ាងច្រើន {length} តួអក្សរ ដោយដាក់ក្បៀសរវាងគ្នា។",
)
SAME_TEXT = (
    "Row {first} says the same. Delete one of them, or add what distinguishes them.",
    "ជួរដេកទី {first} មានខ្លឹមសារដូចគ្នា។ សូមលុបមួយ ឬបន្ថែមអ្វីដែលខុសគ្នា។",
)
OVERSPENT = (
    "More was spent than planned. Check both amounts.",
    "ចំណាយលើសគម្រោង។ សូមពិនិត្យចំនួនទាំងពីរ។",
)
