"""What is said about a bad row of a registry: what is wrong and what to write, in English and in Khmer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong and what to write, in two languages. `row` as the spreadsheet shows it; None: the file, or the
    whole of `sheet`. `sheet` only where a file has several."""

    row: int | None
    column: str
    english: str
    khmer: str
    sheet: str = ""


#: English, Khmer.
Says = tuple[str, str]

COLUMN_MISSING = (
    "There is no column {name}. Write the heading {name} above it.",
    "គ្មានជួរឈរ {name} ទេ។ សូមសរសេរក្បាលជួរឈរ {name} នៅខាងលើវា។",
)
COLUMN_UNNAMED = (
    "There is no column {name}, and column {letters} has no heading (merged cells?). Unmerge the headings and write one above each column.",
    "គ្មានជួរឈរ {name} ទេ ហើយជួរឈរ {letters} គ្មានក្បាល (ក្រឡាបញ្ចូលគ្នា?)។ សូមបំបែកក្រឡា រួចសរសេរក្បាលលើជួរឈរនីមួយៗ។",
)
COLUMN_TWICE = (
    "Columns {one} and {two} both mean {name}. Keep one of them.",
    "ជួរឈរ {one} និង {two} សុទ្ធតែមានន័យថា {name}។ សូមទុកតែមួយ។",
)
COLUMNS_UNREAD = ("These columns are not read: {names}.", "ជួរឈរទាំងនេះមិនត្រូវបានអានទេ៖ {names}។")
OTHER_SHEETS = ("Only the first sheet is read, not: {names}.", "អានតែសន្លឹកទីមួយប៉ុណ្ណោះ មិនអាន៖ {names}។")
NO_ROWS = (
    "There is no facility below the headings. Write one in each row.",
    "គ្មានអង្គភាពណាមួយនៅក្រោមក្បាលជួរឈរទេ។ សូមសរសេរអង្គភាពមួយក្នុងមួយជួរដេក។",
)
MISSING = (
    "The cell is empty. Write the {name} (merged cells hold a value only in the first).",
    "ក្រឡានេះទទេ។ សូមសរសេរ {name} (ក្រឡាបញ្ចូលគ្នា មានតម្លៃតែក្នុងក្រឡាទីមួយ)។",
)
ERROR_CELL = (
    "{value} is an error of the spreadsheet. Write the value itself.",
    "{value} ជាកំហុសរបស់កម្មវិធីតារាង។ សូមសរសេរតម្លៃពិត។",
)
FORMULA = (
    "“{value}” looks like a formula and is taken as text. Remove the first character if it is not meant.",
    "«{value}» មើលទៅដូចជារូបមន្ត ហើយត្រូវបានទុកជាអត្ថបទ។ សូមលុបតួអក្សរដំបូង បើមិនមែនជាចេតនា។",
)
BAD_CODE = (
    "“{value}” can't be a code. Write 2 to 24 letters a-z, digits 0-9 or hyphens, for example {example}.",
    "«{value}» មិនអាចជាលេខកូដបានទេ។ សូមសរសេរអក្សរ a-z លេខ 0-9 ឬសញ្ញា - ចំនួន ២ ដល់ ២៤ តួ ឧទាហរណ៍ {example}។",
)
CODE_TWICE = (
    "The code {code} is already in row {first}. Write a code of its own for each facility.",
    "លេខកូដ {code} មានរួចហើយនៅជួរដេកទី {first}។ សូមសរសេរលេខកូដផ្សេងគ្នាសម្រាប់អង្គភាពនីមួយៗ។",
)
CODE_OF_PLACE = (
    "{code} is the code of a place. Write letters before it, for example f-{code}.",
    "{code} ជាលេខកូដទីកន្លែង។ សូមសរសេរអក្សរនៅមុខវា ឧទាហរណ៍ f-{code}។",
)
CODE_OF_DIGITS = (
    "Spreadsheets remove the zeros before a code of digits alone, such as {code}. Letters before it are safer, for example f-{code}.",
    "កម្មវិធីតារាងលុបលេខសូន្យនៅមុខលេខកូដដែលមានតែលេខ ដូចជា {code}។ គួរសរសេរអក្សរនៅមុខវា ឧទាហរណ៍ f-{code}។",
)
CODE_OF_SERVICE = (
    "The code {code} is kept for a {english} ({service}), and a code keeps its service. Write another code.",
    "លេខកូដ {code} ជារបស់{khmer} ({service}) ហើយលេខកូដមិនអាចប្ដូរសេវាបានទេ។ សូមសរសេរលេខកូដផ្សេង។",
)
CODE_OF_COMMUNE = (
    "The code {code} is kept for a facility of commune {commune}. Write {commune} among its communes, or another code.",
    "លេខកូដ {code} ទុកសម្រាប់អង្គភាពនៃឃុំ/សង្កាត់ {commune}។ សូមបន្ថែម {commune} ក្នុងបញ្ជីឃុំ/សង្កាត់ ឬសរសេរលេខកូដផ្សេង។",
)
UNKNOWN_SERVICE = (
    "“{value}” is no service. Write ca (commune office), hc (health centre) or ps (primary school).",
    "«{value}» មិនមែនជាសេវាទេ។ សូមសរសេរ ca (រដ្ឋបាលឃុំ/សង្កាត់) hc (មណ្ឌលសុខភាព) ឬ ps (សាលាបឋមសិក្សា)។",
)
UNSHOWN = (
    "The name has a line break or a character that can't be shown in it. Type it again, on one line.",
    "ឈ្មោះមានការចុះបន្ទាត់ ឬតួអក្សរដែលមិនអាចបង្ហាញបាន។ សូមវាយវាម្ដងទៀតក្នុងមួយបន្ទាត់។",
)
MARKUP = (
    "The name has HTML in it (<, > or &…;). Write the name alone.",
    "ឈ្មោះមានកូដ HTML (<, > ឬ &…;)។ សូមសរសេរតែឈ្មោះ។",
)
LONG = (
    "The name has {length} characters. Write at most {most}.",
    "ឈ្មោះមាន {length} តួអក្សរ។ សូមសរសេរយ៉ាងច្រើន {most} តួ។",
)
NOT_KHMER = (
    "“{value}” has no Khmer letters. Check that the columns of names are not swapped.",
    "«{value}» គ្មានអក្សរខ្មែរ។ សូមពិនិត្យក្រែងជួរឈរឈ្មោះទាំងពីរច្រឡំគ្នា។",
)
NOT_LATIN = (
    "“{value}” has Khmer letters. Check that the columns of names are not swapped.",
    "«{value}» មានអក្សរខ្មែរ។ សូមពិនិត្យក្រែងជួរឈរឈ្មោះទាំងពីរច្រឡំគ្នា។",
)
UNKNOWN_COMMUNE = (
    "There is no commune {values}. Write NCDD codes of six digits with a space between them, for example 080101 080102.",
    "គ្មានឃុំ/សង្កាត់ {values} ទេ។ សូមសរសេរលេខកូដ គ.ជ.អ.ប ៦ ខ្ទង់ ដោយដកឃ្លារវាងគ្នា ឧទាហរណ៍ 080101 080102។",
)
VILLAGE = (
    "{code} is a village. Write its commune, {commune}.",
    "{code} ជាភូមិ។ សូមសរសេរឃុំ/សង្កាត់របស់វា {commune}។",
)
OLD_COMMUNE = (
    "{old} is an old code and is read as {new}. Write {new}.",
    "{old} ជាលេខកូដចាស់ ហើយត្រូវបានអានជា {new}។ សូមសរសេរ {new}។",
)
OFFICE_OF_MANY = (
    "A commune office serves one commune, not {communes}. Write one row for each office.",
    "រដ្ឋបាលឃុំ/សង្កាត់មួយ បម្រើតែឃុំ/សង្កាត់មួយ មិនមែន {communes} ទេ។ សូមសរសេរមួយជួរដេកសម្រាប់រដ្ឋបាលនីមួយៗ។",
)
SECOND_OFFICE = (
    "Commune {commune} has an office in row {first} already. Check the communes of both.",
    "ឃុំ/សង្កាត់ {commune} មានរដ្ឋបាលនៅជួរដេកទី {first} រួចហើយ។ សូមពិនិត្យឃុំ/សង្កាត់ក្នុងជួរដេកទាំងពីរ។",
)
SAME_NAME = (
    "Row {first} has the same name in commune {commune}, so citizens can't tell the two apart. Add what distinguishes them.",
    "ជួរដេកទី {first} មានឈ្មោះដូចគ្នាក្នុងឃុំ/សង្កាត់ {commune} ប្រជាពលរដ្ឋមិនអាចបែងចែកបានទេ។ សូមបន្ថែមអ្វីដែលខុសគ្នា។",
)
