# Every target sets itself up in a clean checkout; nothing is installed again until pyproject.toml changes.

PYTHON ?= python3
WORKERS ?= auto
BIN := .venv/bin
SETUP := .venv/.kernelc-setup
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 8 --dist worksteal

# The pinned pyright is the one we want: no advice to take a newer one.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.PHONY: help setup setup-web chat web test lint pytest webtest nightly clean

help:
	@echo "make setup               make .venv with everything in it, and a driver for wgpu if one is missing"
	@echo "make chat                talk to the demo model, or with MODEL=folder to the model in folder (ARGS='--device cpu')"
	@echo "make web                 write the page with the demo model to site/ and serve it (ARGS='ARTIFACT... --out DIR')"
	@echo "make test                lint, types and tests"
	@echo "make lint                lint and types"
	@echo "make nightly             all tests with many more examples, and the slow sweeps"
	@echo "make clean               remove built artifacts and caches"

setup: $(SETUP)
	@echo "ready: make chat"

$(SETUP): pyproject.toml tools/setup_env.py
	@$(PYTHON) tools/setup_env.py
	@touch $@

chat: $(SETUP)
	@$(BIN)/kernelc chat $(if $(MODEL),"$(MODEL)") $(ARGS)

setup-web: $(SETUP)
	@$(PYTHON) tools/setup_web.py

web: setup-web
	@$(BIN)/kernelc web $(ARGS) --serve $(PORT)

test: lint pytest webtest

lint: $(SETUP)
	$(BIN)/ruff check
	$(BIN)/pyright

# What the tests print as WGSL is kept, for webtest to compile with Tint.
pytest: $(SETUP)
	@$(PYTHON) tools/setup_web.py --tests
	@rm -rf build/wgsl
	KERNELC_WGSL_FOLDER="$(CURDIR)/build/wgsl" $(PYTEST)

# `make webtest PARTS="build browser"` runs some parts alone.
webtest: $(SETUP)
	@$(PYTHON) tools/setup_web.py --tests
	@$(PYTHON) tools/test_web.py $(PARTS)

nightly: $(SETUP)
	HYPOTHESIS_PROFILE=nightly $(PYTEST) -m "nightly or not nightly"

clean:
	rm -rf build dist web/dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
