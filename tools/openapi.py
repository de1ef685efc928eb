"""Write the OpenAPI documents of all audiences, or check that the committed ones are true.

`python -m tools.openapi` writes `miniprogram-api-spec/*.json`; with `--check` it writes
nothing and exits 1 if any differs from the routes.
"""

import json
import sys
from pathlib import Path

import app  # noqa: F401 -- assembles the routes
from chalicelib.core import openapi

FOLDER = Path("miniprogram-api-spec")


def main() -> int:
    """Return the exit status."""
    check, stale = "--check" in sys.argv[1:], 0
    FOLDER.mkdir(exist_ok=True)
    for audience in openapi.AUDIENCES:
        file = FOLDER / f"{audience}.json"
        text = json.dumps(openapi.document(audience), ensure_ascii=False, indent=1) + "\n"
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{file} {'differs from the routes' if check else 'written'}")
        if not check:
            file.write_text(text, encoding="utf-8")
    if check and stale:
        print("run `make openapi` and commit the result")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
