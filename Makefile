# Only Python 3.11+, make and git are needed; everything else is brought into .uv and .venv.
SHELL := /bin/bash
UV := .uv/bin/uv
UV_VERSION := 0.13.9
# The first Python that runs and is new enough; one that is only named on the path may not run.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
RUN := $(UV) run --frozen --no-sync
AT_ONCE ?= 3# on two cores: of three tests, one waits for a server, a clock or a browser
export UV_PYTHON_DOWNLOADS := never
export UV_COMPILE_BYTECODE := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
unexport PYTHONDONTWRITEBYTECODE  # our own modules compiled anew by each of a hundred processes is a minute of the tests

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test kill-test people-kill-test lint bench screenshots examples clean machines-test

help: ## show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(UV):
	@test -n "$(PYTHON)" || { echo "Tocsin needs Python 3.11 or newer, and finds none; install one, or name it: make PYTHON=/path/to/python3"; exit 2; }
	@echo "Bringing uv $(UV_VERSION) ..."
	@$(PYTHON) -m venv .uv && .uv/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.ready: $(UV) pyproject.toml uv.lock
	@echo "Setting up the environment (a minute the first time) ..."
	@$(UV) sync --frozen --quiet --python $(PYTHON) && touch $@

setup: .venv/.ready ## make the environment (the other targets do it by themselves)

demo: setup ## one real-shaped breach from report to sent notices, on this machine; nothing leaves
	@$(RUN) tocsin demo

serve: setup ## console, Prefect server with its UI, worker and deadline watch; opens what the demo left behind
	@$(RUN) tocsin serve

test: setup ## every test; those that need PostgreSQL, Redis or Chromium say so where it is not there
	@$(RUN) pytest -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder

kill-test: setup ## a thousand processes killed at every boundary of every effect, on both databases; what arrived is compared
	@$(RUN) python -m tests.flows.kills

people-kill-test: setup ## a hundred senders killed over mails to 20,000 people on PostgreSQL; what arrived is compared
	@$(RUN) python -m tests.flows.people_kills

lint: setup ## style, types, import direction
	@$(RUN) ruff check . && $(RUN) ruff format --check . && $(RUN) mypy && $(RUN) lint-imports --no-cache

machines-test: setup ## 12 incidents on two servers and three workers, of which one each loses its power; takes minutes
	@$(RUN) python -m tests.machines

bench: setup ## each figure against a named floor, in one run
	@$(RUN) python -m bench

screenshots: setup ## make the pictures in docs/images again, from a real run in Chromium
	@$(RUN) python -m docs.screenshots && $(RUN) python -m tests.console.walking

examples: setup ## make docs/examples again: the demo's texts and register in every format
	@$(RUN) python -m docs.examples

clean: ## forget the environment (not the data in .tocsin)
	@rm -rf .venv .uv .mypy_cache .ruff_cache .pytest_cache
