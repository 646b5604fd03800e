# Everything starts here: `make run` for the wizard in simulation, `make test` for the tests.
# Python >= 3.11 and make are enough; each target installs what it needs into .venv and a cache outside the tree.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt
WORKERS ?= auto

.PHONY: run test check clients client-tests bench torture audit sbom docs format clean gallery

$(VENV)/.run: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "byocni-tui needs Python 3.11 or newer, this is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.12 …")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@$(PIP) -e '.[dev]'
	@touch $@

run: $(VENV)/.run
	@command -v helm >/dev/null 2>&1 || $(BIN)/python tools/install_clients.py helm
	@$(BIN)/byocni-tui --simulate

test: $(VENV)/.dev
	@command -v helm >/dev/null 2>&1 || $(BIN)/python tools/install_clients.py helm
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -m 'not clients and not torture'

check: $(VENV)/.dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

clients: $(VENV)/.run
	@$(BIN)/python tools/install_clients.py

client-tests: $(VENV)/.dev clients
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -m clients

bench: $(VENV)/.dev clients
	@$(BIN)/python -m benchmarks $(if $(SUITES),$(SUITES),--write docs)

torture: $(VENV)/.dev clients
	@$(BIN)/python tools/torture.py $(PIECES)

audit: $(VENV)/.dev
	@$(BIN)/python tools/audit.py

sbom: $(VENV)/.dev
	@$(BIN)/python -m build -w -o dist . >/dev/null
	@$(BIN)/python tools/sbom.py "$$(ls -t dist/*.whl | head -n 1)" dist/byocni-tui.cdx.json

docs: $(VENV)/.dev
	@$(BIN)/python -m tools.pages docs

# The pictures and casts in docs/gallery, made by the program itself.
gallery: $(VENV)/.run
	@command -v helm >/dev/null 2>&1 || $(BIN)/python tools/install_clients.py helm
	@$(BIN)/python tools/gallery.py

format: $(VENV)/.dev
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

clean:
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
