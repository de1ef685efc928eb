"""Consents that end without a word, by the functions that are woken for it."""

from datetime import timedelta

import pytest

from chalicelib.core import clock
from chalicelib.core.errors import Unprocessable
from chalicelib.core.table import tenant_key
from chalicelib.identity import public as identity
from chalicelib.identity.events import ResidencyEnded
from chalicelib.identity.rules.consent import Channel, Decision, Purpose, current
from chalicelib.identity.service import consent
from chalicelib.identity.tables.consents import ConsentStanding
from chalicelib.identity.tables.people import Residency
from tests.functions.conftest import delivered, woken
from tests.identity.residents import resident, settle

FACE = Purpose.FACE_RECOGNITION


@pytest.fixture
def agreed(cloud, community):
    settle(community)
    text = current(FACE)
    asked = consent.Asked(FACE, Decision.GIVEN, Channel.SETTINGS, text.version, text.sha256)
    consent.decide(resident(community), asked)
    identity.require_consent(community, "per_1", FACE)
    return community


def state(community: str) -> str:
    row = ConsentStanding.find(tenant_key(community, "per_1"), FACE.value)
    assert row is not None
    return row.state


def test_the_sweep_ends_what_is_past_its_end(agreed):
    assert woken("expire_consents", {}) == 0
    with clock.standing_at(clock.now() + current(FACE).lasts + timedelta(seconds=1)):
        assert woken("expire_consents", {}) >= 1
        assert woken("expire_consents", {}) == 0
    assert state(agreed) == "expired"


def test_the_word_of_a_last_move_ends_all_however_often_it_comes(agreed, nothing_failed):
    gone = ResidencyEnded(agreed, "u1", "per_1", clock.now())
    assert woken("end_consents", delivered(gone)) == nothing_failed
    assert state(agreed) == "given"  # they live there: the word was late
    home = Residency.find(tenant_key(agreed, "u1"), "per_1")
    assert home is not None
    home.delete()
    for _ in range(2):
        assert woken("end_consents", delivered(gone, gone)) == nothing_failed
    assert state(agreed) == "withdrawn"
    with pytest.raises(Unprocessable, match="consent_required"):
        identity.require_consent(agreed, "per_1", FACE)
