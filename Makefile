# Everything a newcomer or CI does with this project. `make run` and `make test` need only
# python3, python3-venv and make; the first call builds .venv from the hash-locked requirements.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
ROUNDS ?= 20
CONFIG := $(wildcard monitor.toml)

.PHONY: run test check bench torture repeat lock wheel format clean

run: $(VENV)/.run
	exec $(BIN)/monitor run $(if $(CONFIG),--config $(CONFIG),--simulate)

test: $(VENV)/.dev
	$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.tools.lock --check
	$(BIN)/python -m pytest tests/store/test_migrate.py -k "drift or difference or schema"

bench: $(VENV)/.dev
	$(BIN)/python -m tests.bench

# Hours, some of it as root: `.ci/run` says which tools it needs. HARNESS=kill runs one of them.
torture: $(VENV)/.dev
	$(BIN)/python -m tests.torture --write $(addprefix --only ,$(HARNESS))

# What fails one time in ten shows here.
repeat: $(VENV)/.dev
	for round in $$(seq $(ROUNDS)); do echo "round $$round of $(ROUNDS)"; $(BIN)/python -m pytest || exit 1; done

lock: $(VENV)/.dev
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.tools.lock

wheel: $(VENV)/.dev
	$(BIN)/uv build --wheel

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(VENV)/.run: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked requirements into $(VENV) (once; about a minute) ..."
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --require-hashes -r requirements-build.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	@echo "Installing the development requirements into $(VENV) ..."
	$(PIP) install --require-hashes -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
