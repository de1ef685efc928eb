from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.retention import DAYS, Kept, in_time, kept_until

AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(("kind", "days"), [(Kept.PASSAGE, 90), (Kept.STILL, 30)])
def test_things_are_kept_as_the_table_of_the_law_says(kind, days):
    end = kept_until(kind, AT)
    assert end == int((AT + timedelta(days=days)).timestamp())
    assert in_time(end, AT)
    assert not in_time(end, AT + timedelta(days=days))
    assert set(DAYS) == set(Kept)


@pytest.mark.parametrize("kind", [Kept.CONSENT, Kept.SHARING, Kept.VIEW_LOG])
def test_proof_is_kept_three_years(kind):
    assert kept_until(kind, AT) >= datetime(2029, 3, 1, tzinfo=UTC).timestamp()
