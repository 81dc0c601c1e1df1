import pytest
from tests.test_phone import *
from tests.test_phone import test_a_keyboard_is_enough as one
for name in [n for n in globals() if n.startswith("test_")]: del globals()[name]
@pytest.mark.parametrize("n", range(60))
def test_many(page, n): one(page)
