"""What is said about a bad row of a list of meetings: what is wrong and what to write, in English and in Khmer."""

from __future__ import annotations

from storage.complaints import Says

NO_ROWS: Says = (
    "There is no meeting below the headings. Write one in each row.",
    "គ្មានកិច្ចប្រជុំណាមួយនៅក្រោមក្បាលជួរឈរទេ។ សូមសរសេរកិច្ចប្រជុំមួយក្នុងមួយជួរដេក។",
)
UNKNOWN_COMMUNE: Says = (
    "There is no commune {value}. Write its NCDD code of six digits, for example 080302.",
    "គ្មានឃុំ/សង្កាត់ {value} ទេ។ សូមសរសេរលេខកូដ គ.ជ.អ.ប ៦ ខ្ទង់ ឧទាហរណ៍ 080302។",
)
UNKNOWN_KIND: Says = (
    "“{value}” is no kind of meeting. Write village, i4c, scorecard, interface, jaap or other.",
    "«{value}» មិនមែនជាប្រភេទកិច្ចប្រជុំទេ។ សូមសរសេរ village, i4c, scorecard, interface, jaap ឬ other។",
)
DATES: dict[str, Says] = {
    "not understood": (
        "“{value}” is no date that can be read. Write it as in 2026-12-01 or 1/12/2026.",
        "មិនយល់កាលបរិច្ឆេទ «{value}» ទេ។ សូមសរសេរដូច 2026-12-01 ឬ ១/១២/២០២៦។",
    ),
    "no such day": (
        "There is no day {value}. Look at a calendar and write another.",
        "គ្មានថ្ងៃ {value} ទេ។ សូមមើលប្រតិទិន រួចសរសេរថ្ងៃផ្សេង។",
    ),
    "two readings": (
        "“{value}” can mean two days. Write it as in 2026-12-01.",
        "«{value}» អាចមានន័យពីរថ្ងៃ។ សូមសរសេរដូច 2026-12-01។",
    ),
    "past": (
        "{value} has passed. Write a day to come, with its year.",
        "{value} កន្លងហួសហើយ។ សូមសរសេរថ្ងៃខាងមុខ ព្រមទាំងឆ្នាំ។",
    ),
    "other weekday": (
        "{value}: that day is another weekday. Correct the day or the weekday.",
        "{value}៖ ថ្ងៃនោះមិនមែនជាថ្ងៃនេះក្នុងសប្ដាហ៍ទេ។ សូមកែថ្ងៃ ឬកាលបរិច្ឆេទ។",
    ),
}
TIMES: dict[str, Says] = {
    "not understood": (
        "“{value}” is no time that can be read. Write it as in 08:30 or 2:00 pm.",
        "មិនយល់ម៉ោង «{value}» ទេ។ សូមសរសេរដូច 08:30 ឬ ម៉ោង ២ រសៀល។",
    ),
    "no such time": (
        "There is no time {value}. Write it as in 08:30 or 14:00.",
        "គ្មានម៉ោង {value} ទេ។ សូមសរសេរដូច 08:30 ឬ 14:00។",
    ),
    "two readings": (
        "“{value}” can be in the morning or in the afternoon. Write it as in 08:00 or 14:00.",
        "«{value}» អាចជាព្រឹក ឬរសៀល។ សូមសរសេរដូច 08:00 ឬ 14:00។",
    ),
}
PASSED: Says = (
    "{on} {at} has passed. Write a time to come.",
    "{on} {at} កន្លងហួសហើយ។ សូមសរសេរពេលវេលាខាងមុខ។",
)
LONG: Says = (
    "The text has {length} characters. Write at most {most}: it goes to everybody by SMS.",
    "អត្ថបទមាន {length} តួអក្សរ។ សូមសរសេរយ៉ាងច្រើន {most} តួ ព្រោះវាត្រូវផ្ញើជាសារទៅគ្រប់គ្នា។",
)
UNKNOWN_VILLAGE: Says = (
    "There is no village {value} in commune {commune}. Write its name or its code of eight digits.",
    "ឃុំ/សង្កាត់ {commune} គ្មានភូមិ {value} ទេ។ សូមសរសេរឈ្មោះ ឬលេខកូដ ៨ ខ្ទង់របស់ភូមិ។",
)
VILLAGE_ELSEWHERE: Says = (
    "Village {value} lies in commune {other}, not in {commune}. Write a row of its own for each commune.",
    "ភូមិ {value} ស្ថិតក្នុងឃុំ/សង្កាត់ {other} មិនមែន {commune} ទេ។ សូមសរសេរមួយជួរដេកសម្រាប់ឃុំ/សង្កាត់នីមួយៗ។",
)
TWO_VILLAGES: Says = (
    "Commune {commune} has several villages {value}. Write the code of eight digits.",
    "ឃុំ/សង្កាត់ {commune} មានភូមិ {value} ច្រើន។ សូមសរសេរលេខកូដ ៨ ខ្ទង់។",
)
UNKNOWN_FACILITY: Says = (
    "There is no facility {value}. Write its code in the registry, for example hc080302.",
    "គ្មានអង្គភាព {value} ទេ។ សូមសរសេរលេខកូដក្នុងបញ្ជី ឧទាហរណ៍ hc080302។",
)
FACILITY_ELSEWHERE: Says = (
    "Facility {value} does not serve commune {commune}. Write one of its communes: {communes}.",
    "អង្គភាព {value} មិនបម្រើឃុំ/សង្កាត់ {commune} ទេ។ សូមសរសេរឃុំ/សង្កាត់ដែលវាបម្រើ៖ {communes}។",
)
BOTH: Says = (
    "A meeting is for villages or for those who follow a facility, not both. Empty one of the two cells.",
    "កិច្ចប្រជុំមួយសម្រាប់ភូមិ ឬសម្រាប់អ្នកតាមដានអង្គភាព មិនមែនទាំងពីរទេ។ សូមទុកក្រឡាមួយឱ្យទទេ។",
)
TWICE: Says = (
    "Row {first} announces the same meeting. Remove one of the two.",
    "ជួរដេកទី {first} ប្រកាសកិច្ចប្រជុំដូចគ្នា។ សូមលុបចេញមួយ។",
)
OVER_CAP: Says = (
    "With this meeting commune {commune} needs {segments} SMS segments today and may send {left}. Choose fewer villages, or announce it on another day.",
    "បើបន្ថែមកិច្ចប្រជុំនេះ ឃុំ/សង្កាត់ {commune} ត្រូវការ SMS {segments} ផ្នែកថ្ងៃនេះ តែអាចផ្ញើបានតែ {left} ផ្នែក។ សូមជ្រើសភូមិតិចជាងនេះ ឬប្រកាសនៅថ្ងៃផ្សេង។",
)
LATE: Says = (
    "Not everybody can be told before it begins.",
    "មិនអាចជូនដំណឹងដល់គ្រប់គ្នាមុនពេលប្រជុំបានទេ។",
)
NOBODY: Says = (
    "Nobody there has joined yet, so nobody is told at once.",
    "មិនទាន់មាននរណាចុះឈ្មោះនៅទីនោះទេ ដូច្នេះមិនទាន់មានអ្នកទទួលដំណឹងឡើយ។",
)
ANNOUNCED: Says = (
    "This meeting is announced already, as number {number}, and is left as it is.",
    "កិច្ចប្រជុំនេះបានប្រកាសរួចហើយ ជាលេខ {number} ហើយត្រូវទុកដដែល។",
)
