"""What was found, for people and for machines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from tools.conformance.bench import Bench
from tools.conformance.check import Finding, Verdict

DOCUMENT = "docs/device-protocol.md"
MARKS = {Verdict.PASS: "PASS     ", Verdict.FAIL: "FAIL     ", Verdict.NOT_TRIED: "NOT TRIED"}
MOST_LINES = 400


def line(found: Finding) -> str:
    """One check as a person reads it; what failed says what should have been, and where from."""
    first = f"{MARKS[found.verdict]}  {found.check.name}: {_safe(found.seen)}"
    if found.verdict is not Verdict.FAIL:
        return first
    return (
        f"{first}\n"
        f"             expected: {found.check.expected}\n"
        f"             clause:   {DOCUMENT}: {found.check.clause}"
    )


def summary(findings: Sequence[Finding]) -> str:
    """Say how it went, in a line."""
    counts = Counter(found.verdict for found in findings)
    failed = [found.check.name for found in findings if found.verdict is Verdict.FAIL]
    said = (
        f"{counts[Verdict.PASS]} passed, {counts[Verdict.FAIL]} failed, "
        f"{counts[Verdict.NOT_TRIED]} not tried"
    )
    return f"{said}: {', '.join(failed)}" if failed else said


def status(findings: Iterable[Finding]) -> int:
    """0 if nothing failed and something passed, else 1."""
    verdicts = {found.verdict for found in findings}
    return 0 if Verdict.FAIL not in verdicts and Verdict.PASS in verdicts else 1


def as_json(bench: Bench, findings: Sequence[Finding]) -> str:
    """Everything, for a machine."""
    return json.dumps(
        {
            "device": bench.device.id,
            "kind": bench.device.kind,
            "passed": status(findings) == 0,
            "document": DOCUMENT,
            "checks": [
                {
                    "name": found.check.name,
                    "verdict": found.verdict.value,
                    "expected": found.check.expected,
                    "seen": found.seen,
                    "clause": found.check.clause,
                }
                for found in findings
            ],
            "notes": bench.watch.notes[:MOST_LINES],
        },
        ensure_ascii=False,
        indent=1,
    )


def _safe(text: str) -> str:
    """What a device said, on one line and without what moves a terminal's cursor."""
    return "".join(one if one.isprintable() else "�" for one in text)
