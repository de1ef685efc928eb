"""The label sheet: A4, 24 to a page, with what a person and a phone can read."""

import re

import pytest

from chalicelib.core import ids
from chalicelib.devices import public as devices
from chalicelib.devices.service import labels
from tests.devices.conftest import row_of

PDF = "application/pdf"


@pytest.fixture
def gates(grounds):
    return [
        devices.enrol(
            grounds.community,
            devices.Kind.GATE,
            place_id="east",
            name=f"{number}号门",
            node_path=grounds.unit,
        )
        for number in range(3)
    ]


def pages(content):
    return len(re.findall(rb"/Type /Page\b", content))


def test_a_sheet_is_a_pdf_that_names_its_next_part(http, grounds, gates):
    path, token = "/property/device-labels?limit=2", grounds.staff("worker")
    first = http("GET", path, token=token, accept=PDF)
    assert (first.status, first.headers["content-type"]) == (200, PDF)
    assert first.headers["content-disposition"] == 'attachment; filename="device-labels.pdf"'
    assert first.body.startswith(b"%PDF-")
    assert first.body.rstrip().endswith(b"%%EOF")
    cursor = first.headers["x-next-cursor"]
    last = http("GET", f"{path}&cursor={cursor}", token=token, accept=PDF)
    assert (pages(last.body), last.headers.get("x-next-cursor")) == (1, None)


@pytest.mark.parametrize("accept", ["*/*", "text/html,application/pdf", ""])
def test_who_does_not_ask_for_a_pdf_is_told_so(http, grounds, gates, accept):
    """API Gateway would send them base64."""
    reply = http("GET", "/property/device-labels", token=grounds.staff(), accept=accept)
    assert (reply.status, reply.code) == (406, "not_acceptable")
    assert reply.body["details"] == {"accept": PDF}


def test_refusals_are_json_all_the_same(http, grounds):
    reply = http("GET", "/property/device-labels", token=grounds.staff(), accept=PDF)
    assert (reply.status, reply.code) == (404, "no_such_device")
    assert http("GET", "/property/device-labels", accept=PDF).code == "token_missing"
    token = grounds.staff()
    assert http("GET", "/property/device-labels?limit=241", token=token, accept=PDF).status == 400


def test_a_label_says_where_its_device_stands_in_words(grounds, gates):
    device = row_of(gates[0].device_id)
    label = labels.label_of(device, "1号楼 1单元 101")
    assert (label.name, label.kind, label.place) == ("0号门", "人行门", "1号楼 1单元 101")
    assert label.code == f"d:{device.device_id}"
    assert len(label.code) <= 32
    assert labels.label_of(device, "").place == "east"


def test_twenty_four_labels_fill_a_sheet():
    label = labels.Label(f"d:{ids.new_id('dev')}", "很长的名称" * 12, "烟感", "x" * 64)
    assert [pages(labels.drawn([label] * n)) for n in (1, 24, 25, 48, 49)] == [1, 1, 2, 2, 3]


def test_the_same_labels_are_the_same_bytes():
    label = labels.Label("d:dev_1", "门 \N{GRINNING FACE} ()\\", "人行门", "")
    assert labels.drawn([label]) == labels.drawn([label])
