from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.identity.rules import consent as rules
from chalicelib.identity.rules.consent import Channel, Decision, Purpose, Standing, State

AT = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FACE = Purpose.FACE_RECOGNITION
NOTICE = rules.NOTICES[FACE]
SHOWN = (NOTICE.version, NOTICE.sha256)


def test_every_purpose_has_its_own_text():
    assert set(rules.NOTICES) == set(Purpose)
    assert len({notice.sha256 for notice in rules.NOTICES.values()}) == len(Purpose)
    for notice in rules.NOTICES.values():
        assert "撤回" in notice.text
        assert timedelta(0) < notice.lasts <= rules.LONGEST


def test_a_consent_holds_until_its_end_and_not_at_it():
    given = rules.decided(Decision.GIVEN, FACE, AT)
    assert given.holds(AT)
    assert given.holds(AT + NOTICE.lasts - DAY)
    assert not given.holds(AT + NOTICE.lasts)
    assert given.at(AT + NOTICE.lasts).state is State.EXPIRED


@pytest.mark.parametrize(("until", "ends"), [(5, 5), (3_000, 365)])
def test_an_end_of_ones_own_only_shortens(until, ends):
    given = rules.decided(Decision.GIVEN, FACE, AT, AT + until * DAY)
    assert given.expires == AT + ends * DAY


@pytest.mark.parametrize(
    ("standing", "days", "may"),
    [
        (Standing(), 0, True),
        (rules.decided(Decision.GIVEN, FACE, AT), 0, False),
        (rules.decided(Decision.GIVEN, FACE, AT), 365, True),
        (rules.decided(Decision.REFUSED, FACE, AT), 29, False),
        (rules.decided(Decision.REFUSED, FACE, AT), 30, True),
        (rules.withdrawn(AT), 29, False),
        (rules.withdrawn(AT), 30, True),
    ],
)
def test_nobody_is_asked_while_it_holds_or_is_quiet(standing, days, may):
    assert standing.may_be_asked(AT + days * DAY) is may
    reason = rules.refusal(standing, Channel.PROMPT, SHOWN, FACE, AT + days * DAY)
    assert reason == (None if may else "consent_quiet")
    assert rules.refusal(standing, Channel.SETTINGS, SHOWN, FACE, AT + days * DAY) is None


@pytest.mark.parametrize("shown", [("2025-01", SHOWN[1]), (SHOWN[0], "0" * 64)])
def test_another_text_is_no_consent_to_this_one(shown):
    reason = rules.refusal(Standing(), Channel.SETTINGS, shown, FACE, AT)
    assert reason == "consent_text_changed"
