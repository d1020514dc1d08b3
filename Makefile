# Everything a developer or CI runs. Needs make and Python 3.11 or newer; installs wheels only, into .venv.
PYTHON ?= $(firstword $(foreach python,python3.11 python3 python3.12 python3.13,\
	$(shell $(python) -c 'import sys; sys.version_info >= (3, 11) and print("$(python)")' 2>/dev/null)))
BIN := .venv/bin
SOURCES := src tests benchmarks .ci/dependencies.py .ci/prose.py
PROSE := README.md CONTRIBUTING.md CHANGELOG.md docs src
ARGS ?=
export FULL
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start hundreds of processes, each of which would compile the sources anew.
unexport PYTHONDONTWRITEBYTECODE

# Without --no-compile, pip would compile thousands of modules that nobody imports.
INSTALL = $(BIN)/python -m pip install --quiet --no-compile --only-binary :all: -r $(1) && \
	$(BIN)/python -m pip install --quiet --no-deps --editable .
# The files that have tests with a marker: to collect all others, too, takes as long as some of these runs.
MARKED = $(shell grep -rl --include='test_*.py' 'mark\.$(1)\b' tests)
LOCK = $(BIN)/pip-compile --quiet --no-header --strip-extras --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links

.PHONY: run test check format docs picture conformance browser-test test-crash test-hostile rehearsal bench bench-contest bench-operations bench-people bench-abuse bench-quick due ci lock clean
# The targets share one virtual environment.
.NOTPARALLEL:

## run: start the server with demo data on http://127.0.0.1:8069; ARGS="--port 9000" hands options on
run: .venv/.runtime
	$(BIN)/duelcast demo $(ARGS)

# In the order of their names: xdist would begin with files of many tests, and end with a few long ones.
## test: the test suite, three files at a time; ARGS="-k symbols" selects, ARGS="-n 0" runs them in turn
test: .venv/.dev
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

## check: style, types, architecture, prose; names dependencies that were yanked or are a year old, where an index answers
check: .venv/.dev
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy --strict $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/python .ci/prose.py $(PROSE)
	$(BIN)/python .ci/dependencies.py requirements-dev.lock

## format: what `check` would complain about and a tool can mend
format: .venv/.dev
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

## docs: the generated pages, and the tables within docs/protocol.md and README.md
docs: .venv/.dev
	$(BIN)/python -m duelcast.settings > docs/settings.md
	$(BIN)/python -m duelcast.endpoints.documents docs/protocol.md README.md

## picture: what `duelcast tail market-data` shows, for the README; a minute and a half
picture: .venv/.dev
	$(BIN)/python -m duelcast.cli.tail.picture > docs/tail.svg

## conformance: the Autobahn suite against the gateway; skips where its tools are absent
conformance: .venv/.dev
	$(BIN)/python -m tests.conformance.run

## browser-test: the client guide's JavaScript in Chromium, installed from packages where we may; else it skips
browser-test: .venv/.dev
	.ci/chromium
	$(BIN)/python -m pytest -rs -m browser $(call MARKED,browser)

## test-crash: servers that are killed, databases that break, connections that do; minutes. ARGS="-k room" selects
test-crash: .venv/.dev
	$(BIN)/python -m pytest -n 2 --dist loadfile -m crash --timeout 1800 $(call MARKED,crash) $(ARGS)

## test-hostile: what strangers do to a server, state by state; minutes. ARGS="--minutes 20" goes on for longer
test-hostile: .venv/.dev
	$(BIN)/python -m pytest -n 0 -s -m hostile --timeout 3600 tests/hostile $(ARGS)

## rehearsal: an evening of the platform, with 300 clients and all that happens to it; a minute or two
rehearsal: .venv/.dev
	$(BIN)/python -m pytest -n 0 -m rehearsal --timeout 1800 $(call MARKED,rehearsal) $(ARGS)

## bench: our server beside others and a bare C one; takes about an hour and wants a quiet machine. ARGS="--only a,d"
bench: .venv/.dev
	$(BIN)/python -m benchmarks $(ARGS)

## bench-contest: scoring, pushes, memory and chat of contests beside what is promised; a few minutes. ARGS="--only chat"
bench-contest: .venv/.dev
	$(BIN)/python -m benchmarks.contest $(ARGS)

## bench-operations: what it costs to tell many clients of many services; a minute. ARGS="--only changes"
bench-operations: .venv/.dev
	$(BIN)/python -m benchmarks.operations $(ARGS)

## bench-people: events that are tracked, users who come and are told; some minutes. ARGS="--only events"
bench-people: .venv/.dev
	$(BIN)/python -m benchmarks.people $(ARGS)

## bench-abuse: the dearest messages and requests by CPU and by bytes answered; minutes. ARGS="--json FILE" keeps all
bench-abuse: .venv/.dev
	$(BIN)/python -m benchmarks.abuse $(ARGS)

## bench-quick: a few works of all four; fails where a cost has doubled, or a message got lost
bench-quick: .venv/.dev
	$(BIN)/python -m benchmarks --quick $(ARGS)
	$(BIN)/python -m benchmarks.contest --quick
	$(BIN)/python -m benchmarks.operations --quick
	$(BIN)/python -m benchmarks.people --quick

# Those of conformance, browser-test and rehearsal that `ci` needs.
due: .venv/.dev
	@due=$$(.ci/due) && for target in $$due; do $(MAKE) $$target || exit; done

## ci: all of it, but for what covers nothing that changed since the last FULL=1 run, which leaves out nothing. The suite
## comes last, so that its count closes the output.
ci: check due bench-quick test-crash test-hostile test
	$(if $(FULL),@.ci/due record)

## lock: newest versions that fit; the runtime locks are parts of the developers' one
lock: .venv/.dev
	$(LOCK) --upgrade --extra exchanges --extra dev --output-file requirements-dev.lock pyproject.toml
	$(LOCK) --upgrade --constraint requirements-dev.lock --extra exchanges --output-file requirements-exchanges.lock pyproject.toml
	$(LOCK) --upgrade --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml

clean:
	rm -rf .venv .venv-autobahn reports build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Duelcast needs Python 3.11 or newer: install it, or set PYTHON." >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	$(call INSTALL,requirements.lock)
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(call INSTALL,requirements-dev.lock)
	@touch $@
