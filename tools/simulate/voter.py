"""A voter's app: it draws the nonce, seals the choice, and keeps both (docs/ballot-log.md)."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable

from tools.simulate.estate import Estate
from tools.simulate.person import Person
from tools.simulate.signing import Json


class Refused(Exception):  # noqa: N818 -- an answer, not a fault
    """What the vote says against a ballot."""


def sealed(choice: Json) -> Json:
    """Return a ballot as it is sent: the choice, a new nonce, and the seal of both."""
    nonce = secrets.token_bytes(32)
    canon = json.dumps(choice, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    commit = hashlib.sha256(b"OVC1|" + canon.encode() + nonce).hexdigest()
    return {"choice": choice, "nonce": nonce.hex(), "commit": commit}


def cast(estate: Estate, who: str, marks: Iterable[str]) -> Json:
    """Cast somebody's ballot of the demo's vote, or replace it; `marks` are `i1=YES`.

    Returns {receipt, opening}: what their phone keeps. Raises Refused.
    """
    person, path = Person(estate.base_url, estate.tokens[who]), f"/resident/votes/{vote_of(estate)}"
    choice = {item: mark for item, _, mark in (one.partition("=") for one in marks)}
    ballot = sealed(choice)
    line = next((one["line"] for one in person.read(f"{path}/lines")["items"]), None)
    if line is None:
        raise Refused(f"{who} is on no line of the roll")
    path += f"/groups/{line['group']}/ballot"
    stands = person.get(path).status_code == 200
    answer = person.post(path, {**ballot, "replaces": stands})
    if not answer.ok:
        raise Refused(answer.json()["code"])
    receipt: Json = answer.json()["receipt"]
    opening = {"seq": receipt["seq"], "choice": choice, "nonce": ballot["nonce"]}
    return {"receipt": receipt, "opening": opening}


def vote_of(estate: Estate) -> str:
    """Return the demo's open vote."""
    return str(estate.ids["vote"])
