"""What the simulators say when they cannot begin: a sentence, and no traceback."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tools.conformance import maintenance
from tools.simulate import __main__ as simulate
from tools.simulate.person import Person

DEMO = {
    "base_url": "http://127.0.0.1:1",
    "mqtt": "mqtt://127.0.0.1:1",
    "community_id": "heyuan",
    "tokens": {"property": "t"},
    "devices": [
        {
            "id": f"heyuan-{kind}-1",
            "kind": kind,
            "key_id": "k1",
            "key": base64.b64encode(b"k").decode(),
        }
        for kind in ("gate", "panel")
    ],
    "ids": {},
}


@pytest.fixture
def demo(tmp_path: Path) -> str:
    path = tmp_path / "demo.json"
    path.write_text(json.dumps(DEMO), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ring", "heyuan-1-101", "heyuan-gate-9"], "no such gate: heyuan-gate-9; there are"),
        (["ring", "heyuan-1-101", "heyuan-gate-1"], "127.0.0.1"),
        (["look", "two_wheeler"], "the estate has no lift_camera"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(demo: str, words: list[str], said: str, capsys):
    """Newcomer's trial 16."""
    assert simulate.main(["--demo", demo, *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "said"), [(None, "start the system with `make run`"), ("{}", "is no sign-ins file")]
)
def test_a_sign_ins_file_that_is_none_is_said_so(
    tmp_path: Path, text: str | None, said: str, capsys
):
    path = tmp_path / "demo.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    assert simulate.main(["--demo", str(path), "devices"]) == 2
    assert said in capsys.readouterr().err


def test_an_examination_without_staff_says_what_it_may_do():
    """Newcomer's trial 5."""
    with maintenance.maintained(None, "heyuan-gate-01") as said:
        assert "put it in maintenance first" in said
    nobody = Person("http://127.0.0.1:1", "t")
    with maintenance.maintained(nobody, "heyuan-gate-01") as said:
        assert "could not be put in maintenance" in said
