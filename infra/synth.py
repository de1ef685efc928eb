"""`python -m infra.synth`: synthesise the AWS home offline, and fail on any finding.

Needs no account and no network. cdk-nag's AwsSolutions rules run on the constructs
(infra/aws/accepted.py says what we accept), cfn-lint on the templates for both Chinese
regions. Without built packages (`make package`) our own sources stand in for them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "18,20")
os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # node may live there

from infra.aws import plan as plans  # importing CDK starts node
from infra.aws.package import BUILD, OURS, ROOT
from infra.stack import assemble

OUT = ROOT / "cdk.out"
REGIONS = ("cn-north-1", "cn-northwest-1")
UNFIT = ("W3005",)
"""CDK names each function's role in DependsOn although the reference already says it."""


def main() -> int:
    """Synthesise and check; 1 on any finding."""
    began = time.monotonic()
    shutil.rmtree(OUT, ignore_errors=True)
    try:
        assemble(plans.load(_packages()), outdir=str(OUT), context=context()).synth()
    except RuntimeError as failure:
        if "Validation failed" not in str(failure):
            raise
    findings = [*_findings(), *_lint()]
    print("\n".join(findings))
    _report(time.monotonic() - began)
    print(f"{len(findings)} findings by cdk-nag and cfn-lint")
    return int(bool(findings))


def context() -> dict[str, Any]:
    """Return the feature flags that cdk.json gives the CLI."""
    flags: dict[str, Any] = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return flags


def _packages() -> Path:
    if all((BUILD / name / "app.py").exists() for name in plans.PACKAGES):
        return BUILD
    print("no packages in build/lambda (make package): synthesising with our sources alone")
    sources = ROOT / "build" / "sources"
    shutil.rmtree(sources, ignore_errors=True)
    for package in plans.PACKAGES:
        for name in OURS:
            target = sources / package / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(ROOT / name, target)
    return sources


def _findings() -> list[str]:
    """Return what cdk-nag holds against us, warnings included."""
    path = OUT / "validation-report.json"
    if not path.exists():
        return []
    reports = json.loads(path.read_text(encoding="utf-8"))["pluginReports"]
    return [
        f"{violation['severity']} {violation['ruleName']} at {construct['constructPath']}"
        for report in reports
        for violation in report["violations"]
        for construct in violation["violatingConstructs"]
    ]


def _lint() -> list[str]:
    templates = [str(path) for path in sorted(OUT.glob("*.template.json"))]
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("cfn-lint"), "--format", "parseable"),
            *("--ignore-checks", *UNFIT, "--regions", *REGIONS, "--template", *templates),
        ],
        check=False,
        capture_output=True,
        text=True,
    )
    lines = done.stdout.splitlines()
    return lines or ([done.stderr] if done.returncode else [])


def _report(seconds: float) -> None:
    for path in sorted(OUT.glob("*.template.json")):
        resources = json.loads(path.read_text(encoding="utf-8"))["Resources"].values()
        kinds = Counter(resource["Type"].removeprefix("AWS::") for resource in resources)
        print(f"{path.name}: {kinds.total()} resources, {path.stat().st_size / 1000:.0f} kB")
        print("   " + ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()))
    print(f"synthesised in {seconds:.1f} s")


if __name__ == "__main__":
    raise SystemExit(main())
