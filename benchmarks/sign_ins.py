"""DynamoDB calls of a sign-in: a resident by WeChat, staff by two factors, and a refresh."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pyotp
import requests

from benchmarks.calls import counting
from benchmarks.figures import Figure
from chalicelib.core.config import settings
from chalicelib.identity.service import posts, sessions, sign_in, staff
from tools.simulate.estate import Estate

MOST = 3
PASSWORD = "Correct-Horse-7-Battery"  # noqa: S105 -- of an account that the benchmark makes


def measure(estate: Estate) -> list[Figure]:
    """Sign in people whom the benchmark makes, in the running system's demo community."""
    openid, device = f"bench-{uuid.uuid4().hex}", "bench"
    arrival = sign_in.sign_in(_played("login_code", openid=openid), device=device)
    phone = f"139{uuid.uuid4().int % 10**8:08}"
    sign_in.add_phone(
        arrival.ticket or "",
        _played("phone_code", phone=phone),
        community_id=estate.community_id,
        device=device,
    )
    code = _played("login_code", openid=openid)
    sign_in._path_of.cache_clear()  # noqa: SLF001 -- as a process that has just started
    figures = []
    with counting("dynamodb") as stored:
        session = sign_in.sign_in(code).session
    figures.append(_figure("resident signs in: DynamoDB calls", stored))
    with counting("dynamodb") as stored:
        sessions.refresh(session.refresh_token if session else "")
    figures.append(_figure("resident refreshes: DynamoDB calls", stored))
    return [*figures, *_staff(estate)]


def _staff(estate: Estate) -> list[Figure]:
    login, person_id = f"bench{uuid.uuid4().hex[:12]}", f"bench_{uuid.uuid4().hex}"
    path = f"county/street/neighbourhood/{estate.community_id}"
    held = posts.rows(person_id, "guard", [path])
    account = staff.open_account(login, path, person_id=person_id, also=held)
    secret = staff.set_up(login, account.setup_code, PASSWORD).totp_secret
    staff.sign_in(login, PASSWORD, pyotp.TOTP(secret).at(int(time.time()) - 30), "property")
    began = time.perf_counter()
    with counting("dynamodb") as stored:
        staff.sign_in(login, PASSWORD, pyotp.TOTP(secret).now(), "property")
    took = time.perf_counter() - began
    return [
        _figure("staff sign in: DynamoDB calls", stored),
        Figure("staff sign in (argon2id), warm", took * 1000, unit="ms"),
    ]


def _figure(name: str, stored: Any) -> Figure:
    return Figure(name, stored.total, MOST, "calls", note=str(stored))


def _played(what: str, **said: str) -> str:
    """Let the simulated WeChat play somebody's phone."""
    reply = requests.post(f"{settings().wechat_url}/_sim/{what}", json=said, timeout=5)
    return str(reply.json()["code"])
