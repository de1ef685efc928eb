"""Import an estate's rooms and residents from CSV or XLSX into a running Linli.

    python -m tools.import_estate rooms.csv residents.csv           check; nothing is written
    python -m tools.import_estate rooms.csv residents.csv --write   check, then write it whole
    python -m tools.import_estate --template FOLDER                 write two sheets to fill in

The sign-in of a property manager comes from `.local/demo.json`, or from LINLI_TOKEN and
`--url`. With any bad line the first thousand are printed and nothing is written: exit status 1.
"""

from __future__ import annotations

import argparse
import base64
import csv
import os
import sys
import time
from pathlib import Path
from typing import Any

from chalicelib.identity.rules.sheets import COLUMNS, RESIDENTS, ROOMS
from tools.simulate.estate import Estate
from tools.simulate.person import Person

SAMPLES = {
    ROOMS: ("1号楼", "1单元", "101", "89.37"),
    RESIDENTS: ("1号楼", "1单元", "101", "示例业主", "13900000000", "", "业主", ""),
}
WAITED_S = 900.0


def main(arguments: list[str]) -> int:
    """Check or write; the exit status is 0 when all lines are good."""
    wish = _parser().parse_args(arguments)
    if wish.template:
        return _write_templates(wish.template)
    if wish.rooms is None:
        print("give the sheet of rooms, and that of residents if there is one", file=sys.stderr)
        return 2
    manager = _manager(wish.demo, wish.url, wish.sign_in)
    body = {ROOMS: _base64(wish.rooms), RESIDENTS: _base64(wish.residents)}
    checked = _said(manager.post("/property/imports/check", body))
    if not checked or checked["problems"]:
        return 1
    return _write(manager, body) if wish.write else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.import_estate", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("rooms", type=Path, nargs="?")
    parser.add_argument("residents", type=Path, nargs="?")
    parser.add_argument("--write", action="store_true", help="write it if every line is good")
    parser.add_argument("--template", type=Path, metavar="FOLDER", help="write two sheets to fill")
    parser.add_argument("--demo", type=Path, default=Path(".local/demo.json"))
    parser.add_argument("--sign-in", default="property", help="whose token of demo.json")
    parser.add_argument("--url", help="of the API, with a token in LINLI_TOKEN")
    return parser


def _write_templates(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for sheet, sample in SAMPLES.items():
        path = folder / f"{sheet}.csv"
        with path.open("w", encoding="utf-8-sig", newline="") as file:  # Excel wants the mark
            csv.writer(file).writerows([tuple(COLUMNS[sheet].values()), sample])
        print(path)
    return 0


def _manager(demo: Path, url: str | None, sign_in: str) -> Person:
    if url:
        return Person(url.rstrip("/"), os.environ["LINLI_TOKEN"], timeout_s=60)
    estate = Estate.read(demo)
    return Person(estate.base_url, estate.tokens[sign_in], timeout_s=60)


def _base64(path: Path | None) -> str:
    return base64.b64encode(path.read_bytes()).decode() if path else ""


def _said(answer: Any) -> dict[str, Any] | None:
    """Print what the server says of the sheets; return it, or None if it refused."""
    said: dict[str, Any] = answer.json()
    if not answer.ok:
        print(f"{answer.status_code} {said['code']}: {said['message']}", file=sys.stderr)
        return None
    print(f"{said['rooms']} rooms, {said['residents']} residents: {said['state']}")
    for bad in said["problems"]:
        print(f"  {bad['sheet']} line {bad['line']}, {bad['column']}: {bad['code']}")
    if said["bad"] > len(said["problems"]):
        print(f"  … {said['bad']} bad cells in all")
    return said


def _write(manager: Person, body: dict[str, str]) -> int:
    begun = _said(manager.post("/property/imports", body))
    until = time.monotonic() + WAITED_S
    while begun and begun["state"] in {"RUNNING", "UNDOING"} and time.monotonic() < until:
        time.sleep(1)
        begun = manager.read(f"/property/imports/{begun['import_id']}")
        print(f"  {begun['written']} %", flush=True)
    print(begun["state"] if begun else "REFUSED")
    return 0 if begun and begun["state"] == "COMPLETE" else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
