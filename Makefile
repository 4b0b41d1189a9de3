# What a person types. Each target says what it does in `make help`; the work is in engine/ and in the Dagger module.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= python3
# Options that all functions share, such as OPTIONS="--registry-address registry.example.com/team --registry-user me"
OPTIONS ?=
# Arguments of the release, such as ARGS="--signing-key file://cosign.key"
ARGS ?=
# A local OSV database for the scan of Python packages, where the public one cannot be asked
ADVISORIES ?=
PYTEST ?=
# Options of the benchmark, such as BENCH="--repeat 1"
BENCH ?=

# Colours are for terminals: dagger writes them into files and pipes, too.
export NO_COLOR ?= $(shell test -t 2 || echo 1)

ENGINE := $(PYTHON) -m engine
advisories = $(if $(ADVISORIES),--advisories $(ADVISORIES))

.DEFAULT_GOAL := help
.PHONY: help engine release test test-quick test-unit lint format bench clean

help: ## Say what each target does
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

engine: ## Bring a Dagger engine up, building it where no registry answers
	@$(ENGINE) up

release: ## Make a signed release of this commit; leaves release.json, cosign.pub and the report in dist/
	@$(ENGINE) up && \
	$(ENGINE) run dagger --progress=$${SLIPWAY_PROGRESS:-auto} call $(OPTIONS) release $(advisories) $(ARGS) dist export --path dist >&2 && \
	cat dist/report.txt

test: .venv/installed ## Run every test, on a real engine, and list the ten slowest (one file: make test PYTEST=tests/unit)
	@$(ENGINE) up --tests && eval "$$($(ENGINE) env)" && .venv/bin/python -m pytest -n 2 --dist loadfile --durations=10 $(PYTEST)

test-quick: .venv/installed ## Run the tests that need no engine
	@.venv/bin/python -m pytest -m "not engine and not browser" $(PYTEST)

test-unit: .venv/installed ## Run the unit tests within their bounds: 20 s, pipeline over 90 % covered, each module reached
	@.venv/bin/python -m tests.tools.bounds

lint: .venv/installed ## Format check, linter, strict types, import contracts, sizes and words
	@.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy && \
	PYTHONPATH=ci/src .venv/bin/lint-imports && .venv/bin/python -m tests.tools.house

format: .venv/installed ## Format the code, and fix what the linter can fix
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

bench: .venv/installed ## Compare with the script that a team would write instead; writes benchmarks/RESULTS.md
	@$(ENGINE) up && PYTHONPATH=ci/src .venv/bin/python -m benchmarks $(advisories) $(BENCH)

clean: ## Remove what was made in this folder (the engine's cache: python3 -m engine down --purge)
	rm -rf dist .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.venv/installed: requirements-dev.lock
# The lock is whole (--no-deps): pip would look for a newer coverage[toml] than the coverage that is pinned, and give up.
	@echo "installing the locked test dependencies into .venv" >&2
	@$(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-dev.lock >&2
	@touch $@
