"""Authorising a request: signature, claims, revocation list, permission. No network call."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.figures import Figure, percentile
from benchmarks.overhead import sign_in

ROUNDS, REQUESTS = 5, 600
BUDGET_US = 150
REVOKED = 2_000
"""People who were signed out in the last quarter of an hour: all are in the list."""


class QuietStore:
    """A DynamoDB that answers each read of the revocations with the same rows."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows, self.calls = rows, 0

    def _make_api_call(self, _operation: str, _asked: Mapping[str, Any]) -> dict[str, Any]:
        self.calls += 1
        return {"Items": self.rows, "Count": len(self.rows), "ScannedCount": len(self.rows)}


def measure() -> list[Figure]:
    """Time each request by itself: one token again and again, then a new one each time.

    The best round is the true cost; the others are those of a busy machine.
    """
    os.environ["AWS_DEFAULT_REGION"] = "cn-north-1"
    people = [sign_in(f"person-{number}") for number in range(ROUNDS * REQUESTS)]
    from chalicelib.core import aws, revocations  # noqa: PLC0415 -- after the keys are set

    store = QuietStore([_revoked(number, revocations) for number in range(REVOKED)])
    with aws.using({"dynamodb": store}):
        known = min(_median(people[:1] * REQUESTS) for _ in range(ROUNDS))
        rounds = range(0, len(people), REQUESTS)
        first = min(_median(people[start : start + REQUESTS]) for start in rounds)
    note = f"{store.calls} reads of {REVOKED} revocations"
    return [
        Figure("authorise, a token seen before: median", known, BUDGET_US, "µs", note=note),
        Figure("authorise, a token never seen: median", first, BUDGET_US, "µs"),
    ]


def _median(tokens: Sequence[str]) -> float:
    """Return the median of authorising these, in microseconds."""
    from chalicelib.core import auth  # noqa: PLC0415 -- as above

    took = []
    for token in tokens:
        header = f"Bearer {token}"
        began = time.perf_counter()
        caller = auth.verified(header, "resident")
        allowed = caller.may("access.answer_call")
        took.append(time.perf_counter() - began)
        if not allowed:
            raise RuntimeError("the benchmark's own caller was refused")
    return 1e6 * percentile(took, 0.5)


def _revoked(number: int, revocations: Any) -> dict[str, Any]:
    from chalicelib.core import clock  # noqa: PLC0415 -- as above

    row = revocations.of_person("com-1", f"gone-{number}", "resident", clock.now())
    values: dict[str, Any] = row.serialize()
    return values
