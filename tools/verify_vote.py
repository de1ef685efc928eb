"""Verify the published log of an owners' vote (format OV1). Needs Python 3.9 and nothing else.

    python verify_vote.py EXPORT.json [--seen 1a2b3c4d5e6f7081] [--opening FILE]

Exit 0 and the recomputed result as JSON, or exit 1 and the first thing that is broken, with the
number of the entry if it is one. No file shows that it was not written anew as a whole: for that,
`--seen` takes a hash kept outside, or its first 16 digits (of the printed notice, a receipt, a
checkpoint). `--opening` is what one's own phone keeps of a ballot.
"""

import argparse
import gc
import json
import re
import sys
from hashlib import sha256
from operator import le
from pathlib import Path
from typing import Any

HASHED = ("seq", "prev", "type", "group", "channel", "commit", "server_time")
FOLLOWS = {  # kind of entry: its channels, what may stand for the group before it
    "CAST": (("ONLINE",), (None, "PROXY")),
    "REPLACE": (("ONLINE",), ("CAST", "REPLACE")),
    "PROXY": (("ONLINE", "PAPER"), (None, "PROXY")),
    "PAPER": (("PAPER",), (None, "PROXY", "CAST", "REPLACE")),
    "VOID": (("OFFICE",), ("PROXY", "PAPER", "CAST", "REPLACE")),
}
HEX = re.compile(r"[0-9a-f]{64}")
MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)
NOTHING = {"area": 0, "heads": 0}
Weight = dict[str, int]
encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


class Broken(Exception):  # noqa: N818 -- a finding
    """What is wrong, as a code."""


def main(arguments: list[str]) -> int:
    """Verify what the command line names; return the exit status."""
    parser = argparse.ArgumentParser(prog="verify_vote.py", description=(__doc__ or "")[:59])
    parser.add_argument("export")
    parser.add_argument("--seen", action="append", default=[], help="a hash that was kept outside")
    parser.add_argument("--opening", action="append", default=[], help="seq, choice, nonce: JSON")
    asked = parser.parse_args(arguments)
    log = Log()
    try:
        said = log.verified(_parsed(asked.export))
        said["seen"] = [log.seen(number) for number in asked.seen]
        said["own"] = [log.opened(_parsed(name)) for name in asked.opening]
    except (Broken, *MALFORMED) as error:
        code = str(error) if isinstance(error, Broken) else "malformed"
        print(json.dumps({"ok": False, "code": code, "part": log.at[0], "seq": log.at[1]}))
        return 1
    print(json.dumps(said, indent=1))
    return 0


def _parsed(name: str) -> Any:
    return json.loads(Path(name).read_bytes(), object_pairs_hook=strict)


def strict(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object that has one canonical form: no key twice; text and integers only."""
    made = dict(pairs)
    _need(len(made) == len(pairs) and _plain(made.values()), "not_canonical")
    return made


def _plain(values: Any) -> bool:
    kinds = {*map(type, values)}
    lists = [value for value in values if type(value) is list] if list in kinds else []
    return kinds <= {str, int, dict, list} and all(map(_plain, lists))


def _need(holds: object, code: str) -> None:
    if not holds:
        raise Broken(code)


def _canon(value: Any) -> bytes:
    return encode(value).encode()


def _hash(*parts: bytes) -> str:
    return sha256(b"".join(parts)).hexdigest()


def _rfc6962(level: list[bytes]) -> bytes:
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2])  # noqa: B905 -- Python 3.9
        level = [sha256(b"\1" + a + b).digest() for a, b in pairs] + level[len(level) // 2 * 2 :]
    return level[0]


class Log:
    """An export as far as it has been checked; `at` says in which part, and at which entry."""

    at = ("export", 0)

    def verified(self, export: dict[str, Any]) -> dict[str, Any]:
        """Return the recomputed result. Each part binds the next, the seal what is left."""
        self.export, self.is_named = export, export["level"] == "NAMED"
        _need(export["format"] == "OV1" and export["level"] in {"NAMED", "SEALED"}, "format")
        parts = ("rules", "roll", "h0", "entries", "close", "checkpoints", "delivered")
        for part in (*parts, "openings", "totals") if self.is_named else (*parts, "totals"):
            self.at = (part, 0)
            getattr(self, f"_{part}")(export[part])
        self.at = ("results", 0)
        results = [self._result(item, export["totals"][name]) for name, item in self.items.items()]
        _need(results == export["results"], "results_wrong")
        self.at = ("seal", 0)
        rest = {key: export[key] for key in export if key not in {"roll", "entries", "seal"}}
        seal = _hash(b"OV1|SEAL|", bytes.fromhex(export["close"]), _canon(rest))
        _need(seal == export["seal"], "seal_wrong")
        shown = ("vote", "level", "count", "close", "seal", "totals", "results")
        said = {"ok": True, "proved": "totals" if self.is_named else "turnout", "roll": self.all}
        return {**said, "ballots": self.cast, **{key: export[key] for key in shown}}

    def _rules(self, rules: dict[str, Any]) -> None:
        _need(0 <= rules["opens_at"] < rules["closes_at"] <= rules["paper_until"], "window")
        self.deeming, self.items = rules["deeming"], {item["id"]: item for item in rules["items"]}
        _need(self.deeming in {"STRICT", "DELIVERED_PARTICIPATES", "FOLLOW_MAJORITY"}, "deeming")
        _need(len(self.items) == len(rules["items"]) > 0, "item_twice")
        self.marks: dict[str, tuple[str, ...]] = {}
        for item in self.items.values():
            _need(1 <= item["number"] <= 9, "item_number")
            _need(item["seats"] > 0 if item["candidates"] else item["seats"] == 0, "seats")
            marks = (*(item["candidates"] or ("YES", "NO")), "ABSTAIN", "INVALID")
            _need(len({*marks}) == len(marks), "candidate_twice")
            self.marks[item["id"]] = marks

    def _roll(self, roll: list[dict[str, Any]]) -> None:
        self.areas: dict[str, int] = {}
        leaves, units, last = [], set[str](), ""
        for line in roll:
            group, held, area = line["group"], line["units"], line["area"]
            _need(group > last, "group_twice_or_out_of_order")
            _need(area > 0, "area_zero")
            _need(line["head"] == 1, "not_one_head")
            _need(held and held == sorted({*held}), "units_twice_or_out_of_order")
            _need(units.isdisjoint(held), "unit_in_two_groups")
            units.update(held)
            self.areas[group], last = area, group
            leaves.append(sha256(b"\0" + _canon(line)).digest())
        self.root, self.all = _rfc6962(leaves), self._weight(self.areas)

    def _h0(self, published: str) -> None:
        bound = {"vote": self.export["vote"], "roll_root": self.root.hex()}
        bound["rules_hash"] = _hash(_canon(self.export["rules"]))
        self.hashes = [_hash(b"OV1|INIT|", _canon(bound))]
        _need(self.hashes[0] == published, "vote_roll_or_rules_changed")

    def _entries(self, entries: list[dict[str, Any]]) -> None:
        self.standing: dict[str, dict[str, Any]] = {}
        commits, rules, time = set[str](), self.export["rules"], self.export["rules"]["opens_at"]
        for seq, entry in enumerate(entries, 1):
            self.at = ("entries", seq)
            _need(len(entry) == len(HASHED) + 1, "fields")
            _need(entry["seq"] == seq, "missing_or_moved")
            _need(entry["prev"] == self.hashes[-1], "link_wrong")
            body = sha256(_canon({key: entry[key] for key in HASHED})).digest()
            self.hashes.append(_hash(b"\2", bytes.fromhex(entry["prev"]), body))
            _need(self.hashes[-1] == entry["hash"], "hash_wrong")
            kind, group, commit = entry["type"], entry["group"], entry["commit"]
            channels, before = FOLLOWS[kind]
            _need(entry["channel"] in channels, "channel_wrong")
            _need(group in self.areas, "off_roll")
            _need(self.standing.pop(group, {}).get("type") in before, "out_of_turn")
            _need(HEX.fullmatch(commit) and commit not in commits, "commit_wrong_or_twice")
            end = rules["paper_until" if kind in {"PAPER", "VOID"} else "closes_at"]
            _need(time <= entry["server_time"] < end, "time_wrong")
            if kind != "VOID":
                self.standing[group] = entry
            commits.add(commit)
            time = entry["server_time"]
        self.cast = self._weight(self.standing)

    def _close(self, published: str) -> None:
        entries, count = len(self.hashes) - 1, self.export["count"]
        self.at = ("close", 0 if entries == count else min(entries, count) + 1)
        _need(count == entries, "cut_off_or_added")
        closing = _hash(b"OV1|CLOSE|", bytes.fromhex(self.hashes[-1]), b"%d" % count)
        _need(closing == published, "close_wrong")

    def _checkpoints(self, points: list[dict[str, Any]]) -> None:
        for point in points:
            _need(self.hashes[max(0, point["seq"])] == point["hash"], "checkpoint_wrong")

    def _delivered(self, groups: list[str]) -> None:
        _need(groups == sorted({*groups}) and self.areas.keys() >= {*groups}, "off_roll")
        self.silent = self._weight({*groups} - self.standing.keys())

    def _weight(self, groups: Any) -> Weight:
        return {"area": sum(self.areas[group] for group in groups), "heads": len(groups)}

    def _openings(self, openings: list[dict[str, Any]]) -> None:
        """Each opening fits its seal, and each standing ballot is opened and counted."""
        self.sums = {n: {m: {**NOTHING} for m in marks} for n, marks in self.marks.items()}
        waiting = {entry["seq"]: self.areas[group] for group, entry in self.standing.items()}
        for opening in openings:
            self.opened(opening)
            area = waiting.pop(opening["seq"], 0)
            for name, said in opening["choice"].items() if area else ():
                for mark in (said or ["ABSTAIN"]) if type(said) is list else [said]:
                    self.sums[name][mark]["area"] += area
                    self.sums[name][mark]["heads"] += 1
        self.at = ("openings", min(waiting, default=0))
        _need(not waiting, "not_opened")

    def opened(self, opening: dict[str, Any]) -> dict[str, Any]:
        """Return an opening that fits its seal, and whether its ballot counts."""
        self.at = ("openings", opening["seq"])
        _need(opening["seq"] > 0 and HEX.fullmatch(opening["nonce"]), "opening_malformed")
        entry, choice = self.export["entries"][opening["seq"] - 1], opening["choice"]
        commit = _hash(b"OVC1|", _canon(choice), bytes.fromhex(opening["nonce"]))
        _need(commit == entry["commit"], "opening_wrong")
        _need(choice.keys() == self.items.keys(), "ballot_items")
        for name, said in choice.items():
            seats, marks = self.items[name]["seats"], self.marks[name]
            _need(said != "INVALID" or entry["channel"] == "PAPER", "invalid_online")
            if type(said) is list:
                _need(said == sorted({*said} & {*marks[:-2]}) and len(said) <= seats, "candidates")
            else:
                _need(said in (marks[-1:] if seats else marks), "option_unknown")
        return {**opening, "counts": self.standing.get(entry["group"]) is entry}

    def _totals(self, totals: dict[str, dict[str, Weight]]) -> None:
        """The totals are those of the openings; sealed ones fit the ballots that stand."""
        _need(not self.is_named or totals == self.sums, "totals_wrong")
        _need(totals.keys() == self.items.keys(), "totals_malformed")
        for name, marks in self.marks.items():
            _need(totals[name].keys() == {*marks}, "totals_malformed")
            for base, cast in self.cast.items():
                *agreed, abstained, invalid = (totals[name][mark][base] for mark in marks)
                left, seats = cast - abstained - invalid, self.items[name]["seats"] or 1
                fits = max(agreed) <= left <= sum(agreed) <= left * seats
                _need(fits and min(*agreed, abstained, invalid) >= 0, "totals_do_not_fit")

    def _result(self, item: dict[str, Any], totals: dict[str, Weight]) -> dict[str, Any]:
        out = 0 if self.export["rules"]["invalid_participates"] else -1
        took = _sum(self.cast, totals["INVALID"], out)
        joined = _sum(took, self.silent, self.deeming == "DELIVERED_PARTICIPATES")
        said: dict[str, Any] = {"item": item["id"], "number": item["number"]}
        if item["seats"]:
            names = {name: totals[name] for name in item["candidates"]}
            both = [_elected(item["seats"], names, self.all, part) for part in (joined, took)]
            return {**said, "deemed": both[0], "strict": both[1]}
        agreed = more = totals["YES"]
        if self.deeming == "FOLLOW_MAJORITY":
            to_yes, to_no = _over_half(agreed, took), _over_half(totals["NO"], took)
            joined, more = _sum(took, self.silent, to_yes or to_no), _sum(more, self.silent, to_yes)
        said["deemed"] = _decided(item["number"], self.all, joined, more)
        return {**said, "strict": _decided(item["number"], self.all, took, agreed)}

    def seen(self, number: str) -> Any:
        """Return the hash that a number kept outside is, or begins."""
        self.at = ("seen", 0)
        known = (self.export["close"], self.export["seal"], *self.hashes)
        found = [link for link in known if link.startswith(number.lower())]
        _need(found and len(number) >= 16, "not_of_this_log")
        return found[0]


def _sum(one: Weight, other: Weight, times: int) -> Weight:
    return {base: one[base] + times * other[base] for base in NOTHING}


def _over_half(part: Weight, whole: Weight) -> bool:
    return all(2 * part[base] > whole[base] for base in NOTHING)


def _decided(number: int, roll: Weight, took: Weight, agreed: Weight) -> dict[str, Any]:
    """Decide by Civil Code 278: two thirds take part, then three quarters or over half agree."""
    major, bases = number in {6, 7, 8}, [(roll[b], took[b], agreed[b]) for b in NOTHING]
    few = any(3 * part < 2 * whole for whole, part, _ in bases)
    enough = all(4 * yes >= 3 * part if major else 2 * yes > part for _, part, yes in bases)
    said = "NO_QUORUM" if few else "PASS" if enough else "REJECTED"
    return {"decision": said, "took_part": took, "agreed": agreed}


def _elected(seats: int, names: dict[str, Weight], roll: Weight, took: Weight) -> dict[str, Any]:
    """Elect whoever has a majority and no tie can push out; who ties runs off for what is left."""
    said = {name: _decided(3, roll, took, names[name])["decision"] for name in names}
    won = {n: (names[n]["heads"], names[n]["area"]) for n in names if said[n] == "PASS"}
    ranks = sorted(won, key=lambda n: (-won[n][0], -won[n][1], n))
    beats = {n: [m for m, w in won.items() if w != won[n] and all(map(le, w, won[n]))] for n in won}
    elected = [n for n in ranks if len(won) - len(beats[n]) <= seats]
    run_off = sorted(n for n in won.keys() - elected if sum(n in b for b in beats.values()) < seats)
    vacant, left = max(0, seats - len(won)), seats - len(elected) if run_off else 0
    status = "RUN_OFF" if run_off else "INCOMPLETE" if vacant else "ELECTED"
    status = "NO_QUORUM" if "NO_QUORUM" in said.values() else status
    standing = {"elected": elected, "run_off": run_off, "run_off_seats": left, "vacant": vacant}
    return {"status": status, **standing, "took_part": took}


if __name__ == "__main__":
    gc.disable()  # nothing here is garbage before the end
    sys.exit(main(sys.argv[1:]))
