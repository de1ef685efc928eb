"""What goes into a Lambda package is decided by the requirements, not by hand."""

from __future__ import annotations

from infra.aws.package import LAMBDA_BRINGS, VENDORED, roots


def test_core_takes_what_we_chose_and_neither_chalice_nor_boto3():
    names = {line.split("==")[0].split("[")[0].lower() for line in roots("core")}
    assert {"pydantic", "pynamodb", "aws-lambda-powertools"} <= names
    assert not names & (VENDORED | LAMBDA_BRINGS)


def test_inference_adds_the_engine_and_core_does_not_carry_it():
    assert any(line.startswith("onnxruntime==") for line in roots("inference"))
    assert not any(line.startswith("onnxruntime==") for line in roots("core"))
