"""The three services as people call them, and as something to choose."""

from __future__ import annotations

from flows import khmer
from flows.library import SERVICES, service_name
from flows.questions import Option

_WORDS = {
    "hc": "hc health healthcentre healthcenter hospital clinic mondolsokhapheap sokhapheap sokhaphiep sokapheap "
    "peth pet មណ្ឌលសុខភាព មណ្ឌល សុខភាព ពេទ្យ មន្ទីរពេទ្យ ម.ស",
    "ca": "ca commune communeoffice office khum salakhum sangkat salasangkat សាលាឃុំ/សង្កាត់ សាលាឃុំ សាលាសង្កាត់ "
    "រដ្ឋបាលឃុំ រដ្ឋបាលសង្កាត់ រដ្ឋបាល ឃុំ សង្កាត់",
    "ps": "ps school primaryschool sala salarien salabathom សាលាបឋមសិក្សា សាលាបឋម សាលារៀន បឋមសិក្សា សាលា",
}
#: What a service is called, as `khmer.key` has it.
CALLED = {service: frozenset(khmer.key(word) for word in said.split()) for service, said in _WORDS.items()}
#: Longest first: សាលាឃុំ is the commune's office and no school.
SERVICE_WORDS = sorted(
    ((word, service) for service, called in CALLED.items() for word in called),
    key=lambda pair: (-len(pair[0]), pair),
)

#: Each service to choose, by whatever it is called.
CHOICES = tuple(Option(service, service_name(service), called=CALLED[service]) for service in SERVICES)
