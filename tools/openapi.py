"""Write the published contracts, or check that the committed ones are true.

`python -m tools.openapi` writes `miniprogram-api-spec/*.json`, the OpenAPI document of each
audience, and below `events/` the JSON Schema of what each type of device event says; with
`--check` it writes nothing and exits 1 if any differs from the code.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import app  # noqa: F401 -- assembles the routes
from chalicelib.core import openapi
from chalicelib.devices.schemas import events

FOLDER = Path("miniprogram-api-spec")


def main() -> int:
    """Return the exit status."""
    check, stale = "--check" in sys.argv[1:], 0
    wanted = dict(contracts())
    for file, text in wanted.items():
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{file} {'differs from the code' if check else 'written'}")
        if not check:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    for file in sorted({*FOLDER.rglob("*.json")} - set(wanted)):
        stale += 1
        print(f"{file} {'is of nothing any more' if check else 'removed'}")
        if not check:
            file.unlink()
    if check and stale:
        print("run `make openapi` and commit the result")
    return 1 if check and stale else 0


def contracts() -> Iterator[tuple[Path, str]]:
    """Yield each file of the published contracts with its text."""
    for audience in openapi.AUDIENCES:
        yield FOLDER / f"{audience}.json", _text(openapi.document(audience))
    for name, schema in events.contract().items():
        yield FOLDER / "events" / name, _text(schema)


def _text(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    sys.exit(main())
