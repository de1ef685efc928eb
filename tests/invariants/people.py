"""Who uses the town: residents with phones, a panel, a camera, staff; and who disturbs it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import jwt

from tests.invariants.judge import Answer
from tests.invariants.town import COMMUNITY, MANAGER, RESIDENTS, STRANGER, UNIT, Town
from tests.invariants.world import BEGINNING
from tools.simulate.signing import webhook_headers

TRIES = 4
ODD: tuple[Any, ...] = (7, None, [], "", "nowhere", {"unit": 1}, "长" * 20, "x" * 3_000)
"""What a broken panel may say in place of a flat or a gate."""

Json = dict[str, Any]
Reply = tuple[int, Json]


class Api:
    """The HTTP API, called as API Gateway calls it; no reply when its process died."""

    def __init__(self, town: Town, app: Callable[[Any, Any], Any], sign: Callable[[Json], str]):
        self.town, self.app, self.world = town, app, town.world
        self.tokens = {who: sign(claims(who)) for who in (*RESIDENTS, STRANGER, MANAGER)}

    def ask(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] = {},
        *,
        who: str = "",
    ) -> Reply | None:
        """Send a request and return status and body."""
        resource, parameters = template(path)
        given = {"content-type": "application/json", **headers}
        if who:
            given["authorization"] = f"Bearer {self.tokens[who]}"
        event = {
            "headers": given,
            "pathParameters": parameters,
            "multiValueQueryStringParameters": None,
            "stageVariables": None,
            "body": body.decode() or None,
            "isBase64Encoded": False,
            "requestContext": {
                "requestId": f"req-{self.world.chance.bits(32):08x}",
                "httpMethod": method,
                "resourcePath": resource,
                "path": path,
                "identity": {},
            },
        }
        swapped = self.town.swaps.get("open_gate") if path.endswith("/open") else None
        serve = swapped or self.app
        outcome = self.world.invoke(f"{method} {path}", lambda: serve(event, None))
        if isinstance(outcome, BaseException):
            return None
        self.world.tell(f"{who} {method} {path}: {outcome['statusCode']} {outcome['body'][:120]}")
        return outcome["statusCode"], json.loads(outcome["body"])


def claims(who: str) -> Json:
    """Return what a person's token says; it outlives every clock jump."""
    role = "property_manager" if who == MANAGER else "resident"
    audience = "property" if who == MANAGER else "resident"
    at = int(BEGINNING.timestamp())
    return {
        "iss": "linli",
        "sub": who,
        "aud": f"linli:{audience}",
        "community": COMMUNITY,
        "roles": [role],
        "iat": at - 10**7,
        "exp": at + 10**8,
    }


def signer(key: Any, key_id: str) -> Callable[[Json], str]:
    """Return what signs tokens; a token is made once per process."""
    made: dict[str, str] = {}

    def sign(said: Json) -> str:
        who = said["sub"]
        if who not in made:
            made[who] = jwt.encode(said, key, "EdDSA", headers={"kid": key_id})
        return made[who]

    return sign


def template(path: str) -> tuple[str, dict[str, str] | None]:
    """Return the resource that API Gateway finds for a path, and its parameters."""
    parts = path.split("/")
    for name, where in (("calls", "call_id"), ("alerts", "alert_id")):
        if name in parts[:-1]:
            at = parts.index(name) + 1
            return "/".join([*parts[:at], "{" + where + "}", *parts[at + 1 :]]), {where: parts[at]}
    return path, None


class Resident:
    """A person with a phone: looks, taps, taps again, mistakes a key, gives up."""

    def __init__(self, api: Api, who: str) -> None:
        self.api, self.who, self.world = api, who, api.world
        self.keys: list[str] = []

    def look(self) -> None:
        """Read the list of calls and react to what rings."""
        found = self.api.ask("GET", "/resident/calls", who=self.who)
        if found is None or found[0] != 200:
            if self.world.chance.on:
                self.world.after(1_000, self.look)
            return
        for call in found[1]["items"]:
            if call["state"] == "RINGING" or self.world.chance.maybe(0.2):
                self.react(call["call_id"])

    def react(self, call_id: str) -> None:
        """Do one of the things that people do when it rings."""
        chance, after = self.world.chance, self.world.after
        what = chance.one_of(
            ("tap", "tap", "twice", "twice", "impatient", "deny", "late", "ignore", "confused")
        )
        delay = chance.between(31_000, 40_000) if what == "late" else chance.between(50, 3_000)
        verb = "deny" if what == "deny" else "open"
        key = self._key(chance.one_of(self.keys) if what == "confused" and self.keys else "")
        if what != "ignore":
            after(delay, lambda: self.act(call_id, verb, key))
        if what in ("twice", "impatient"):
            again = key if what == "twice" else self._key("")
            after(delay + chance.between(0, 400), lambda: self.act(call_id, verb, again))

    def _key(self, known: str) -> str:
        key = known or f"key-{self.world.chance.bits(64):016x}"
        self.keys.append(key)
        return key

    def act(self, call_id: str, verb: str, key: str, tries: int = TRIES) -> None:
        """Post, and post again under the same key if no answer came, or just because."""
        path, began = f"/resident/calls/{call_id}/{verb}", self.world.now_ms
        reply = self.api.ask("POST", path, headers={"idempotency-key": key}, who=self.who)
        if reply is not None:
            self.api.town.judge.answered(
                Answer(self.who, key, path, began, self.world.now_ms, *reply)
            )
        lost = reply is None or reply[0] >= 500
        if tries > 1 and (lost or self.world.chance.strikes("duplicate")):
            delay = self.world.chance.between(200, 4_000)
            self.world.after(delay, lambda: self.act(call_id, verb, key, tries - 1))


class Reporter:
    """A device that posts signed events until they are accepted: a panel or a camera."""

    def __init__(self, api: Api, device_id: str) -> None:
        self.api, self.world = api, api.world
        self.key = api.town.keys[device_id]
        self.sequence = 0
        self.error_s = 0
        """What the server's last complaint taught about its clock."""

    def report(self, kind: str, *data: Json) -> None:
        """Post a batch of events."""
        events = [self._event(kind, one) for one in data]
        body = json.dumps(events if len(events) > 1 else events[0]).encode()
        self._post(f"msg-{self.world.chance.bits(64):016x}", body, TRIES)
        if self.world.chance.strikes("duplicate"):  # the same events, in another message
            again = f"msg-{self.world.chance.bits(64):016x}"
            self.world.after(
                self.world.chance.between(10, 5_000), lambda: self._post(again, body, TRIES)
            )

    def _event(self, kind: str, data: Json) -> Json:
        self.sequence += 1
        return {
            "specversion": "1.0",
            "id": f"{self.key.device_id}-{self.sequence}",
            "source": self.key.device_id,
            "type": kind,
            "time": self.world.clock().isoformat(),
            "boot": 1,
            "sequence": self.sequence,
            "data": data,
        }

    def _post(self, message_id: str, body: bytes, tries: int) -> None:
        at_s = self.world.epoch_ms() // 1000 + self.error_s
        headers = webhook_headers(self.key, body, webhook_id=message_id, at_s=at_s)
        kind = (
            "application/cloudevents-batch+json"
            if body[:1] == b"["
            else "application/cloudevents+json"
        )
        reply = self.api.ask("POST", "/device/events", body, headers | {"content-type": kind})
        if reply is not None and reply[0] == 200:
            self._accepted(message_id, reply[1])
            lost = self.world.chance.strikes("duplicate")
        else:
            lost = reply is None or reply[0] in (401, 429, 500)
        if tries > 1 and lost:
            delay = self.world.chance.between(300, 2_000)
            self.world.after(delay, lambda: self._post(message_id, body, tries - 1))

    def _accepted(self, message_id: str, body: Json) -> None:
        said = {"state": "", "accepted": body["accepted"], "results": body["results"]}
        at = self.world.now_ms
        who = self.key.device_id
        self.api.town.judge.answered(Answer(who, message_id, "events", at, at, 200, said))


class Manager:
    """Staff who look at alerts and judge them."""

    def __init__(self, api: Api) -> None:
        self.api, self.world = api, api.world

    def judge(self, verdict: str) -> None:
        """Give this verdict on every alert that waits for one."""
        found = self.api.ask("GET", "/property/alerts", who=MANAGER)
        for alert in found[1].get("items", ()) if found else ():
            if alert["verdict"] is None or alert["state"] == "GUARD_SENT":
                self._say(
                    alert["alert_id"], verdict, f"key-{self.world.chance.bits(64):016x}", TRIES
                )

    def _say(self, alert_id: str, verdict: str, key: str, tries: int) -> None:
        path, began = f"/property/alerts/{alert_id}/verdict", self.world.now_ms
        body = json.dumps({"verdict": verdict}).encode()
        reply = self.api.ask("POST", path, body, {"idempotency-key": key}, who=MANAGER)
        if reply is not None:
            self.api.town.judge.answered(
                Answer(MANAGER, key, path, began, self.world.now_ms, *reply)
            )
        if tries > 1 and (reply is None or reply[0] >= 500):
            self.world.after(500, lambda: self._say(alert_id, verdict, key, tries - 1))


def ring(reporter: Reporter, *, odd: bool) -> None:
    """Let the panel ring the flat, or say something odd."""
    said: Json = {"unit_id": UNIT, "gate_id": "gate"}
    if odd:
        chance = reporter.world.chance
        said[chance.one_of(("unit_id", "gate_id", "photo"))] = chance.one_of(ODD)
    reporter.report("panel.call", said)


def trespass(api: Api, call_id: str) -> None:
    """Let a stranger try to open: the call is none of theirs (I11)."""
    headers = {"idempotency-key": f"key-{api.world.chance.bits(64):016x}"}
    reply = api.ask("POST", f"/resident/calls/{call_id}/open", headers=headers, who=STRANGER)
    api.town.judge.require(reply is None or reply[0] in (404, 500), f"I11 a stranger got {reply}")
