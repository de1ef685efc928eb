# Linli. `make help` lists the targets; each ends with the sentence that help prints.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
INFRA := PATH="$$PWD/.venv-infra/bin:$$PATH" .venv-infra/bin/python
PORT ?= 8000
SEEDS ?=
ARGS ?=
NAME ?=
HEARS ?=
DOES ?=
ROW ?=

.PHONY: help setup run demo reset test journeys check fmt openapi golden coverage bench faults \
	storm synth package deploy-test new-domain new-driver new-adapter new-detector new-function

help:  ## Show this list
	@awk 'BEGIN {FS = ":.*## "} \
		/^##@/ {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

##@ Use it

setup:  ## Make every environment and fetch every engine now (each target fetches its own)
	@infra/setup.sh all

run:  ## Run everything on this machine, on loopback (PORT=8000)
	@infra/setup.sh run
	@exec $(PY) -m infra.local --port $(PORT)

demo:  ## Play both journeys against the running system, step by step
	@$(PY) -m tools.demo $(ARGS)

reset:  ## Forget everything that the one-machine home has stored
	@infra/setup.sh run
	@$(PY) -m infra.local --reset

##@ Change it

test:  ## Run every test, the journeys included (ARGS="-k tap")
	@infra/setup.sh test
	@$(PY) -m pytest $(ARGS)

journeys:  ## Run the black-box journeys against a system they start themselves
	@infra/setup.sh test
	@$(PY) -m pytest tests/journeys $(ARGS)

check:  ## Check format, lint, types, arrows and the OpenAPI documents
	@infra/setup.sh check
	@$(PY) -m ruff format --check --quiet . || { echo "not formatted: run make fmt"; exit 1; }
	@$(PY) -m ruff check . || { echo "make fmt mends what can be mended safely"; exit 1; }
	@$(PY) -m mypy app.py chalicelib functions infra tools simulators benchmarks tests
	@.venv/bin/lint-imports --no-logo
	@$(PY) -m tools.openapi --check

fmt:  ## Format the code and mend what can be mended safely
	@infra/setup.sh check
	@$(PY) -m ruff check --fix-only --quiet .
	@$(PY) -m ruff format .

openapi:  ## Write the OpenAPI document of each audience anew
	@infra/setup.sh check
	@$(PY) -m tools.openapi

golden:  ## Write the table of routes and roles anew (read the diff: it is who may do what)
	@infra/setup.sh check
	@$(PY) -m tools.permissions

coverage:  ## Run every test and say which lines none of them reached
	@infra/setup.sh test
	@$(PY) -m coverage run -m pytest $(ARGS)
	@$(PY) -m coverage report

bench:  ## Measure the budgets of DESIGN.md, each beside its peer in the same run
	@infra/setup.sh test
	@$(PY) -m benchmarks $(ARGS)

storm:  ## Let one device send 1,000 events a second for a minute: who else notices it?
	@infra/setup.sh test
	@$(PY) -m benchmarks storm $(ARGS)

faults:  ## Break things at random under both journeys and check the invariants (SEEDS="1 2")
	@infra/setup.sh test
	@SEEDS="$(SEEDS)" $(PY) -m tests.invariants.faults $(ARGS)

new-domain:  ## Add a domain: code and tests (NAME=parcels; ROW=parcel if the "s" is not all)
	@infra/setup.sh check
	@$(PY) -m tools.scaffold domain "$(NAME)" --row "$(ROW)"
	@$(PY) -m tools.permissions
	@$(PY) -m tools.openapi

new-driver:  ## Add a way of carrying commands to devices (NAME=http_gateway)
	@infra/setup.sh check
	@$(PY) -m tools.scaffold driver "$(NAME)"

new-adapter:  ## Add a vendor's own format of device messages (NAME=uniview)
	@infra/setup.sh check
	@$(PY) -m tools.scaffold adapter "$(NAME)"

new-detector:  ## Add an engine that looks at pictures (NAME=npu)
	@infra/setup.sh check
	@$(PY) -m tools.scaffold detector "$(NAME)"

new-function:  ## Add a scheduled job, or a reaction (NAME=… HEARS=access.CallRung DOES=parcels.count)
	@infra/setup.sh check
	@$(PY) -m tools.scaffold function "$(NAME)" --hears "$(HEARS)" --does "$(DOES)"

##@ Deploy it

package:  ## Build the Lambda packages and print their sizes
	@infra/setup.sh infra
	@$(INFRA) -m infra.aws.package

synth:  ## Synthesise the AWS stack offline, with cdk-nag and cfn-lint
	@infra/setup.sh infra
	@$(INFRA) -m infra.synth
	@$(INFRA) -m pytest tests/infra_aws --confcutdir=tests/infra_aws -q

deploy-test:  ## Deploy that stack onto ministack with the real CDK CLI and run the journeys there
	@infra/setup.sh infra
	@$(INFRA) -m infra.aws.deploy_test
