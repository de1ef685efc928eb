from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.identity.rules import consent as rules
from chalicelib.identity.rules.consent import Channel, Decision, Purpose, Standing, State

AT = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FACE = Purpose.FACE_RECOGNITION
NOTICE = rules.current(FACE)
SHOWN = (NOTICE.version, NOTICE.sha256)


GOLDEN = Path(__file__).parents[1] / "architecture" / "golden" / "notices.txt"


def test_every_purpose_has_its_own_text():
    missing = [purpose.value for purpose in Purpose if not rules.NOTICES.get(purpose)]
    assert missing == [], "write its text in NOTICES of chalicelib/identity/rules/consent.py"
    texts = [notice for notices in rules.NOTICES.values() for notice in notices]
    assert len({notice.sha256 for notice in texts}) == len(texts)
    for notice in texts:
        assert "撤回" in notice.text
        assert timedelta(0) < notice.lasts <= timedelta(days=3 * 366)


def test_no_text_that_people_agreed_to_was_changed():
    """What they agreed to must be shown again years later (PIPL 14, 55)."""
    said = [
        f"{purpose.value} {notice.version} {notice.sha256}"
        for purpose, notices in rules.NOTICES.items()
        for notice in notices
    ]
    golden = GOLDEN.read_text(encoding="utf-8").splitlines()
    gone = [line for line in golden if line not in said]
    assert gone == [], "put that text back, and add the new one behind it as a Notice of its own"
    new = [line for line in said if line not in golden]
    assert new == [], f"a text is new? then add these lines to {GOLDEN.name}"


def notice(text: str, *, material: bool = True, recipient: str = "物业服务企业") -> rules.Notice:
    return rules.Notice("v", text, ("name",), recipient, DAY, material=material)


OLD, REWORDED, OTHER = notice("a"), notice("b", material=False), notice("c")


@pytest.mark.parametrize(
    ("given_to", "notices", "good"),
    [
        (OLD, (OLD,), True),
        (OLD, (OLD, REWORDED), True),
        (OLD, (OLD, REWORDED, OTHER), False),
        (REWORDED, (OLD, REWORDED, OTHER), False),
        (OTHER, (OLD, OTHER), True),
        (OTHER, (OLD,), False),
    ],
)
def test_a_consent_follows_its_text(given_to, notices, good):
    assert rules.still_good(given_to.sha256, notices) is good


def test_another_recipient_is_another_text():
    assert notice("a").sha256 != notice("a", recipient="广告公司").sha256


def test_an_outdated_consent_does_not_hold_and_may_be_asked_for_anew():
    given = replace(rules.decided(Decision.GIVEN, FACE, AT), still_good=False)
    assert given.at(AT).state is State.OUTDATED
    assert not given.holds(AT)
    assert given.may_be_asked(AT)
    assert rules.refusal(given, Channel.PROMPT, SHOWN, FACE, AT) is None
    assert given.at(AT + NOTICE.lasts).state is State.EXPIRED


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
        (rules.withdrawn(Standing(), AT), 29, False),
        (rules.withdrawn(Standing(), AT), 30, True),
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
