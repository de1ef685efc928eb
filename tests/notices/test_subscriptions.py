"""What people agree to be sent: counted once for each yes, and forgotten with them."""

import pytest

from chalicelib.core import clock
from chalicelib.identity.events import AccountErased
from chalicelib.notices import public as notices
from chalicelib.notices.service import rings
from chalicelib.notices.tables.notices import MessageConsent
from tests.notices.conftest import TEMPLATE, Flat

PATH = "/resident/subscriptions"


@pytest.fixture
def ask(http, sign, flat):
    def do(choice: str, key: str = "tap-0001", person: str = "per_1", template: str = TEMPLATE):
        body = {"choices": [{"template_id": template, "choice": choice}]}
        token = sign(flat.community, person)
        return http("POST", PATH, body, token=token, idempotency_key=key)

    return do


def test_a_yes_counts_once_and_a_no_takes_nothing_back(ask, http, sign, flat: Flat):
    first = ask("accept")
    assert first.body == {"items": [{"about": "ring", "template_id": TEMPLATE, "left": 1}]}
    assert ask("accept").body == first.body, "the same tap"
    assert ask("reject", "tap-0002").body == first.body
    assert ask("accept", "tap-0003").body["items"][0]["left"] == 2
    shown = http("GET", PATH, token=sign(flat.community, "per_1"))
    assert (shown.status, shown.body["items"][0]["left"]) == (200, 2)
    assert flat.left("per_2") == 0
    assert ask("ban", "tap-0004").body["items"][0]["left"] == 0


def test_what_is_no_answer_of_wechats(ask):
    assert ask("accept", template="other").code == "no_such_template"
    assert ask("accept", person="per_9").code == "no_wechat"
    assert ask("perhaps").status == 400


def test_consents_are_an_accounts(flat: Flat):
    flat.agree("per_1", 2)
    key = f"{flat.community}#per_1"
    row = MessageConsent.find(key, TEMPLATE)
    assert row is not None
    row.account = "another account"
    row.save()
    assert flat.left("per_1") == 0
    flat.agree("per_1")
    assert flat.left("per_1") == 1


def test_it_goes_with_the_person_in_an_export_and_a_deletion(flat: Flat):
    flat.agree("per_1", 2)
    rings.ring(flat.rung("per_1"))
    held = dict(notices.held_of(flat.community, "per_1"))
    assert held["notices"]["state"] == "SENT"
    assert held["message_consents"]["left"] == 1
    now = clock.now()
    for _ in range(2):
        notices.forget(AccountErased(flat.community, "per_1", (), now, now))
        assert list(notices.held_of(flat.community, "per_1")) == []
