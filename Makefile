# Two commands do all the set-up: `make demo` and `make test`. `make help` lists the others.
SHELL := /bin/sh
DEMO_FLAGS = $(if $(ONCE),--once) $(if $(DATA),--data $(DATA)) $(if $(STATE),--state $(STATE)) \
             $(if $(PORT),--port $(PORT))
# Compiled bytecode is kept: without it every start of the command line costs seconds.
unexport PYTHONDONTWRITEBYTECODE
PYTEST_FLAGS ?= -n auto --dist loadfile -q

.PHONY: help demo test lint unit faults bench bench-peer clean

help:
	@echo "make demo          the whole network on this machine; pages on http://127.0.0.1:8000"
	@echo "make demo ONCE=1   the same, prints the summary and stops (DATA=DIR, STATE=DIR, PORT=N)"
	@echo "make test          installs what the tests need and runs all of them"
	@echo "make faults        the long fault, load and property runs"
	@echo "make bench         all benchmarks, each with the machine's own limit"
	@echo "make bench-peer    the same households in openfisca-core, in an environment of its own"
	@echo "make clean         removes the environment and caches"

.venv/run: pyproject.toml uv.lock tools/setup-env.sh tools/uv.txt
	@tools/setup-env.sh run
	@touch .venv/run

.venv/test: pyproject.toml uv.lock tools/setup-env.sh tools/uv.txt
	@tools/setup-env.sh test
	@touch .venv/run .venv/test

demo: .venv/run
	@exec .venv/bin/vastedag demo $(DEMO_FLAGS)

lint: .venv/test
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/vastedag specs-check

unit: .venv/test
	.venv/bin/pytest $(PYTEST_FLAGS)

test: .venv/test
	@tools/setup-services.sh
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory unit

faults: .venv/test
	@tools/setup-services.sh
	VASTEDAG_FAULTS=long VASTEDAG_EXAMPLES=10000 .venv/bin/pytest -q tests/fault tests/simulation tests/property

bench: .venv/run
	@for name in append verify serve plan derive population portal settlement; do .venv/bin/vastedag bench $$name --json || exit 1; done

bench-peer: .venv/run
	UV_PROJECT_ENVIRONMENT=.venv-peer .venv/bin/uv sync --frozen --quiet --system-certs \
	    --no-python-downloads --no-default-groups --group bench-peer
	PYTHONPATH=. .venv-peer/bin/python tests/bench/openfisca_peer.py

clean:
	rm -rf .venv .venv-peer .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
