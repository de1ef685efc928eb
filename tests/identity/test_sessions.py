"""Sessions: rotation, reuse, revocation, lists; and tokens that are not ours."""

import base64
import dataclasses
import json
import threading
from datetime import timedelta
from typing import Any

import jwt
import pytest
from botocore.exceptions import ReadTimeoutError
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chalicelib.core import auth, aws, clock, outbox, revocations, tokens
from chalicelib.core.config import settings
from chalicelib.core.errors import Unauthenticated, Unavailable
from chalicelib.identity.rules import sessions as rules
from chalicelib.identity.service import sessions
from chalicelib.identity.tables.sessions import Session


@pytest.fixture
def begin(cloud, community):
    def do(person="per_1", audience="resident", device="iPhone", at=None):
        at = at or clock.now()
        who = sessions.Person(person, community, audience, (audience,), f"c/s/n/{community}")
        row = sessions.begun(who, at, device)
        outbox.commit(row)
        return sessions.signed_in(row, at)

    return do


def caller_of(signed: sessions.SignedIn, at=None) -> auth.Caller:
    with clock.standing_at(at or clock.now()):
        return auth.verified(f"Bearer {signed.access_token}", signed.audience)


class Process:
    """The real store as a process meets it that has just started: it remembers nothing."""

    def _make_api_call(self, operation: str, asked: object) -> Any:
        return aws._made("dynamodb")._make_api_call(operation, asked)


def caller_elsewhere(signed: sessions.SignedIn) -> auth.Caller:
    with aws.using({"dynamodb": Process()}):
        return caller_of(signed)


def test_a_token_says_who_and_where(begin, community):
    caller = caller_of(begin())
    assert (caller.subject_id, caller.community_id) == ("per_1", community)
    assert caller.sees(f"c/s/n/{community}/b1")
    assert not caller.sees(f"c/s/n/{community}x")
    assert not caller.sees("c/s/n")
    assert caller.session_id.startswith("ses_")


def test_nobody_without_a_node_sees_anything():
    caller = auth.Caller("p", "c", "resident", ("resident",), 2**40)
    assert not caller.sees("")
    assert not caller.sees("/x")


def test_an_access_token_lives_a_quarter_of_an_hour_at_most(begin):
    signed = begin()
    claims = jwt.decode(signed.access_token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] <= 900
    with pytest.raises(Unauthenticated, match="token_expired"):
        caller_of(signed, clock.now() + timedelta(minutes=15))


def test_a_refresh_spends_its_token(begin):
    first = begin()
    second = sessions.refresh(first.refresh_token)
    third = sessions.refresh(second.refresh_token)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert third.subject_id == "per_1"


def test_a_lost_answer_is_given_again_for_half_a_minute(begin):
    first = begin()
    sessions.refresh(first.refresh_token)
    again = sessions.refresh(first.refresh_token)
    assert sessions.refresh(again.refresh_token).subject_id == "per_1"


def test_a_copied_token_ends_the_whole_family(begin, community):
    first = begin()
    second = sessions.refresh(first.refresh_token)
    late = clock.now() + rules.GRACE + timedelta(seconds=1)
    with pytest.raises(Unauthenticated, match="refresh_reused"):
        sessions.refresh(first.refresh_token, at=late)
    with pytest.raises(Unauthenticated, match="session_ended"):
        sessions.refresh(second.refresh_token)
    with pytest.raises(Unauthenticated, match="token_revoked"):
        caller_elsewhere(second)
    found = outbox.OutboxRow.scan(outbox.OutboxRow.community_id == community)
    assert [row.name for row in found] == ["identity.RefreshTokenReused"]


def test_two_generations_back_is_a_copy_at_any_time(begin):
    first = begin()
    sessions.refresh(sessions.refresh(first.refresh_token).refresh_token)
    with pytest.raises(Unauthenticated, match="refresh_reused"):
        sessions.refresh(first.refresh_token)


def test_two_refreshes_at_once_give_one_successor(begin):
    first, got = begin(), []
    threads = [
        threading.Thread(target=lambda: got.append(sessions.refresh(first.refresh_token)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 4
    session_id = caller_of(got[0]).session_id
    row = next(Session.query(f"{first.community_id}#per_1"))
    assert (row.session_id, row.generation) == (session_id, 2)


@pytest.mark.parametrize("token", ["", "x" * 40, "AAAA" * 30, "…"])
def test_what_is_no_refresh_token(cloud, token):
    with pytest.raises(Unauthenticated, match="refresh_invalid"):
        sessions.refresh(token)


def test_a_session_ends_by_itself(begin):
    signed = begin()
    with pytest.raises(Unauthenticated, match="session_ended"):
        sessions.refresh(signed.refresh_token, at=clock.now() + rules.RESIDENT_IDLE * 1.01)


def test_who_moved_out_is_signed_out_here_and_not_elsewhere(begin, community):
    """The row of a move-out ends access and refresh tokens of that audience alone."""
    gone, staying, staff = begin("per_1"), begin("per_2"), begin("per_1", "property")
    at = clock.now() + timedelta(milliseconds=5)
    outbox.commit(revocations.of_person(community, "per_1", "resident", at))
    with pytest.raises(Unauthenticated, match="token_revoked"):
        caller_elsewhere(gone)
    with pytest.raises(Unauthenticated, match="session_ended"):
        sessions.refresh(gone.refresh_token)
    assert caller_elsewhere(staying).subject_id == "per_2"
    assert caller_elsewhere(staff).audience == "property"
    later = begin("per_1", at=at + timedelta(milliseconds=5))
    assert caller_elsewhere(later).subject_id == "per_1"
    assert sessions.refresh(later.refresh_token).subject_id == "per_1"


def test_what_a_revocation_ended_is_no_more_listed(begin, community):
    begin("per_1"), begin("per_1", "property")
    at = clock.now() + timedelta(milliseconds=5)
    outbox.commit(revocations.of_person(community, "per_1", "resident", at))
    later = begin("per_1", at=at + timedelta(milliseconds=5))
    listed = [row.audience for row in sessions.sessions_of(caller_elsewhere(later))]
    assert listed == ["resident", "property"]


def test_signing_out_twice_is_signing_out(begin):
    signed = begin()
    sessions.end(signed.refresh_token)
    sessions.end(signed.refresh_token)
    with pytest.raises(Unauthenticated, match="session_ended"):
        sessions.refresh(signed.refresh_token)
    with pytest.raises(Unauthenticated, match="token_revoked"):
        caller_elsewhere(signed)


def test_a_person_sees_and_ends_their_own_sessions_only(begin, http):
    mine, other = begin(device="iPhone"), begin(device="旧手机")
    foreign = begin("per_2")
    shown = http("GET", "/resident/sessions", token=mine.access_token).body["items"]
    assert [(one["device"], one["is_this"]) for one in shown] == [
        ("旧手机", False),
        ("iPhone", True),
    ]
    path = "/resident/sessions/{}/end".format
    theirs = caller_of(foreign).session_id
    reply = http("POST", path(theirs), token=mine.access_token)
    assert (reply.status, reply.code) == (404, "no_such_session")
    assert http("POST", path(shown[0]["session_id"]), token=mine.access_token).status == 200
    with pytest.raises(Unauthenticated, match="session_ended"):
        sessions.refresh(other.refresh_token)


def test_over_http(begin, http):
    signed = begin()
    reply = http("POST", "/session/refresh", {"refresh_token": signed.refresh_token})
    assert (reply.status, reply.body["expires_in"]) == (200, 900)
    assert http("GET", "/resident/me", token=reply.body["access_token"]).status == 200
    assert http("POST", "/session/end", {"refresh_token": signed.refresh_token}).status == 200
    again = http("POST", "/session/refresh", {"refresh_token": reply.body["refresh_token"]})
    assert (again.status, again.code) == (401, "session_ended")


# -- the list in the process -------------------------------------------------------------------


class Silent:
    """A store that does not answer, or answers nothing."""

    def __init__(self, *, broken: bool) -> None:
        self.broken, self.calls = broken, 0

    def _make_api_call(self, _operation: str, _asked: object) -> dict:
        self.calls += 1
        if self.broken:
            raise ReadTimeoutError(endpoint_url="dynamodb")
        return {"Items": [], "Count": 0, "ScannedCount": 0}


def test_the_list_is_read_once_in_five_seconds(begin):
    signed, store, at = begin(), Silent(broken=False), clock.now()
    with aws.using({"dynamodb": store}):
        for ms in range(0, 10_000, 100):
            caller_of(signed, at + timedelta(milliseconds=ms))
    assert store.calls == 2


def test_nobody_is_let_in_on_a_list_that_never_came(begin):
    signed = begin()
    with aws.using({"dynamodb": Silent(broken=True)}), pytest.raises(Unavailable):
        caller_of(signed)


def test_an_old_list_serves_for_a_minute(begin):
    signed, store, at = begin(), Silent(broken=False), clock.now()
    with aws.using({"dynamodb": store}):
        caller_of(signed, at)
        store.broken = True
        caller_of(signed, at + timedelta(seconds=59))
        with pytest.raises(Unavailable):
            caller_of(signed, at + timedelta(seconds=61))


def test_the_list_is_bounded_and_fails_closed(cloud, community):
    """Past its bound, older tokens are taken for expired: the refresh reads the truth."""
    at, known = clock.epoch_ms(clock.now()), revocations.Newest(None)
    entries = {(f"{community}#{n}", ""): at - 1_000_000 + n for n in range(revocations.MOST + 50)}
    known._keep(entries, overflown=False)
    assert len(known._ended) == revocations.MOST
    assert known.floor_ms == at - 1_000_000 + 50


# -- forged tokens (RFC 8725) ------------------------------------------------------------------


def test_a_key_that_is_retired_signs_nobody_in(begin):
    """Rotation: both keys while they overlap, then the new one alone."""

    old = begin().access_token
    fresh = Ed25519PrivateKey.generate().public_key()
    shown = jwt.algorithms.OKPAlgorithm.to_jwk(fresh, as_dict=True) | {"kid": "new"}
    published = json.loads(settings().token_keys)["keys"]
    kid = jwt.get_unverified_header(old)["kid"]
    assert set(tokens._keys(json.dumps({"keys": [*published, shown]}))) == {kid, "new"}
    assert kid not in tokens._keys(json.dumps({"keys": [shown]}))


def test_a_signing_key_that_nobody_published_is_a_fault_of_ours():
    with pytest.raises(ValueError, match="publish it first"):
        tokens._signing_key(settings().signing_key, '{"keys": []}')


@dataclasses.dataclass
class Forger:
    """Somebody with a good token and our public key."""

    good: str

    @property
    def kid(self) -> str:
        return str(jwt.get_unverified_header(self.good)["kid"])

    def claims(self, **changes: object) -> dict:
        return jwt.decode(self.good, options={"verify_signature": False}) | changes

    def unsigned(self, header: dict, **changes: object) -> str:
        parts = (json.dumps(header), json.dumps(self.claims(**changes)))
        texts = [base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts]
        return ".".join((*texts, self.good.rpartition(".")[2]))

    def attempts(self) -> dict[str, str]:

        public = base64.urlsafe_b64decode(json.loads(settings().token_keys)["keys"][0]["x"] + "=")
        mine, kid = Ed25519PrivateKey.generate(), self.kid
        own = jwt.algorithms.OKPAlgorithm.to_jwk(mine.public_key(), as_dict=True)

        def signed(key: object, algorithm: str, **header: object) -> str:
            return jwt.encode(self.claims(), key, algorithm, headers={"kid": kid, **header})  # type: ignore[arg-type]  # forged on purpose

        head, body, signature = self.good.split(".")
        return {
            "none": self.unsigned({"alg": "none", "kid": kid}),
            "None": self.unsigned({"alg": "None", "kid": kid}),
            "HS256 with our public key": signed(public, "HS256"),
            "ES256": signed(ec.generate_private_key(ec.SECP256R1()), "ES256"),
            "RS256": signed(rsa.generate_private_key(65537, 2048), "RS256"),
            "another key": signed(mine, "EdDSA"),
            "jwk": signed(mine, "EdDSA", jwk=own),
            "jku": signed(mine, "EdDSA", jku="http://127.0.0.1:9/keys"),
            "x5u": signed(mine, "EdDSA", x5u="http://127.0.0.1:9/cert"),
            "kid as a path": signed(mine, "EdDSA", kid="../../../../dev/null"),
            "kid of nobody": signed(mine, "EdDSA", kid="nobody"),
            "crit": self.unsigned({"alg": "EdDSA", "kid": kid, "crit": ["b64"], "b64": False}),
            "other claims": self.unsigned({"alg": "EdDSA", "kid": kid}, sub="per_2"),
            "no signature": f"{head}.{body}.",
            "cut": f"{head}.{body}",
            "one more part": f"{self.good}.x",
            "padded": f"{head}=.{body}.{signature}",
            "long": self.good + "A" * 100_000,
        }


def test_forged_tokens_are_401(begin, http):
    signed = begin()
    for name, token in Forger(signed.access_token).attempts().items():
        reply = http("GET", "/resident/me", token=token)
        assert (reply.status, reply.code) == (401, "token_invalid"), name


def test_a_token_of_one_portal_opens_no_other(begin, http):
    signed = begin()
    for audience in ("property", "committee", "government"):
        reply = http("GET", f"/{audience}/me", token=signed.access_token)
        assert (reply.status, reply.code) == (403, "wrong_audience")
