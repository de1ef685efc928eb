"""The rotating code as docs/access.md tells a mini-program to make it: vector and words."""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.access.rules import qr

PAGE = Path(__file__).resolve().parents[2] / "docs" / "access.md"


@pytest.fixture
def vector() -> dict[str, str]:
    """The rows of the page's test vector."""
    section = PAGE.read_text(encoding="utf-8").partition("Test vector")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| (\w+)[^|]*\| `([^`]+)`", section, re.MULTILINE))


def test_we_make_what_the_page_says(vector: dict[str, str]) -> None:
    key, step = bytes.fromhex(vector["key"]), int(vector["step"])
    assert qr.token("pass_01JCZ5", key) == vector["token"]
    assert qr.code("pass_01JCZ5", key, step) == vector["code"]


def test_we_take_what_the_page_says(vector: dict[str, str]) -> None:
    opened, shown = qr.opened(vector["token"]), qr.read(vector["code"])
    assert opened is not None
    assert shown is not None
    assert opened == (shown.holder, bytes.fromhex(vector["key"]))
    assert qr.is_proved(shown, opened[1])
    assert qr.is_fresh(shown, datetime(2026, 10, 24, tzinfo=UTC))


def test_its_words_lead_to_its_code(vector: dict[str, str]) -> None:
    """Made by the page's sentences alone, as a mini-program makes it."""
    _, holder, secret = vector["token"].split(".")
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    tag = hmac.digest(key, vector["step"].encode(), hashlib.sha256)[:16]
    proof = base64.b32encode(tag).decode().rstrip("=")
    assert vector["code"] == f"LP1.{holder}.{vector['step']}.{proof}"
