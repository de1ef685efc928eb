"""What is no token of ours, and who was signed out: without an engine."""

import base64
import time
from datetime import timedelta

import pytest

from chalicelib.core import auth, clock, outbox, revocations
from chalicelib.core.errors import Unauthenticated
from chalicelib.core.table import tenant_key
from infra.one_machine.environment import SIGNED_IN_FOR_S
from tests.invariants.store import in_memory


@pytest.fixture
def memory():
    with in_memory() as made:
        yield made


def caller(token: str) -> auth.Caller:
    return auth.verified(f"Bearer {token}", "resident")


@pytest.mark.parametrize("head", ["[" * 2_500, "[" * 2_900 + "]" * 5, '{"kid":' * 400])
def test_a_header_of_brackets_is_no_token(memory, head):
    """Parsing it would go as deep as the stack, and end in a 500."""
    encoded = base64.urlsafe_b64encode(head.encode()).decode().rstrip("=")
    with pytest.raises(Unauthenticated, match="token_invalid"):
        caller(f"{encoded}.e30.c2ln")


def test_a_token_that_outlives_the_list_of_revocations_is_none_of_ours(memory, sign, community):
    now = int(time.time())
    assert caller(sign(community, iat=now, exp=now + SIGNED_IN_FOR_S)).subject_id == "per_1"
    with pytest.raises(Unauthenticated, match="token_invalid"):
        caller(sign(community, iat=now, exp=now + SIGNED_IN_FOR_S + 1))
    assert revocations.reach_ms() > SIGNED_IN_FOR_S * 1_000


@pytest.mark.parametrize("iat", ["yesterday", None, [], {}])
def test_a_token_says_when_it_was_made(memory, sign, community, iat):
    with pytest.raises(Unauthenticated, match="token_invalid"):
        caller(sign(community, iat=iat))


def test_a_clock_that_is_a_little_ahead_signs_people_in(memory, sign, community):
    """The signing machine's: PyJWT would compare with this machine's own, to the second."""
    assert caller(sign(community, iat=time.time() + 4)).subject_id == "per_1"


def test_many_later_sign_outs_hide_no_sign_out_everywhere(memory, community):
    began = clock.now() - timedelta(hours=1)
    at, subject = began + timedelta(minutes=1), tenant_key(community, "per_1")
    outbox.commit(revocations.of_person(community, "per_1", "resident", at))
    for number in range(60):
        outbox.commit(revocations.of_session(community, "per_1", f"ses_{number}", clock.now()))
    ends = revocations.ends_of(subject)
    assert revocations.covers(ends, "resident", began)
    assert not revocations.covers(ends, "property", began)
    assert not revocations.covers(ends, "resident", at + timedelta(seconds=1))
    assert revocations.ends_of(tenant_key(community, "per_10")) == []


def test_a_row_that_was_slow_to_commit_is_still_read(memory, sign, community):
    """Its `at` is when the use case began, up to a minute before the list was last read."""
    token, at = sign(community, iat=time.time() - 300), clock.now()
    caller(token)
    outbox.commit(revocations.of_person(community, "per_1", None, at - timedelta(seconds=50)))
    with (
        clock.standing_at(at + timedelta(seconds=6)),
        pytest.raises(Unauthenticated, match="token_revoked"),
    ):
        caller(token)
