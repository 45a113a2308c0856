# Everything a person types here. `make` alone lists it.

ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
POSTIGO := $(PY) -m deploy.cli
READY := $(VENV)/.ready

# Hints then name what was typed.
up status logs down demo download engines clean-engines: export POSTIGO_STARTED_BY := make

# The first interpreter that is new enough; PYTHON=/path/to/python3 chooses another.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)

.DEFAULT_GOAL := help
.PHONY: help setup download up down status logs demo engines test test-real test-kills test-mutations faults bench check contracts lock clean clean-jars clean-engines

help: ## List what can be done
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "  Options for a command go into ARGS: make demo ARGS=--once, make test ARGS='tests/unit -x'"

setup: $(READY) ## Make the Python environment in .venv (the others do this when needed)

$(READY): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing: install it, or name it with make PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing: install it (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@command -v git >/dev/null || { echo "git is missing: install it (on Debian and Ubuntu: apt install git)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing about 120 packages into $(VENV): once, one to three minutes."
	@$(PY) -m pip install --quiet --require-hashes -r requirements-dev.lock
	@$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

download: $(READY) ## Fetch the engines' jars and verify them (up and demo do this when needed)
	@$(POSTIGO) download $(ARGS)

engines: $(READY) ## Make the real engines for test-real: once, five minutes, needs root (outside this folder)
	@$(POSTIGO) engines install

up: $(READY) ## Start the engines and all processes, until Ctrl-C
	@$(POSTIGO) up $(ARGS)

# These three look at what is there: they never make the environment, and that nothing runs is an answer, no failure.
NOTHING := echo "Nothing runs here, and there is no environment yet: 'make up' or 'make demo' makes it and starts everything."
NOTHING_RUNS := 3

status: ## Show what runs
	@if [ ! -e $(READY) ]; then $(NOTHING); else $(POSTIGO) status $(ARGS) || [ $$? -eq $(NOTHING_RUNS) ]; fi

logs: ## List the logs, or show that of one program (ARGS=intake, ARGS="gateway --follow")
	@if [ ! -e $(READY) ]; then $(NOTHING); else exec $(POSTIGO) logs $(ARGS); fi

down: ## Stop what runs; the data is kept
	@if [ ! -e $(READY) ]; then $(NOTHING); else exec $(POSTIGO) down $(ARGS); fi

demo: $(READY) ## File the demonstration's requests, watch them answered, and stay up (ARGS=--once: end)
	@$(POSTIGO) demo $(ARGS)

# Three on two cores, each with engines of its own: a test mostly waits, for engines, time-outs and sessions.
AT_A_TIME := --numprocesses 3 --no-loadscope-reorder

test: $(READY) ## Run the unit, contract and integration tests, in random order, three at a time (ARGS="tests/unit -x": some; ARGS="-n 0 --pdb": one at a time)
	$(PY) -m pytest $(AT_A_TIME) $(ARGS)

# Engines are started once, and named to the tests by their URLs alone; where URLs are set already, those servers are used.
test-real: $(READY) ## Run the contract and integration tests on the real engines (after 'make engines')
	POSTIGO_TEST_TIER=real $(POSTIGO) engines run -- $(PY) -m pytest $(AT_A_TIME) \
		$(if $(ARGS),$(ARGS),tests/contract tests/integration)

test-kills: $(READY) ## Kill every process ten times while five hundred people file, and judge what is left
	$(PY) -m pytest tests/e2e $(ARGS)

test-mutations: $(READY) ## Break the kernel in five ways, and see each found out by the harm that it does
	$(PY) -m pytest --numprocesses 0 tests/faults $(ARGS)

faults: $(READY) ## Run fault schedules against everything, and judge what is left (ARGS="--seed 1 --schedules 20"; --help tells more)
	@$(PY) -m tests.faults $(ARGS)

bench: $(READY) ## Measure our speed beside bare baselines (ARGS=--help: which rows there are, how many rounds)
	$(PY) -m tests.bench $(ARGS)

check: $(READY) ## Check style, types, the walls between rooms, and that the contracts are as published
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m deploy.contracts --check
	$(PY) -m gateway.contract --check
	$(PY) -m deploy.proxy --check
	$(PY) -m openapi_spec_validator docs/contracts/openapi.json

contracts: $(READY) ## Write the published contracts anew: schemas and AsyncAPI from the events, OpenAPI from the gateway
	$(PY) -m deploy.contracts
	$(PY) -m gateway.contract
	$(PY) -m deploy.proxy

# What is locked stays as it is while it fits pyproject.toml; ARGS=--upgrade takes the newest of everything.
LOCK := $(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
	--custom-compile-command 'make lock' $(ARGS) pyproject.toml

lock: $(READY) ## Write the lock files anew (ARGS=--upgrade: with the newest versions)
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra local --extra dev --output-file requirements-dev.lock

clean: ## Stop what runs here, then remove .venv, .postigo with all its data, and caches
	@if [ -e .postigo/lock ] && [ -e $(READY) ]; then $(POSTIGO) down; fi
	@rm -f $(READY)
	rm -rf $(VENV) .postigo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	@find . -name .git -prune -o -name __pycache__ -type d -print | xargs rm -rf
	@echo "Left: the engines' jars in the Maven folder ('make clean-jars' removes those we put there), the engines of production if they were made ('make clean-engines'), and pip's cache ('pip cache purge')."

clean-jars: ## Remove from the Maven folder (~/.m2/repository, or M2_REPO) the jars that we put there
	@$(PYTHON) deploy/clean_jars.py

clean-engines: $(READY) ## Remove the real engines (~/.cache/postigo/engines, or POSTIGO_ENGINES)
	@$(POSTIGO) engines remove
