# make demo: an example catalog at http://127.0.0.1:8000    make test: everything is checked
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PEERS  := .venv-peers
PIP    := $(BIN)/python -m pip --disable-pip-version-check --no-input -q

.PHONY: setup setup-dev setup-peers demo test lint bench docs lock clean

setup: $(VENV)/.installed
setup-dev: $(VENV)/.installed-dev
setup-peers: $(PEERS)/.installed

# Everything is pinned with its hash; the project itself is then installed without fetching anything.
$(VENV)/.installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed (set PYTHON=...)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed, this is $$($(PYTHON) -V) (set PYTHON=...)" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.installed-dev: requirements-dev.lock $(VENV)/.installed
	$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

# Programs of others that tests run: apart, so that they choose none of our versions. Large, hence not part of setup-dev.
# An environment half made, or of an older lock, is made again; compiling what is mostly never imported would take longest.
$(PEERS)/.installed: requirements-peers.lock
	$(PYTHON) -m venv --clear $(PEERS)
	$(PEERS)/bin/python -m pip --disable-pip-version-check --no-input -q install --no-compile --require-hashes -r requirements-peers.lock
	@touch $@

demo: setup
	@$(BIN)/xafscat demo

# One process a core; the tests of a file stay together, since they share servers and catalogs. In the order of their
# names: by number, the files of few and long tests would all come last.
test: setup-dev lint
	$(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup-dev
	$(BIN)/python -m bench

docs: setup-dev
	$(BIN)/python docs/build.py
	$(BIN)/python -m pytest tests/test_docs.py

# Pins again; needs the tool uv on the path. The files name no package host.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q --extra build pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header -q tests/peers.in -o requirements-peers.lock

clean:
	rm -rf $(VENV) $(PEERS) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis
