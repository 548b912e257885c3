# Two commands: `make demo` shows real requests being decided, `make test` proves the whole.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: help demo test lint types contracts tests lock benchmarks
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/runtime: .lock/runtime.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .lock/runtime.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/development: $(VENV)/runtime .lock/development.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .lock/development.txt
	@touch $@

$(VENV)/clients: $(VENV)/runtime .lock/clients.txt # clients of others with dependencies we don't want beside ours
	$(PYTHON) -m venv $(VENV)/clients
	$(VENV)/clients/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .lock/clients.txt
	@touch $@

demo: $(VENV)/runtime ## decide every request in fhir_examples/ and keep serving (ARGS=--once: stop afterwards)
	$(BIN)/second-opinion demo $(ARGS)

test: lint types contracts tests ## lint, types, import contracts and the whole test suite

lint: $(VENV)/development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/development
	$(BIN)/mypy

contracts: $(VENV)/development
	$(BIN)/lint-imports

tests: $(VENV)/development
	$(BIN)/pytest $(ARGS)

benchmarks: $(VENV)/development ## the numbers to hold, side by side with their floor
	$(BIN)/python -m tests.benchmarks $(ARGS)

lock: $(VENV)/development ## resolve the dependencies of pyproject.toml again
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file .lock/runtime.txt .lock/runtime.in pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file .lock/development.txt --constraint .lock/runtime.txt --extra development pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --output-file .lock/clients.txt .lock/clients.in
