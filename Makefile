# All commands for people. `make` alone lists them.

ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
POSTIGO := $(PY) -m deploy.cli
READY := $(VENV)/.ready

# The command line then suggests `make` commands in its hints.
up status logs down demo download engines clean-engines: export POSTIGO_STARTED_BY := make

# The first Python that is new enough; PYTHON=/path/to/python3 chooses another.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)

.DEFAULT_GOAL := help
.PHONY: help setup download up down status logs demo engines test test-browser screenshots test-real test-kills test-mutations faults bench check contracts lock clean clean-jars clean-engines

help: ## List all commands
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "  Pass options in ARGS: make demo ARGS=--once, make test ARGS='tests/unit -x'"

setup: $(READY) ## Create the Python environment in .venv (the other commands do this when needed)

$(READY): requirements-dev.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is missing: install it, or choose it with make PYTHON=/path/to/python3." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv is missing: install it (on Debian and Ubuntu: apt install python3-venv)." >&2; exit 1; }
	@command -v git >/dev/null || { echo "git is missing: install it (on Debian and Ubuntu: apt install git)." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing about 120 packages into $(VENV): one to three minutes, only once."
	@$(PY) -m pip install --quiet --require-hashes -r requirements-dev.lock
	@$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

download: $(READY) ## Download and verify the engines' jars (up and demo do this when needed)
	@$(POSTIGO) download $(ARGS)

engines: $(READY) ## Build production's engines for test-real, outside this folder: once, five minutes, needs root
	@$(POSTIGO) engines install

up: $(READY) ## Start the engines and all processes, until Ctrl-C
	@$(POSTIGO) up $(ARGS)

# status, logs and down never create the environment, and succeed if nothing runs.
NOTHING := echo "Nothing runs here, and there is no environment yet: 'make up' or 'make demo' creates it and starts everything."
NOTHING_RUNS := 3

status: ## Show what runs
	@if [ ! -e $(READY) ]; then $(NOTHING); else $(POSTIGO) status $(ARGS) || [ $$? -eq $(NOTHING_RUNS) ]; fi

logs: ## List the logs, or show the log of one program (ARGS=intake, ARGS="gateway --follow")
	@if [ ! -e $(READY) ]; then $(NOTHING); else exec $(POSTIGO) logs $(ARGS); fi

down: ## Stop everything; the data is kept
	@if [ ! -e $(READY) ]; then $(NOTHING); else exec $(POSTIGO) down $(ARGS); fi

demo: $(READY) ## Run the demonstration, then keep running (ARGS=--once: stop at its end)
	@$(POSTIGO) demo $(ARGS)

# Three workers on two cores, each with its own engines: tests mostly wait for engines, time-outs and sessions.
WORKERS := --numprocesses 3 --no-loadscope-reorder

test: $(READY) ## Run the unit, contract and integration tests in random order with three workers (ARGS="tests/unit -x", ARGS="-n 0 --pdb")
	$(PY) -m pytest $(WORKERS) $(ARGS)

# Starts each engine once and gives the tests its URL; a URL that is set already names a server to use instead.
test-real: $(READY) ## Run the contract and integration tests on production's engines (after 'make engines')
	POSTIGO_TEST_TIER=real $(POSTIGO) engines run -- $(PY) -m pytest $(WORKERS) \
		$(if $(ARGS),$(ARGS),tests/contract tests/integration)

test-kills: $(READY) ## Kill every process ten times while five hundred people file requests, and check the result
	$(PY) -m pytest tests/e2e $(ARGS)

test-browser: $(READY) ## Test the pages in a real browser (Chromium; on Debian and Ubuntu root installs it)
	@$(PY) -m tests.browser.chromium
	$(PY) -m pytest --numprocesses 0 tests/browser $(ARGS)

screenshots: $(READY) ## Take a picture of every page, on a phone and on a desk, into screenshots/ (ARGS=--readme: those of the README too)
	@$(PY) -m tests.browser.chromium
	@$(PY) -m tests.browser.screenshots $(ARGS)

test-mutations: $(READY) ## Break the kernel in five ways and the legal terms in two, and check that each harm is detected
	$(PY) -m pytest --numprocesses 0 tests/faults $(ARGS)

faults: $(READY) ## Run fault schedules against the whole system, and check the result (ARGS="--seed 1 --schedules 20", ARGS=--help)
	@$(PY) -m tests.faults $(ARGS)

bench: $(READY) ## Measure Postigo beside plain baselines (ARGS=--help lists the rows and options)
	$(PY) -m tests.bench $(ARGS)

check: $(READY) ## Check style, types, imports between services, and that the published contracts are current
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m deploy.contracts --check
	$(PY) -m gateway.contract --check
	$(PY) -m services.intake.states_page --check
	$(PY) -m gateway.portal.messages --check
	$(PY) -m deploy.proxy --check
	$(PY) -m openapi_spec_validator docs/contracts/openapi.json

contracts: $(READY) ## Generate the published contracts: schemas and AsyncAPI from the events, OpenAPI from the gateway
	$(PY) -m deploy.contracts
	$(PY) -m gateway.contract
	$(PY) -m services.intake.states_page
	$(PY) -m gateway.portal.messages
	$(PY) -m deploy.proxy

# Locked versions stay while they satisfy pyproject.toml; ARGS=--upgrade takes the newest versions.
LOCK := $(VENV)/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 \
	--custom-compile-command 'make lock' $(ARGS) pyproject.toml

lock: $(READY) ## Write the lock files (ARGS=--upgrade: with the newest versions)
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra local --extra dev --output-file requirements-dev.lock

clean: ## Stop everything, then remove .venv, .postigo with all its data, and caches
	@if [ -e .postigo/lock ] && [ -e $(READY) ]; then $(POSTIGO) down; fi
	@rm -f $(READY)
	rm -rf $(VENV) .postigo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist *.egg-info
	@find . -name .git -prune -o -name __pycache__ -type d -print | xargs rm -rf
	@echo "Not removed: the engines' jars in the Maven folder ('make clean-jars'), production's engines if they were built ('make clean-engines'), and pip's cache ('pip cache purge')."

clean-jars: ## Remove the jars that Postigo downloaded to the Maven folder (~/.m2/repository, or M2_REPO)
	@$(PYTHON) deploy/clean_jars.py

clean-engines: $(READY) ## Remove production's engines (~/.cache/postigo/engines, or POSTIGO_ENGINES)
	@$(POSTIGO) engines remove
