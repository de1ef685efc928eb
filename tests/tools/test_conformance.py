"""The conformance tool's own parts: packets, counters, clauses, reports."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from tools.conformance import __main__ as tool
from tools.conformance import report
from tools.conformance.check import Finding, Verdict
from tools.conformance.examine import CHECKS
from tools.conformance.moves import Asked, Counted, Told, program
from tools.conformance.packets import (
    NotMqttError,
    packets,
    read_connect,
    read_publish,
    read_subscribe,
    write_publish,
)
from tools.conformance.seen import Posted, Watch, events_of, inside, spoken
from tools.simulate.waiting import eventually

DOCUMENT = Path(report.DOCUMENT).read_text(encoding="utf-8")
MOVED = {"type": "access.passed"}


def test_packets_are_taken_whole_however_they_come():
    one, two = write_publish("a/b", b"x" * 300, 5), write_publish("a/c", b"", 5)
    held, found = bytearray(), []
    for byte in one + two:
        held.append(byte)
        found += list(packets(held))
    assert found == [one, two]
    assert read_publish(one, 5).payload == b"x" * 300
    assert read_publish(two, 5).topic == "a/c"
    for spoilt in (b"\x30\xff\xff\xff\xff", b"\x30\xff\xff\xff\x7f"):
        with pytest.raises(NotMqttError):
            list(packets(bytearray(spoilt)))


def test_a_message_keeps_all_but_its_payload():
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = 5
    head = b"\x00\x07" + properties.pack()
    body = b"\x00\x01t" + head + b"old"
    packet = bytes([0x32, len(body)]) + body
    changed = read_publish(read_publish(packet, 5).with_payload(b"new one"), 5)
    assert (changed.payload, changed.head, changed.qos) == (b"new one", head, 1)


def test_a_connection_is_read_in_both_versions():
    kept = Properties(PacketTypes.CONNECT)
    kept.SessionExpiryInterval = 3_600
    will = b"\x00\x01w\x00\x02{}"
    for version, flags, middle, no in ((5, 0x26, kept.pack(), b"\x00"), (4, 0x24, b"", b"")):
        body = b"\x00\x04MQTT" + bytes([version, flags]) + b"\x00\x05" + middle
        body += b"\x00\x03dev" + no + will
        asked = read_connect(bytes([0x10, len(body)]) + body)
        assert (asked.client_id, asked.version, asked.will_topic) == ("dev", version, "w")
        assert (asked.clean, asked.expiry_s) == ((True, 3_600) if version == 5 else (False, 0))
    with pytest.raises(NotMqttError):
        read_connect(b"\x10\x04\x00\x04MQ")
    asked_for = read_subscribe(b"\x82\x09\x00\x01\x00\x00\x03a/b\x01", 5)
    assert asked_for == {"a/b": 1}


def test_what_a_device_says_is_read_without_being_believed():
    assert inside(b'{"p": "{\\"id\\": 1}"}') == {"id": 1}
    for payload in (b"", b"[]", b'{"p": 1}', b'{"p": "[1]"}', b"\xff"):
        assert inside(payload) == {}
    assert spoken(b'{"p": "text"}') == "text"
    assert events_of(b'[{"a": 1}, 2]') == ({"a": 1},)


def test_a_program_a_person_or_events_count_movements(tmp_path: Path):
    told = tmp_path / "moves"
    told.write_text("3\n", encoding="utf-8")
    counted = Counted(program(f"cat {told}"))
    told.write_text("5\n", encoding="utf-8")
    assert counted.count() == 2
    counted.mark()
    assert counted.count() == 0
    answers = iter(["2", ""])
    asked = Asked(lambda _: next(answers))
    assert [asked.count(), asked.count()] == [2, 2], "one question for each mark"
    asked.mark()
    assert asked.count() is None


def event(at: float, event_id: str, **words: str) -> dict[str, str]:
    return {"id": event_id, "time": datetime.fromtimestamp(at, UTC).isoformat(), **words}


def heard(watch: Watch, told: dict[str, str]) -> None:
    watch.add(Posted("/device/events", {}, json.dumps(told).encode(), 200, {}))


@pytest.mark.parametrize("ahead_s", [0.0, 3_600.0, -7_200.0])
def test_a_movement_belongs_to_the_command_that_it_followed(ahead_s: float):
    """By the device's own clock, which may be wrong, and however late the event comes."""
    watch = Watch()
    moves = Told(watch, lambda event: event.items() >= MOVED.items())
    assert moves.count() is None
    heard(watch, event(time.time() + ahead_s, "e1"))
    before = event(time.time() + ahead_s, "m1", **MOVED)
    time.sleep(0.2)
    moves.mark()
    heard(watch, before)
    assert moves.count() == 0
    for _ in range(2):
        heard(watch, event(time.time() + ahead_s, "m2", **MOVED))
    assert eventually(moves.count) == 1


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_check_stands_on_words_of_the_protocol(check):
    assert " ".join(check.clause.split()) in " ".join(DOCUMENT.split())
    assert check.expected
    assert len({one.name for one in CHECKS}) == len(CHECKS)


def test_a_report_says_what_was_seen_and_what_was_expected():
    bad = Finding(CHECKS[0], Verdict.FAIL, "it said \x1b[2Jnothing\n")
    good = Finding(CHECKS[1], Verdict.PASS, "fine")
    text = report.line(bad)
    assert "\x1b" not in text
    assert CHECKS[0].expected in text
    assert CHECKS[0].clause in text
    assert report.summary([bad, good]) == f"1 passed, 1 failed, 0 not tried: {CHECKS[0].name}"
    assert [report.status(found) for found in ([good], [bad, good], [])] == [0, 1, 1]


KNOWN = ["--device", "d", "--kind", "gate", "--community", "c", "--key", "a2V5"]
PLACED = ["--token", "t", "--place", "p", "--community", "c"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "--url or --demo"),
        (["--url", "http://x"], "--device or --enrol"),
        (["--url", "http://x", "--device", "d"], "the key of d"),
        (["--url", "http://x", "--device", "d", "--key", "a2V5"], "--kind and --community"),
        (["--url", "http://x", "--enrol", "gate"], "--enrol needs"),
        (["--url", "http://x", "--device", "d", "--kind", "tank"], "no such kind"),
        (["--demo", "/nowhere"], "cannot be read"),
        (["--demo", "pyproject.toml"], "cannot be read"),
        (["--demo", "miniprogram-api-spec/events/index.json"], "is no sign-ins file"),
        (["--url", "http://x", *KNOWN, "--mqtt", "mqtt://h:port"], "not understood"),
        (["--url", "nonsense", "--enrol", "gate", *PLACED], "could not begin"),
    ],
)
def test_what_is_missing_is_said_before_anything_begins(words, said, capsys):
    assert tool.main(words) == 2
    assert said in capsys.readouterr().err
