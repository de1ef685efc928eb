"""Does this device speak the protocol? What its maker runs against a deployment.

python -m tools.conformance --demo .local/demo.json --device heyuan-gate-01
python -m tools.conformance --url https://… --mqtt mqtts://… --community C
       --device ID --kind gate --key-id k1 --key BASE64 [--token STAFF]
python -m tools.conformance --demo .local/demo.json --enrol gate --place heyuan-entrance-01

It listens at two addresses of its own, prints them, and passes on to the deployment whatever
the device sends there: point the device at them and start it. LINLI_DEVICE_KEY and
LINLI_STAFF_TOKEN stand for --key and --token. Ends with 0 if nothing failed, else 1; 2 if it
could not begin. docs/conformance.md says more.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tools.conformance import report
from tools.conformance.bench import Bench, Pace
from tools.conformance.check import Finding
from tools.conformance.examine import Listen, Wish, bench_of, examined
from tools.conformance.maintenance import maintained
from tools.conformance.moves import Asked, Counted, Moves, program
from tools.conformance.subject import Asking, SubjectError, subject, text_of
from tools.simulate.enrolling import retire
from tools.simulate.signing import mac


def main(arguments: list[str]) -> int:
    """Examine one device; return the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        with _enrolled(asked) as wish, bench_of(wish, _moves(asked)) as bench:
            return _examine(asked, bench)
    except (SubjectError, requests.RequestException, OSError) as failure:
        print(f"could not begin: {failure}", file=sys.stderr)
        return 2


def _examine(asked: argparse.Namespace, bench: Bench) -> int:
    def tell(found: Finding) -> None:
        if not asked.json:
            print(report.line(found), flush=True)

    aside = sys.stderr if asked.json else sys.stdout
    print(_directions(bench), file=aside, flush=True)
    with maintained(bench.staff, bench.device.id) as said:
        print(f"{said}\n", file=aside, flush=True)
        findings = examined(bench, tell)
    if asked.json:
        print(report.as_json(bench, findings))
        return report.status(findings)
    for note in bench.watch.notes:
        print(f"note: {note}")
    print(f"\n{bench.device.id} ({bench.device.kind}): {report.summary(findings)}")
    return report.status(findings)


def _directions(bench: Bench) -> str:
    """What a person must enter into the device."""
    device = bench.device
    where = bench.web.url.replace("0.0.0.0", "THIS-MACHINE")  # noqa: S104 -- only shown
    lines = [
        f"Point the device here and start it (we wait {bench.pace.patience_s:.0f} s):",
        f"  device id {device.id}, key id {device.key.key_id}, community {device.community_id}",
        f"  events    {where}/device/events",
    ]
    if bench.broker is not None:
        host, port = bench.broker.address
        host = host.replace("0.0.0.0", "THIS-MACHINE")  # noqa: S104 -- as above
        lines.append(f"  broker    mqtt://{host}:{port}  (no TLS on this side)")
    return "\n".join(lines) + "\n"


def _moves(asked: argparse.Namespace) -> Moves | None:
    if asked.moves:
        return Counted(program(asked.moves))
    return Asked() if asked.ask else None


@contextmanager
def _enrolled(asked: argparse.Namespace) -> Iterator[Wish]:
    """Find the device, or enrol one for this examination and retire it afterwards."""
    found = subject(Asking(**{name: getattr(asked, name) for name in Asking.__slots__}))
    if asked.enrol:
        key = found.device.key
        print(f"enrolled {key.device_id}; its key {text_of(key.secret)}", file=sys.stderr)
        print(f"its password at the broker {mac(key.secret, b'mqtt')}", file=sys.stderr)
    try:
        yield Wish(
            found.device,
            found.base_url,
            None if asked.http_only else found.upstream,
            found.staff,
            Pace(asked.patience, asked.quiet),
            Listen(asked.listen, asked.http_port, asked.mqtt_port),
        )
    finally:
        if asked.enrol and not asked.keep and found.staff is not None:
            retire(found.staff, found.device.id)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.conformance", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    where = parser.add_argument_group("the deployment")
    where.add_argument("--demo", type=Path, help="sign-ins file of a one-machine home")
    where.add_argument("--url", default="", help="its HTTP address")
    where.add_argument("--mqtt", default="", help="its broker: mqtt://host:port or mqtts://…")
    where.add_argument("--certificate", default="", help="the device's certificate (AWS IoT)")
    where.add_argument("--certificate-key", default="", help="the private key of that")
    where.add_argument("--community", default="")
    where.add_argument(
        "--token", default=os.environ.get("LINLI_STAFF_TOKEN", ""), help="of the property staff"
    )
    what = parser.add_argument_group("the device")
    what.add_argument("--device", default="", help="its id")
    what.add_argument("--kind", default="")
    what.add_argument("--key-id", default="k1")
    what.add_argument("--key", default=os.environ.get("LINLI_DEVICE_KEY", ""), help="base64")
    what.add_argument("--enrol", default="", metavar="KIND", help="enrol one, and retire it after")
    what.add_argument("--place", default="", help="where it is enrolled")
    what.add_argument("--keep", action="store_true", help="do not retire what was enrolled")
    what.add_argument("--http-only", action="store_true", help="it speaks no MQTT")
    how = parser.add_argument_group("how")
    how.add_argument("--moves", default="", help="a program that prints how often it has moved")
    how.add_argument("--ask", action="store_true", help="ask you how often it has moved")
    how.add_argument("--listen", default="127.0.0.1", help="address at which the device finds us")
    how.add_argument("--http-port", type=int, default=0, help="and port there; else a free one")
    how.add_argument("--mqtt-port", type=int, default=0, help="the same for the broker")
    how.add_argument("--patience", type=float, default=30.0, help="seconds for what must come")
    how.add_argument("--quiet", type=float, default=3.0, help="seconds for what must not come")
    how.add_argument("--json", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
