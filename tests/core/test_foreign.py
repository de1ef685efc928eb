import json
import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core.errors import BadRequest
from chalicelib.core.foreign import (
    clipped,
    json_of,
    moment_of,
    number_of,
    parts_of,
    text_of,
    whole_of,
    within,
    xml_of,
)

LAUGHS = b'<!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12)
)
BOMBS = {
    "billion laughs": LAUGHS + b"]><l>&m;</l>",
    "quadratic blowup": b'<!DOCTYPE l [<!ENTITY a "' + b"x" * 50_000 + b'">]><l>' + b"&a;" * 500,
    "external entity": b'<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]><l>&a;</l>',
    "external subset": b'<!DOCTYPE l SYSTEM "http://127.0.0.1:9/x.dtd"><l/>',
    "parameter entity": b'<!DOCTYPE l [<!ENTITY % a SYSTEM "http://127.0.0.1:9/">%a;]><l/>',
    "unknown entity": b"<l>&nothing;</l>",
    "depth": b"<a>" * 100_000,
    "elements": b"<l>" + b"<a/>" * 100_000 + b"</l>",
    "strange encoding": b'<?xml version="1.0" encoding="rot13"?><l/>',
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?><l/>',
    "utf-16": '<?xml version="1.0" encoding="utf-16"?><l/>'.encode("utf-16"),
    "not utf-8": b"<l>\xff</l>",
    "a zero": b"<l>\x00</l>",
    "attributes": b"<l " + b" ".join(b'a%d="1"' % n for n in range(65)) + b"/>",
    "attributes in all": b"<l " + b" ".join(b'a%d="1"' % n for n in range(300_000)) + b"/>",
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_an_xml_bomb_is_refused_at_once(bomb):
    started = time.process_time()
    with pytest.raises(BadRequest) as refused:
        xml_of(BOMBS[bomb])
    assert refused.value.code == "bad_xml"
    assert time.process_time() - started < 1.0


def test_xml_is_read_without_namespaces_and_attributes():
    name, held = xml_of(
        b'<?xml version="1.0"?><n:a xmlns:n="u" x="1"><n:b>1 &amp; 2</n:b><c/><c> 3 </c></n:a>'
    )
    assert (name, held) == ("a", {"b": "1 & 2", "c": ["", "3"]})


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"NaN", b"[Infinity]", b'"\\ud800"', b"\xff", b"[" * 100_000, b"1" * 10_000],
)
def test_what_is_no_json_is_refused(body):
    with pytest.raises(BadRequest):
        json_of(body)


def test_json_may_be_so_deep_and_no_deeper():
    assert json_of(b"[" * 32 + b"]" * 32)
    with pytest.raises(BadRequest):
        json_of(b"[" * 33 + b"1" + b"]" * 33)


HEAD = b'--b\r\nContent-Disposition: form-data; name="a"\r\n'


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"", "multipart/form-data; boundary=b", "empty_body"),
        (HEAD, "multipart/form-data", "no_boundary"),
        (HEAD, "multipart/form-data; boundary=", "no_boundary"),
        (HEAD, "multipart/form-data; boundary=" + "b" * 71, "no_boundary"),
        (HEAD, "application/json", "no_boundary"),
        (b"nothing", "multipart/form-data; boundary=b", "bad_multipart"),
        (HEAD + b"\r\nx", "multipart/form-data; boundary=b", "bad_multipart"),
        (HEAD + b"\r\nx\r\n--c--\r\n", "multipart/form-data; boundary=b", "bad_multipart"),
        (
            HEAD + b"Content-Length: 9\r\n\r\nx\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
            "bad_multipart",
        ),
        (b"--b\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b", "bad_multipart"),
        (
            (HEAD + b"\r\nx\r\n") * 17 + b"--b--\r\n",
            "multipart/form-data; boundary=b",
            "bad_multipart",
        ),
        (
            HEAD + b"X: y\r\n" * 9 + b"\r\nx\r\n--b--\r\n",
            "multipart/form-data; boundary=b",
            "bad_multipart",
        ),
    ],
)
def test_what_is_no_multipart_is_refused(body, kind, code):
    with pytest.raises(BadRequest) as refused:
        parts_of(body, kind)
    assert refused.value.code == code


@given(st.binary(max_size=2_000))
def test_a_part_comes_back_byte_by_byte(content):
    if b"\r\n--b" in b"\r\n" + content:
        return
    (part,) = parts_of(
        HEAD + b"\r\n" + content + b"\r\n--b--\r\n", 'multipart/form-data; boundary="b"'
    )
    assert (part.name, part.content) == ("a", content)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-21T08:03:07Z", datetime(2026, 11, 21, 8, 3, 7, tzinfo=UTC)),
        ("2026-11-21 16:03:07", datetime(2026, 11, 21, 8, 3, 7, tzinfo=UTC)),
        (1795248187, datetime(2026, 11, 21, 8, 3, 7, tzinfo=UTC)),
        (1795248187420, datetime(2026, 11, 21, 8, 3, 7, 420_000, UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("noon", None),
        (10**400, None),
        (1e300, None),
        (True, None),
        (None, None),
        ({}, None),
    ],
)
def test_moments(value, moment):
    assert moment_of(value) == moment


def test_words_and_numbers_of_others():
    assert (text_of(" a ", 3), text_of(7, 3), text_of(None, 3), text_of(True, 3)) == (
        "a",
        "7",
        "",
        "",
    )
    assert (number_of("1.5"), number_of("nan"), number_of("inf"), number_of(True)) == (
        1.5,
        None,
        None,
        None,
    )
    assert (number_of(10**400), whole_of("7"), whole_of(1.5), whole_of(2**60)) == (
        None,
        7,
        None,
        None,
    )
    with pytest.raises(BadRequest):
        text_of("long", 3)


def test_paths():
    told = {"a": [{"b": 1}], "": 2}
    assert within(told, "a.0.b") == 1
    assert within(told, "") == told
    for path in ("a.1.b", "a.x", "a.0.b.c", "a.99999999999999999999", "a.²"):
        assert within(told, path) is None


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_whatever_json_holds_is_read_or_refused(value):
    try:
        json_of(json.dumps(value).encode())
    except BadRequest:
        return


@pytest.mark.parametrize(
    "body",
    [
        b"[" + b"1," * 20_000 + b"1]",
        b"[" + b"{}," * 20_000 + b"{}]",
        json.dumps({str(n): n for n in range(20_001)}).encode(),
        json.dumps([[{"a": 1, "b": 2}] * 101] * 101).encode(),
    ],
    ids=["entries", "objects", "names", "levels"],
)
def test_a_json_bomb_is_refused(body):
    with pytest.raises(BadRequest) as refused:
        json_of(body)
    assert refused.value.code == "bad_json"


def test_a_word_that_matters_little_is_clipped():
    assert [clipped(one, 3) for one in ("abcd", " ab c", None, 12345)] == ["abc", "ab", "", "123"]
