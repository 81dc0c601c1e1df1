# The words of this project. `make` alone is `make check test`.
# Only Python 3.11 or newer and make are needed; everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
UV_VERSION := 0.13.9

.PHONY: all setup run test check format bench chaos say locale requirements

all: check test

setup: .venv/runtime.stamp ## .venv with the `samleng` command

run: setup ## migrate, serve on http://127.0.0.1:8000, say what to open
	@$(BIN)/samleng run

test: .venv/dev.stamp ## every test
	$(BIN)/python -m pytest

check: .venv/dev.stamp ## format, lint, types, layers, translations
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m bot.catalogues check

format: .venv/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev.stamp ## speed and memory, as ratios
	$(BIN)/python -m benchmarks

chaos: .venv/dev.stamp ## kill -9 at random points of a load and of a broadcast; ROUNDS=20
	$(BIN)/python -m benchmarks.chaos --rounds $(or $(ROUNDS),20)
	$(BIN)/python -m benchmarks.chaos_delivery --rounds $(or $(ROUNDS),100)
	$(BIN)/python -m benchmarks.chaos_pair --freeze

say: setup ## a conversation in this terminal
	@$(BIN)/samleng chat

locale: .venv/dev.stamp ## bring the .po files up to date with the code
	$(BIN)/python -m bot.catalogues update

requirements: $(UV) ## pin what pyproject.toml asks for
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links pyproject.toml -o requirements.txt
	$(UV) pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--no-emit-index-url --no-emit-find-links --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Samleng needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11")'
	@test -d .venv || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION)

.venv/runtime.stamp: requirements.txt pyproject.toml | $(UV)
	$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements.txt
	$(UV) pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements-dev.txt .venv/runtime.stamp | $(UV)
	$(UV) pip install -q --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@
