# Tocsin from the clone to the browser. `make help` lists what there is to do.
# Needs Python 3.11 or newer with its venv module, make and git. Written for GNU make 3.81 and a plain POSIX shell.

SHELL = /bin/sh
VENV = .venv
BIN = $(VENV)/bin
READY = $(VENV)/.ready
# any of these that is new enough; or: make PYTHON=/path/to/python3
PYTHONS = $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11
UV = $(shell command -v uv 2>/dev/null || echo $(BIN)/uv)
# where Debian keeps nginx, which is not on everybody's PATH
SBIN = /usr/sbin
ARGS =
# how many tests run side by side
JOBS = 2

.PHONY: help setup run dev test test-long check bench tools

help: ## say what there is to do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(READY) ## install everything into .venv and build the pages
	@$(BIN)/python -m app.bundle

run: $(READY) ## start Tocsin and print its address (settings: TOCSIN_PORT=8123 make run)
	@exec $(BIN)/tocsin serve

dev: $(READY) ## start it, and again after each change of a file
	@exec $(BIN)/watchfiles "$(BIN)/tocsin serve" app services models assets rxconfig.py

test: setup tools ## run the tests on SQLite and PostgreSQL (some of them: make test ARGS=tests/unit)
	@$(BIN)/python -m pytest -n $(JOBS) $(ARGS)

test-long: setup tools ## run them with the long sizes of property and fault tests
	@TOCSIN_TEST_LONG=1 $(BIN)/python -m pytest -n $(JOBS) $(ARGS)

check: $(READY) ## look for mistakes without running it: lint, format, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup tools ## measure it, each figure beside a floor from the same run
	@$(BIN)/python -m tests.bench $(ARGS)

# What the browser tests drive, and the tests with a real Alertmanager and behind a real proxy. Only Debian's root can be helped.
tools:
	@missing=; \
	command -v chromium-headless-shell >/dev/null 2>&1 || command -v chromium >/dev/null 2>&1 || missing="$$missing chromium-headless-shell"; \
	command -v prometheus-alertmanager >/dev/null 2>&1 || missing="$$missing prometheus-alertmanager"; \
	command -v nginx >/dev/null 2>&1 || command -v $(SBIN)/nginx >/dev/null 2>&1 || missing="$$missing nginx-light"; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then \
		echo "Installing$$missing for the tests …"; \
		export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1; \
		apt-get update -qq && apt-get install -qq -y --no-install-recommends $$missing >/dev/null; \
	else \
		echo "The tests that need them are left out: install$$missing (on Debian: sudo apt install$$missing)."; \
	fi

# Whether .venv is as the lock says is known by this file's age alone, so that a second `make run` asks nobody.
$(READY): uv.lock pyproject.toml $(BIN)/python
	@if [ ! -x "$(UV)" ]; then \
		echo "Getting uv …"; \
		$(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9" || exit 1; \
	fi
	@echo "Installing the packages of uv.lock …"
	@UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never $(UV) sync --frozen --quiet --compile-bytecode
	@$(BIN)/python -m compileall -q app services models
	@touch $(READY)

$(BIN)/python:
	@for python in $(PYTHONS); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
		if ! "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
			echo "The venv module of $$python is missing: install it (on Debian: sudo apt install python3-venv) and say make again." >&2; exit 1; \
		fi; \
		echo "Making $(VENV) with $$("$$python" --version) …"; \
		exec "$$python" -m venv $(VENV); \
	done; \
	echo "Tocsin needs Python 3.11 or newer, and none of these is: $(PYTHONS). Name one with make PYTHON=/path/to/python3." >&2; exit 1
