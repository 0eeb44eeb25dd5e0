# Every verb is one line that works by hand too: `make -n VERB` prints it.

# The first interpreter that is new enough, in .venv; `make test PYTHON=python3.12` takes another,
# in an environment of its own: .venv-3.12.
ifndef PYTHON
PYTHON := $(shell for python in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV := .venv
endif
VENV ?= $(patsubst .venv-3.11,.venv,$(patsubst .venv-3,.venv,$(patsubst python%,.venv-%,$(notdir $(PYTHON)))))
BIN := $(VENV)/bin
PY := $(BIN)/python
# How many test processes: `make test JOBS=4`.
JOBS ?= 2

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run install check fix test test-all bench catalog component tree

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.installed .env ## from a bare checkout to the main job: import the sample invoices, work until the queue is empty
	$(PY) artisan.py invoices:import storage/app/invoices.csv
	$(PY) artisan.py queue:work --stop-when-empty

install: $(VENV)/.installed-dev ## an environment (.venv) with the package and everything developers need

check: $(VENV)/.installed-dev ## what a commit needs: format, lint, types, layers, architecture tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(PY) -m pytest tests/architecture -m 'not slow and not integration'

fix: $(VENV)/.installed-dev ## format, sort, safe fixes
	$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

# Tests start many processes, and each would compile the package for itself where Python is told
# to write no bytecode.
test: $(VENV)/.installed-dev ## every test but the slow ones; `make test K=cache` for some
	@$(PY) -m compileall -q -x skeleton securely app
	$(PY) -m pytest -n $(JOBS) $(if $(K),-k '$(K)')

test-all: $(VENV)/.installed-dev ## every test, the slow ones included, and new examples for properties
	@$(PY) -m compileall -q -x skeleton securely app
	$(PY) -m pytest -n $(JOBS) -m 'slow or not slow' --hypothesis-profile searching $(if $(K),-k '$(K)')

bench: $(VENV)/.installed-bench ## every benchmark; the tables are explained in docs/benchmarks.md
	@missed=0; for file in bench/[!_]*.py; do echo "$(PY) $$file"; $(PY) $$file || missed=1; done; exit $$missed

catalog: $(VENV)/.installed-dev ## write securely/foundation/catalog.py from the providers
	$(PY) -m tools.catalog --write

component: $(VENV)/.installed-dev ## write a new component in the common shape: `make component NAME=images`
	@test -n "$(NAME)" || { echo 'Name it: make component NAME=images' >&2; exit 1; }
	$(PY) -m tools.component $(NAME)

tree: $(VENV)/.installed-dev ## print the package as a tree, and write it into ARCHITECTURE.md
	$(PY) -m tools.tree --write

# What the verbs stand on. The stamps hold the pyproject.toml they were made from, so that only a
# change in it, and not a mere touch or checkout, asks the network again.

$(PY):
	@test -n "$(PYTHON)" || { echo 'No Python of at least 3.11 was found. Name one: make $(MAKECMDGOALS) PYTHON=/path/to/python' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV) || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(PY) install pip; }

$(VENV)/.installed: pyproject.toml | $(PY)
	cmp -s $< $@ || $(PY) -m pip install --quiet --editable .
	@cp $< $@

$(VENV)/.installed-dev: pyproject.toml | $(PY)
	cmp -s $< $@ || $(PY) -m pip install --quiet --editable '.[dev]'
	@cp $< $@ && cp $< $(VENV)/.installed

$(VENV)/.installed-bench: pyproject.toml | $(VENV)/.installed-dev
	cmp -s $< $@ || $(PY) -m pip install --quiet --editable '.[dev,bench]'
	@cp $< $@

.env: | .env.example $(VENV)/.installed
	cp .env.example $@
	chmod 600 $@
	$(PY) artisan.py key:generate
