import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.exports import rules


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "＝1", "\r=1"]
)
def test_no_spreadsheet_runs_a_cell(text):
    assert rules.cell(text) == f"'{text}"


@given(st.lists(st.dictionaries(st.just("a"), st.text(), min_size=1), min_size=1, max_size=5))
def test_csv_reads_back_as_it_was_written(rows):
    read = list(csv.reader(io.StringIO(rules.as_csv(rows), newline="")))
    assert read[0] == ["a"]
    assert [line[0] if line else "" for line in read[1:]] == [rules.cell(r["a"]) for r in rows]


def test_nothing_is_an_empty_file():
    assert rules.as_csv([]) == ""
    assert rules.cell(None) == ""
