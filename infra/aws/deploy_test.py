"""`python -m infra.aws.deploy_test`: deploy the stack onto ministack and play both journeys there.

The templates are those of `make synth`; only the packages' bytes differ, which are built for
the Python that ministack runs functions on. The real CDK CLI bootstraps, deploys and destroys.
Not covered, because ministack leaves it out: table TTL and PITR, bucket lifecycle, and API
Gateway's own answers (404, 405, 413): tests/infra_aws asserts those on the template.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.aws import package
from infra.aws.emulator import ACCOUNT, REGION, VENV, Emulator, scratch
from infra.aws.package import ROOT
from infra.aws.plan import PACKAGES
from infra.aws.trial import Failed, Trial
from infra.one_machine.environment import TOKEN_KEY_ID, token_key
from infra.one_machine.home import Home
from tools.simulate.estate import Estate

BUILT = ROOT / "build" / "deploy-test"
CLI = ROOT / ".venv-infra" / "node" / "node_modules" / "aws-cdk" / "bin" / "cdk"
PACK = ROOT / "packs" / "demo"


def main() -> int:
    """Run everything; 0 if both journeys passed and the stack was destroyed."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m infra.aws.deploy_test")
    parser.add_argument("--ministack", type=Path, default=VENV, help="its virtual environment")
    parser.add_argument("--keep", action="store_true", help="leave the log folder behind")
    chosen = parser.parse_args()
    folder = scratch()
    began = time.monotonic()
    try:
        with Emulator(folder, chosen.ministack) as emulator:
            _run(folder, emulator)
    except (Failed, subprocess.CalledProcessError, OSError) as failure:
        print(f"FAILED: {failure}\n--- the end of {folder}/ministack.log ---")
        print(_last_words(folder))
        return 1
    finally:
        if not chosen.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(f"deploy test passed in {time.monotonic() - began:.0f} s")
    return 0


def _run(folder: Path, emulator: Emulator) -> None:
    home = Home(folder / "home")
    home.folder("keys")
    with _timed("packages"):
        for name in PACKAGES:
            package.build(name, BUILT, emulator.python_version())
    cdk = Cdk(emulator, folder)
    with _timed("synthesise"):
        cdk.synthesise()
    with _timed("cdk bootstrap"):
        cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")
    with _timed("cdk deploy Account"):
        cdk.deploy("Account")
    given = {
        "MasterKey": _master_key(emulator),
        "TokenKeys": _token_keys(home),
        "TokenLongestS": "7200",  # the demo's people sign in once for the whole trial
    }
    for stack in ("Tables", "Queues"):
        with _timed(f"cdk deploy {stack}"):
            cdk.deploy(stack)
    with _timed("cdk deploy Linli"):
        outputs = cdk.deploy("Linli", given)
    with _timed("cdk deploy Api*"):
        outputs |= cdk.deploy("Api*")
    urls = {
        name.removesuffix("Url").lower(): _reachable(emulator, url)
        for name, url in outputs.items()
        if name.endswith("Url")
    }
    with _timed("demo estate and model pack"):
        estate = _found_estate(home, emulator, given)
        _store_pack(emulator, outputs["PackBucket"])
        _let_rules_through(emulator)
    Trial(estate, urls).run()
    with _timed("cdk destroy"):
        cdk("destroy", "--all", "--force")


class Cdk:
    """The real CDK CLI, pointed at the emulator by the environment alone."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self._assembly = folder / "cdk.out"
        self._outputs = folder / "outputs.json"
        self._environment = {
            **{name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ},
            **emulator.environment,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "CI": "1",
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20",
        }

    def synthesise(self) -> None:
        """Write the cloud assembly, with the packages for this emulator."""
        context = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
        subprocess.run(
            [sys.executable, "-m", "infra.stack"],
            check=True,
            cwd=ROOT,
            env={
                **self._environment,
                "CDK_OUTDIR": str(self._assembly),
                "CDK_CONTEXT_JSON": json.dumps({**context, "packages": str(BUILT)}),
            },
        )

    def __call__(self, *arguments: str) -> None:
        """Run the CLI; what it says is shown only if it fails."""
        done = subprocess.run(
            ["node", str(CLI), *arguments, "--app", str(self._assembly), "--no-notices"],
            check=False,
            cwd=self._assembly,
            env=self._environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            print(done.stdout[-3000:], done.stderr[-3000:], sep="\n")
            done.check_returncode()

    def deploy(self, stack: str, parameters: Mapping[str, str] | None = None) -> dict[str, str]:
        """Deploy a stack, or all that a pattern names, and return their outputs."""
        given = [
            word
            for name, value in (parameters or {}).items()
            for word in ("--parameters", f"linli:{name}={value}")
        ]
        self(
            "deploy",
            stack,
            "--exclusively",
            "--require-approval",
            "never",
            *given,
            "--outputs-file",
            str(self._outputs),
        )
        outputs: dict[str, dict[str, str]] = json.loads(self._outputs.read_text())
        return {name: value for one in outputs.values() for name, value in one.items()}


def _master_key(emulator: Emulator) -> str:
    """Make the master key as an operator does."""
    made = subprocess.check_output(
        [sys.executable, "-m", "infra.aws.master_key"],
        cwd=ROOT,
        env={**os.environ, **emulator.environment},
        text=True,
    )
    return made.strip()


def _token_keys(home: Home) -> str:
    """Return the JWKS of the key that signs the demo's tokens."""
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 -- for this test only
    from jwt.algorithms import OKPAlgorithm  # noqa: PLC0415 -- as above

    public = load_pem_private_key(token_key(home), None).public_key()
    shown: dict[str, Any] = OKPAlgorithm.to_jwk(public, as_dict=True)  # type: ignore[call-overload]  # overloads by literal
    return json.dumps({"keys": [{**shown, "kid": TOKEN_KEY_ID, "alg": "EdDSA", "use": "sig"}]})


def _reachable(emulator: Emulator, url: str) -> str:
    """Return a stage's address on the emulator: `{id}.execute-api.….com` is Amazon's own name."""
    host, stage = url.removeprefix("https://").rstrip("/").split("/", 1)
    return f"{emulator.endpoint}/_aws/execute-api/{host.split('.')[0]}/{stage}"


def _found_estate(home: Home, emulator: Emulator, given: Mapping[str, str]) -> Estate:
    """Put the demo estate into the deployed tables."""
    subprocess.run(
        [sys.executable, "-m", "infra.aws.found_estate", str(home.root)],
        check=True,
        cwd=ROOT,
        env={
            **os.environ,
            **emulator.environment,
            "LINLI_TABLE_PREFIX": "linli-",
            "LINLI_MASTER_KEY": given["MasterKey"],
            "LINLI_TOKEN_KEYS": given["TokenKeys"],
            "LINLI_TOKEN_LONGEST_S": given["TokenLongestS"],
            "LINLI_BASE_URL": emulator.endpoint,
            "LINLI_DEVICES_MQTT_URL": f"mqtt://127.0.0.1:{emulator.broker.port}",
        },
    )
    return Estate.read(home.root / "demo.json")


def _let_rules_through(emulator: Emulator) -> None:
    """Take the TLS-only clause from the queues that IoT rules write to.

    ministack takes what its own rules send for plain HTTP, because the device's socket was; on
    AWS they use TLS. The clause is asserted on the template.
    """
    queues = _client(emulator, "sqs")
    for name in ("linli-command-acks", "linli-undelivered"):
        url = queues.get_queue_url(QueueName=name)["QueueUrl"]
        queues.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})


def _client(emulator: Emulator, service: str) -> Any:
    import boto3  # noqa: PLC0415 -- not needed to synthesise

    return boto3.client(  # type: ignore[call-overload]  # typed by each service's own name
        service,
        endpoint_url=emulator.endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 -- the emulator's own root
    )


def _store_pack(emulator: Emulator, bucket: str) -> None:
    """Put the demo's model pack where the inference function looks for it."""
    store = _client(emulator, "s3")
    for file in sorted(PACK.iterdir()):
        store.upload_file(str(file), bucket, f"lift/{file.name}")


def _last_words(folder: Path) -> str:
    log = folder / "ministack.log"
    return log.read_text(encoding="utf-8", errors="replace")[-6000:] if log.exists() else ""


@contextmanager
def _timed(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"  {(time.monotonic() - began) * 1000:8.0f} ms  {name}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
