"""A person at a phone or a portal: a token, and real HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import requests

from tools.simulate.signing import Json


class Person:
    """Asks and answers with one access token; one kept-open connection, as a phone has."""

    def __init__(self, base_url: str, token: str, *, timeout_s: float = 10.0) -> None:
        """Prepare; nothing is sent."""
        self.base_url = base_url
        self.timeout_s = timeout_s
        self._http = requests.Session()
        self._http.trust_env = False
        self._http.headers["authorization"] = f"Bearer {token}"

    def get(self, path: str, **query: str) -> requests.Response:
        """GET, whatever the status."""
        return self._http.get(self.base_url + path, params=query, timeout=self.timeout_s)

    def post(
        self, path: str, body: Mapping[str, Any] | None = None, *, key: str | None = None
    ) -> requests.Response:
        """POST with an Idempotency-Key of its own unless one is given."""
        return self._http.post(
            self.base_url + path,
            json=dict(body or {}),
            headers={"idempotency-key": key or str(uuid.uuid4())},
            timeout=self.timeout_s,
        )

    def put(self, path: str, body: Mapping[str, Any]) -> requests.Response:
        """PUT, whatever the status."""
        return self._http.put(self.base_url + path, json=dict(body), timeout=self.timeout_s)

    def read(self, path: str, **query: str) -> Json:
        """GET what must be there; any status but 200 is an error."""
        answer = self.get(path, **query)
        answer.raise_for_status()
        found: Json = answer.json()
        return found
