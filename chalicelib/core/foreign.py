"""Bytes that others wrote, read without trust: JSON, XML, multipart, moments.

Each reader refuses what could harm whoever reads on (entities, bombs, depth, half characters)
with a BadRequest that says which it was; none of them touches network or disk.
"""

import json
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from xml.parsers import expat

from chalicelib.core.errors import BadRequest

MOST_DEPTH = 32
MOST_ELEMENTS = 5_000
MOST_ATTRIBUTES = 64
"""Of one XML element."""
MOST_VALUES = 20_000
"""Names and list entries of one JSON text, all its levels together; equals signs of an XML."""
MOST_PARTS = 16
MOST_HEADERS = 8

LARGEST_PART = 10 * 1024 * 1024

_ENCODING = re.compile(rb"""<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,20})["']""")
_ENCODINGS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii", "ascii"), "utf-8-sig"),
    **dict.fromkeys(("gb2312", "gbk", "gb18030"), "gb18030"),
}
"""What cameras really write; everything else is refused, above all what expat would look up."""

_OFFSET = re.compile(r"([+-])(\d{2}):(\d{2})")


@dataclass(frozen=True)
class Part:
    """One part of a multipart body; `content_type` is lower-case and without parameters."""

    name: str
    filename: str
    content_type: str
    content: bytes


def json_of(body: bytes) -> Any:
    """Return the value of a JSON text; raises BadRequest `empty_body` or `bad_json`.

    Refused as well: NaN and infinities, half surrogates, more than `MOST_DEPTH` levels or
    `MOST_VALUES` values.
    """
    _some(body)
    try:
        value = json.loads(body, parse_constant=_no_number)
        _small(value)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError) as failure:
        raise BadRequest("bad_json", "请求内容不是有效的 JSON") from failure
    return value


def xml_of(body: bytes) -> tuple[str, dict[str, Any]]:
    """Return the root's name and what is in it, without namespaces and attributes.

    An element with children becomes a dict, a repeated one a list, any other its text.
    Raises BadRequest `empty_body` or `bad_xml`; a document type is refused altogether, and
    with it every entity but the five of XML itself.
    """
    _some(body)
    if body.count(b"=") > MOST_VALUES:  # so many attributes that only reading them takes long
        raise BadRequest("bad_xml", "请求内容不是有效的 XML")
    tree = _Tree()
    parser = expat.ParserCreate()
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    parser.StartDoctypeDeclHandler = _no_doctype
    try:
        parser.Parse(_decoded(body), True)  # noqa: FBT003 -- expat takes it by position only
    except (expat.ExpatError, ValueError, LookupError) as failure:
        raise BadRequest("bad_xml", "请求内容不是有效的 XML") from failure
    held = tree.root
    return tree.name, held if isinstance(held, dict) else {}


def parts_of(body: bytes, content_type: str) -> list[Part]:
    """Return the parts of a multipart/form-data body.

    Raises BadRequest `empty_body`, `no_boundary` or `bad_multipart`: cut off, too many parts
    or headers, sizes that do not agree.
    """
    import multipart  # noqa: PLC0415 -- only who takes such bodies pays for it

    _some(body)
    kind, options = multipart.parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not 0 < len(boundary) <= _LONGEST_BOUNDARY:
        raise BadRequest("no_boundary", "multipart 内容缺少有效的 boundary")
    try:
        return _parts(body, boundary)
    except (multipart.MultipartError, ValueError, LookupError, IndexError) as failure:
        raise BadRequest("bad_multipart", "multipart 内容不完整或无效") from failure


_LONGEST_BOUNDARY = 70
"""RFC 2046, 5.1.1."""


def moment_of(value: object, offset: str = "+08:00") -> datetime | None:
    """Return the UTC instant that a vendor's time means, or None if it means none.

    A text is ISO 8601, with a blank for the T too, and in `offset` if it names none; a
    number is seconds since 1970, or milliseconds from 10^11 on.
    """
    try:
        if isinstance(value, str):
            at = datetime.fromisoformat(value.strip())
            return (at if at.tzinfo else at.replace(tzinfo=zone(offset))).astimezone(UTC)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        seconds = value / 1000 if abs(value) >= _MILLISECONDS else value
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


_MILLISECONDS = 10**11


def zone(offset: str) -> timezone:
    """Return the zone of an offset such as `+08:00`; raises ValueError."""
    found = _OFFSET.fullmatch(offset)
    if not found:
        raise ValueError("an offset is written +08:00")
    ahead = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return timezone(ahead if found[1] == "+" else -ahead)


def text_of(value: object, longest: int) -> str:
    """Return a vendor's word as a stripped text, numbers too; raises BadRequest if too long."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = str(value).strip()
    if len(text) > longest:
        raise BadRequest("bad_field", "字段过长", details={"longest": longest})
    return text


def clipped(value: object, longest: int) -> str:
    """Return the beginning of a vendor's word: of what must not cost the rest of a message."""
    return text_of(value, sys.maxsize)[:longest].strip()


def number_of(value: object) -> float | None:
    """Return a vendor's number, also one written as text, or None; never NaN or infinite."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < _LARGEST else None


_LARGEST = 1e300


def whole_of(value: object) -> int | None:
    """Return a vendor's whole number of at most 53 bits, also one written as text, or None."""
    number = number_of(value)
    whole = number is not None and number.is_integer() and abs(number) <= _WHOLE
    return int(number) if whole and number is not None else None


_WHOLE = 2.0**53


def within(value: object, path: str) -> Any:
    """Return what lies under a path such as `bizData.properties.0.code`, or None."""
    for step in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step[:6]) < len(value):
            value = value[int(step[:6])]
        else:
            return None
    return value


def _some(body: bytes) -> None:
    if not body.strip():
        raise BadRequest("empty_body", "请求内容为空")


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _small(value: object) -> None:
    """Raise ValueError for what is too deep or holds too many values; stops at the first."""
    level, seen = [value], 0
    for _ in range(MOST_DEPTH + 1):
        held = [one for one in level if isinstance(one, dict | list)]
        if not held:
            return
        seen += sum(map(len, held))
        if seen > MOST_VALUES:
            raise ValueError("too many values")
        level = [one for into in held for one in _inside(into)]
    raise ValueError("too deep")


def _inside(value: dict[str, Any] | list[Any]) -> Iterable[object]:
    return value.values() if isinstance(value, dict) else value


def _decoded(body: bytes) -> str:
    declared = _ENCODING.search(body[:200])
    name = declared[1].decode().lower() if declared else "utf-8"
    return body.decode(_ENCODINGS[name])


def _no_doctype(*_: object) -> None:
    raise ValueError("a document type is not taken")


def _parts(body: bytes, boundary: str) -> list[Part]:
    from multipart import PushMultipartParser  # noqa: PLC0415 -- as above

    parts: list[Part] = []
    head: Any = None
    chunks: list[bytes] = []
    with PushMultipartParser(
        boundary,
        content_length=len(body),
        max_segment_count=MOST_PARTS,
        max_header_count=MOST_HEADERS,
        max_segment_size=LARGEST_PART,
    ) as parser:
        for event in parser.parse(body):
            if event is None:
                kind = (head.content_type or "").strip()
                parts.append(Part(head.name, head.filename or "", kind, b"".join(chunks)))
                chunks = []
            elif isinstance(event, bytes | bytearray):
                chunks.append(bytes(event))
            else:
                head = event
    return parts


class _Tree:
    """Builds nested dicts from expat's calls."""

    def __init__(self) -> None:
        self.name = ""
        self.root: dict[str, Any] | str = ""
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._seen = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._seen += 1
        if self._seen > MOST_ELEMENTS or len(self._open) >= MOST_DEPTH:
            raise ValueError("too many or too deep elements")
        if len(attributes) > MOST_ATTRIBUTES:
            raise ValueError("too many attributes")
        self._open.append((tag.rpartition(":")[2], {}, []))

    def text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def end(self, _tag: str) -> None:
        name, inside, words = self._open.pop()
        value: dict[str, Any] | str = inside or "".join(words).strip()
        if not self._open:
            self.name, self.root = name, value
            return
        siblings = self._open[-1][1]
        if name not in siblings:
            siblings[name] = value
        elif isinstance(siblings[name], list):
            siblings[name].append(value)
        else:
            siblings[name] = [siblings[name], value]
