# `make help` lists the targets.
PRESET ?= quick
BIN := .venv/bin
# The first of these Pythons that is there and has a version we support; PYTHON=... names another.
PYTHONS := python3.11 python3.12 python3.13 python3
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for python in $(PYTHONS); do \
  $$python -c "$(SUPPORTED)" 2> /dev/null && echo $$python && break; done)

.PHONY: help reproduce report test test-slow test-all lint format bench lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

reproduce: .venv/installed ## run every study and write the report (PRESET=quick or paper)
	$(BIN)/python -m experiments run --all --preset $(PRESET)

report: .venv/installed ## draw the report again from stored records, without training
	$(BIN)/python -m experiments report --preset $(PRESET)

test: .venv/installed ## run the fast tests
	$(BIN)/python -m pytest -n auto --dist loadfile

test-slow: .venv/installed ## run the slow tests: sweeps that are killed, full disks, clusters
	$(BIN)/python -m pytest -m slow -n auto --dist loadfile

test-all: .venv/installed ## run every test that this machine can run
	$(BIN)/python -m pytest -m ""

lint: .venv/installed ## check style, format and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/installed ## measure speed side by side against what a user would write instead
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.numpy_cnn
	$(BIN)/python -m benchmarks.cifar_network

lock: .venv/installed ## renew uv.lock and requirements.txt from requirements.in
	$(BIN)/uv lock --upgrade
	$(BIN)/uv export --quiet --no-hashes --output-file requirements.txt

clean: ## remove the virtual environment, caches and quick reports; runs/ stays
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .hypothesis reports/quick

.venv/installed: requirements.txt
	@"$(PYTHON)" -c "$(SUPPORTED)" 2> /dev/null || { echo "Python 3.11, 3.12 or 3.13 is needed:" \
	  "install one, or name it with PYTHON=/path/to/python" >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	@touch $@
