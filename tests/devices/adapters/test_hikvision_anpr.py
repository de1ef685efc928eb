from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import BadRequest
from chalicelib.devices.adapters.hikvision_anpr import translate
from tests.devices.adapters.conftest import (
    JPEG,
    MULTIPART,
    SETTINGS,
    multipart,
    payload,
    with_pictures,
)

XML = "application/xml"
ALERT = payload("hikvision_anpr.xml")


def one(body=ALERT, kind=XML, **settings):
    (event,) = translate(body, kind, {**SETTINGS, **settings})
    return event


def test_a_passing_is_read_with_its_namespace_stripped():
    event = one()
    assert event.type == "vehicle.passed"
    assert event.id == "5b0a2f3c-6d1e-4f70-8a91-b2c3d4e5f601"
    assert event.occurred_at == datetime(2026, 11, 21, 8, 3, 7, tzinfo=UTC)
    assert event.data == {
        "plate": "粤B·D12345",
        "direction": "in",
        "plate_color": "green",
        "vehicle": "car",
        "listed": "allowed",
        "confidence": 0.97,
        "lane": 2,
        "vendor": {"channel": "1", "mac": "02:00:5e:00:53:41"},
    }


def test_pictures_come_byte_by_byte():
    event = one(with_pictures(ALERT, XML, (JPEG, JPEG + b"2")), MULTIPART)
    assert [picture.content for picture in event.attachments] == [JPEG, JPEG + b"2"]
    assert event.data["lane"] == 2


@pytest.mark.parametrize(
    ("said", "approach", "direction"),
    [
        ("forward", "in", "in"),
        ("forward", "out", "out"),
        ("reverse", "in", "out"),
        ("unknown", "in", "unknown"),
    ],
)
def test_the_installer_says_which_way_is_in(said, approach, direction):
    body = ALERT.replace(b"forward", said.encode())
    assert one(body, approach=approach).data["direction"] == direction


def test_the_cameras_own_chinese_encoding_is_read():
    body = ALERT.decode().replace("UTF-8", "gb2312").replace("·", "").encode("gb18030")
    assert one(body).data["plate"] == "粤BD12345"


def test_a_time_without_offset_is_the_communitys():
    body = ALERT.replace(b"16:03:07+08:00", b"16:03:07")
    assert one(body).occurred_at == datetime(2026, 11, 21, 8, 3, 7, tzinfo=UTC)


def test_a_heartbeat_is_a_sign_of_life():
    event = one(payload("hikvision_anpr_heartbeat.xml"))
    assert (event.type, event.data) == ("device.heartbeat", {})


def test_what_nobody_asked_for_is_kept_under_its_own_name():
    event = one(ALERT.replace(b"<eventType>ANPR", b"<eventType>linedetection"))
    assert event.type == "hikvision.linedetection"
    assert event.data["vendor"]["UUID"].startswith("5b0a2f3c")


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"", XML, "empty_body"),
        (b"   ", XML, "empty_body"),
        (b"<a>", XML, "bad_xml"),
        (b"<Elsewhere/>", XML, "not_this_vendor"),
        (ALERT[:300], XML, "bad_xml"),
        (ALERT.replace("粤B·D12345".encode(), b"x" * 1_000_000), XML, "bad_field"),
        (ALERT.replace(b"<ANPR>", b"<ANPR/><X>").replace(b"</ANPR>", b"</X>"), XML, "bad_field"),
        (ALERT, "multipart/form-data", "no_boundary"),
        (ALERT, MULTIPART, "bad_multipart"),
        (multipart(("1.jpg", "image/jpeg", JPEG)), MULTIPART, "not_this_vendor"),
        (multipart(("a.xml", XML, ALERT), closed=False), MULTIPART, "bad_multipart"),
    ],
)
def test_what_is_no_notification_is_refused(body, kind, code):
    with pytest.raises(BadRequest) as refused:
        translate(body, kind, SETTINGS)
    assert refused.value.code == code
