# Python >= 3.11 and make are all that is assumed; everything goes into .venv/.
PYTHON ?= python3
BIN := .venv/bin
# Half of the tests wait for a process or a clock most of the time: two at once for each core.
WORKERS ?= $(shell echo $$((2 * $$(getconf _NPROCESSORS_ONLN))))
SOURCES := bot handlers storage sandbox tests benchmarks docs

.PHONY: demo test soak install check bench dev audit-ui

demo: .venv/.demo ## set all up, start the demo world, print one address
	@$(BIN)/python -m sandbox

test: .venv/.dev ## set all up, run every test
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -q

soak: .venv/.dev ## the long proofs: every crash point, random kills under load
	@SOAK=1 $(BIN)/python -m pytest -n $$(($(WORKERS) + 2)) --dist loadgroup --no-loadscope-reorder -q \
		-m "soak or grows" tests/faults tests/model tests/storage

install: .venv/.runtime ## what a server needs, and nothing more

check: .venv/.dev ## lint, types, import rules
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/.dev ## speed as ratios in one run
	@$(BIN)/python -m benchmarks

audit-ui: .venv/.ui ## browse the log of the demo that runs (or of DATABASE=file) in Datasette, read-only
	@$(BIN)/python -m sandbox.audit_ui $(DATABASE)

dev: .venv/.dev ## set all up for working on the code
	@echo "Ready: make test, make check, make demo"

# Hashes are checked on every machine; a set that holds another one is made from the larger file.
.venv/.%: requirements/%.txt | .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

.venv:
	@$(PYTHON) -c 'import sys; sys.exit("Numberdesk needs Python 3.11 or newer: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .venv
