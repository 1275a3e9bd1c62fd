# Every target sets itself up in a clean checkout; nothing is installed again until pyproject.toml changes.

PYTHON ?= python3
WORKERS ?= auto
BIN := .venv/bin
SETUP := .venv/.kernelc-setup
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --maxprocesses 8 --dist worksteal --durations 30

# The pinned pyright is the one we want: no advice to take a newer one.
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.PHONY: help setup setup-web chat web wheel check test lint quick pytest webtest test-data nightly clean

help:
	@echo "make setup               make .venv with everything in it, and a driver for wgpu if one is missing"
	@echo "make chat                talk to the demo model, or with MODEL=... to a folder, file or name (ARGS='--device cpu')"
	@echo "make web                 write the page with the demo model to site/ and serve it (ARGS='ARTIFACT... --out DIR')"
	@echo "make wheel               write the wheel to dist/, with the page: it installs alone"
	@echo "make check               lint, types and the quick tests: for quick checks while you work"
	@echo "make test                lint, types and tests"
	@echo "make test-data           the tests that compare with real models (KERNELC_TEST_DATA=folder)"
	@echo "make lint                lint and types"
	@echo "make nightly             all tests with many more examples, and the slow sweeps"
	@echo "make clean               remove built artifacts and caches"

setup: $(SETUP)
	@echo "ready: make chat"

$(SETUP): pyproject.toml requirements.lock tools/setup_env.py
	@$(PYTHON) tools/setup_env.py
	@touch $@

chat: $(SETUP)
	@$(BIN)/kernelc chat $(if $(MODEL),"$(MODEL)") $(ARGS)

setup-web: $(SETUP)
	@$(PYTHON) tools/setup_web.py

web: setup-web
	@$(BIN)/kernelc web $(ARGS) --serve $(PORT)

# The page is built on the way; PATH has the node that setup-web provides.
wheel: setup-web
	@PATH="$(CURDIR)/$(BIN):$$PATH" KERNELC_PAGE=required $(BIN)/python -m pip wheel --quiet --no-deps -w dist .
	@ls dist/kernelc-*.whl

# For the loop while one works: lint and types beside the tests that take least and say most.
check:
	@$(MAKE) --no-print-directory --jobs=2 lint quick

QUICK := tests/ir tests/passes tests/model tests/golden tests/test_imports.py tests/test_errors.py tests/test_artifact.py
quick: $(SETUP)
	HYPOTHESIS_PROFILE=few $(BIN)/python -m pytest --quiet -m "not data and not nightly and not gpu" $(QUICK)

test: lint pytest webtest

# What `make test` cannot show without real models: they are looked for beside the checkout, or where
# KERNELC_TEST_DATA says.
test-data: $(SETUP)
	@$(PYTHON) tools/setup_web.py --tests
	$(PYTEST) -m "data and not nightly"
	@$(PYTHON) tools/test_web.py build browser-data

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
	@$(PYTHON) tools/setup_web.py --tests --others
	@$(PYTHON) tools/test_web.py build others

clean:
	rm -rf build dist web/dist .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
