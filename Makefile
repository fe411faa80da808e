# The front door: `make demo` and `make test` set up what they need.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=

.PHONY: help setup setup-slim demo test test-servers test-alone check check-types check-tests fix bench docs lock clean

help:  ## what there is
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14

setup:  ## everything that demo and test need; a second run takes no time
	@$(PYTHON) setup/install.py

setup-slim:  ## .venv-slim for a site without GPU: services only, no torch, no training, no tests
	@$(PYTHON) setup/install.py --slim --venv .venv-slim

demo: setup  ## the whole system on this machine; console on http://localhost:8080 (ARGS="--for 60 --json")
	@$(BIN)/wardwatch demo $(ARGS)

test: setup  ## every test, with real Kafka, Redis, Ray Serve and DICOM peers (ARGS="-k name": those, one after another)
ifeq ($(strip $(ARGS)),)
	@$(MAKE) --no-print-directory --jobs 2 --keep-going test-servers test-alone
else
	@$(BIN)/python -m pytest $(ARGS)
endif

# Two halves side by side: what starts servers waits much and computes little, all else computes. Never two systems
# at once: they would starve each other. The second half speaks when it has ended, so that the first can be read.
# `pictures` (tests/conftest.py) go with the first, so that both take as long.
SERVERS := servers or faults or pictures
test-servers:
	@$(BIN)/python -m pytest --durations=25 -m "$(SERVERS)"

test-alone:
	@log=$$(mktemp); $(BIN)/python -m pytest --durations=25 -m "not ($(SERVERS))" >$$log 2>&1; status=$$?; cat $$log; rm -f $$log; exit $$status

check: setup  ## format, lint, types, import rules and the fast tests
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(MAKE) --no-print-directory --jobs 2 --output-sync check-types check-tests

check-types:
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check-tests:
	@$(BIN)/python -m pytest -q -m "not servers and not browser and not faults and not slow" $(ARGS)

fix: setup  ## what format and lint can mend by themselves
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: setup  ## throughput, latency and memory, measured here
	@$(BIN)/wardwatch bench $(ARGS)

docs: setup  ## the parts of docs/ that are made from the code: JSON Schema and AsyncAPI
	@$(BIN)/python -m schemas.documents docs
	@$(BIN)/python -m services.runtime.settings_doc docs/settings.md
	@$(BIN)/python -m services.alerting.diagram docs/alerts.md
	@$(BIN)/python -m services.console.advice.page docs/advice.md

lock: setup  ## new lock files from pyproject.toml (then commit them)
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --quiet --output-file requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --quiet --constraint requirements.lock \
		--output-file requirements-slim.lock

clean:  ## caches of the tools, not the environment
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
