# Everything a developer or CI runs. Needs make and Python 3.11 or newer; installs wheels only, into .venv.
PYTHON ?= $(firstword $(foreach python,python3.11 python3 python3.12 python3.13,\
	$(shell $(python) -c 'import sys; sys.version_info >= (3, 11) and print("$(python)")' 2>/dev/null)))
BIN := .venv/bin
SOURCES := src tests benchmarks local_cluster .ci/dependencies.py .ci/prose.py
PROSE := README.md CONTRIBUTING.md CHANGELOG.md docs src clients/traces/README.md clients/python/README.md clients/typescript/README.md
ARGS ?=
export FULL
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Tests start hundreds of processes, each of which would otherwise compile the sources again.
unexport PYTHONDONTWRITEBYTECODE

# Without --no-compile, pip would compile thousands of modules that nobody imports.
INSTALL = $(BIN)/python -m pip install --quiet --no-compile --only-binary :all: -r $(1) && \
	$(BIN)/python -m pip install --quiet --no-deps --editable .
# The test files that use a marker. Only these are collected, because collecting all files takes as long as some runs.
MARKED = $(shell grep -rl --include='test_*.py' 'mark\.$(1)\b' tests)
# The tests of `make test` and those that need PostgreSQL.
ON_POSTGRES = not browser and not cluster and not crash and not hostile and not process and not rehearsal and not simulation
LOCK = $(BIN)/pip-compile --quiet --no-header --strip-extras --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links

.PHONY: run run-cluster test check format docs picture clients console test-console console-pictures conformance browser-test test-process test-postgres test-three-nodes test-cluster test-hostile test-simulation rehearsal soak bench bench-contest bench-operations bench-people bench-console bench-cluster bench-abuse bench-quick due ci lock clean
# The targets share one virtual environment.
.NOTPARALLEL:

## run: start the server with demo data on http://127.0.0.1:8069; ARGS="--port 9000" passes options
run: .venv/.runtime
	$(BIN)/duelcast demo $(ARGS)

## run-cluster: start a cluster with demo data: PostgreSQL, Valkey, two leaders of which one stands by, two gateways.
## ARGS="--gateways 4" passes options; the README has its variables
run-cluster: .venv/.dev
	$(BIN)/python -m local_cluster $(ARGS)

# The files run in the order of their names. By default, xdist starts those with many tests first, and ends with a few
# slow ones.
## test: the test suite, four files at a time; ARGS="-k symbols" selects tests, ARGS="-n 0" runs them one by one
test: .venv/.dev
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

## check: style, types, architecture, prose; prints dependencies that were yanked or are over a year old
check: .venv/.dev
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy --strict $(SOURCES)
	$(BIN)/lint-imports
	$(BIN)/python .ci/prose.py $(PROSE)
	$(BIN)/python .ci/dependencies.py requirements-dev.lock

## format: fix what `check` would complain about, if a tool can
format: .venv/.dev
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

## docs: generates docs/settings.md, the tables in docs/protocol.md and README.md, and the types of the clients
docs: .venv/.dev
	$(BIN)/python -m duelcast.settings > docs/settings.md
	$(BIN)/python -m duelcast.endpoints.documents docs/protocol.md README.md
	$(BIN)/python -m duelcast.cli.client_types .
	$(BIN)/ruff format --quiet src/duelcast/client/generated

## picture: the picture of `duelcast tail market-data` in the README; takes a minute and a half
picture: .venv/.dev
	$(BIN)/python -m duelcast.cli.tail.picture > docs/tail.svg

# Everything about the TypeScript client but its programs and its examples, in the order in which it fails soonest.
NPM_SCRIPTS := build check test size package-check bench
## clients: builds and tests the client libraries, also with a server that is killed and a network that fails; without
## Node.js 20 or newer, which is installed if possible, the Python client alone. ARGS="-k kills" selects tests
clients: .venv/.dev
	$(BIN)/python -m pytest -n 2 tests/client
	$(BIN)/python -m benchmarks.client --quick
	@if .ci/node; then \
		cd clients/typescript && $(NPM_INSTALL) && \
		for script in $(NPM_SCRIPTS); do npm run $$script || exit; done; \
	else \
		echo "Node.js 20 or newer and npm are missing: the TypeScript client is left out." >&2; \
	fi
	.ci/chromium
	$(BIN)/python -m pytest -rs -n 2 --dist loadfile -m clients --timeout 1200 $(call MARKED,clients) $(ARGS)

## soak: ten minutes of clients in all libraries at random, which must decode compressed messages as they were sent; needs
## Chromium, and what `make clients` installs. ARGS=60 sets the seconds
soak: .venv/.dev
	$(BIN)/python -m tests.clients.soak $(or $(ARGS),600)

# The console is built on the TypeScript client of this checkout.
NPM_INSTALL = npm ci --no-audit --no-fund
## console: builds the web console into the server's package; needs Node.js 20 or newer
console:
	cd clients/typescript && $(NPM_INSTALL) && npm run build
	cd console && $(NPM_INSTALL) && npm run build && npm run size

## test-console: checks and tests the sources of the console, and whether the built files that are committed are current;
## without Node.js 20 or newer, which is installed if possible, nothing. `make browser-test` tries the pages
test-console:
	@if .ci/node; then \
		(cd clients/typescript && $(NPM_INSTALL) && npm run build) && cd console && $(NPM_INSTALL) && \
		for script in check test compare size; do npm run $$script || exit; done; \
	else \
		echo "Node.js 20 or newer and npm are missing: the console is not checked." >&2; \
	fi

## console-pictures: pictures of every view of the console in its states, in reports/console
console-pictures: .venv/.dev
	.ci/chromium
	$(BIN)/python -m pytest -rs -m browser tests/browser/console/test_pictures.py

## conformance: the Autobahn suite against the gateway; skipped if its tools are missing
conformance: .venv/.dev
	$(BIN)/python -m tests.conformance.run

## browser-test: the console, the documentation and the pages of the guides in Chromium, which is installed if possible;
## skipped without it, and those of the TypeScript client, and what axe-core judges, without Node.js 20 or newer
browser-test: .venv/.dev
	.ci/chromium
	@if .ci/node; then (cd clients/typescript && $(NPM_INSTALL) && npm run build) && cd console && $(NPM_INSTALL); fi
	$(BIN)/python -m pytest -rs -n 2 --dist loadfile -m browser $(call MARKED,browser)

## test-process: whole programs: starts, signals, kills, broken databases; takes minutes. ARGS="-k demo" selects tests
test-process: .venv/.dev
	$(BIN)/python -m pytest -n 6 --dist loadfile -m "process or crash" --timeout 1800 $(call MARKED,\(process\|crash\)) $(ARGS)

## test-postgres: the tests of the store and the end-to-end tests on PostgreSQL servers, which they start, kill and
## suspend; takes minutes. ARGS="tests/domain" runs other tests on PostgreSQL
test-postgres: .venv/.dev
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --database postgres \
		-m '$(ON_POSTGRES)' $(or $(ARGS),tests/store tests/cluster tests/e2e)

# Every message of the endpoints, recovery, and the conversations in which nodes could most easily differ.
ON_THREE_NODES = $(addprefix tests/e2e/,\
	test_golden_frames.py test_recovery.py \
	contest/test_catching_up.py contest/test_conversation.py contest/test_pushing.py contest/test_recovering.py \
	operations/test_circuit_breaker.py operations/test_failing_commands.py operations/test_changing_rights.py \
	people/test_devices.py people/test_notifications_conversation.py \
	settings/test_conversation.py settings/test_following.py)
## test-three-nodes: a hundred end-to-end tests on servers of a leader and two gateways, with PostgreSQL and Valkey; all
## with FULL=1. ARGS="tests/e2e/contest" runs others
test-three-nodes: .venv/.dev
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder --nodes three -m '$(ON_POSTGRES)' \
		$(or $(ARGS),$(if $(FULL),tests/e2e,$(ON_THREE_NODES)))

## test-cluster: kills, suspends, upgrades and attacks the parts of a cluster under load; takes minutes, and keeps logs
## in reports/cluster. ARGS="--kills 100" kills more often, ARGS="--takeovers 20" times more takeovers, ARGS="--seed 7"
## repeats a run
test-cluster: .venv/.dev
	$(BIN)/python -m pytest -n 0 -s -m cluster --timeout 7200 tests/cluster_kills $(ARGS)

## test-hostile: attacks on every state of a connection; takes minutes. ARGS="--minutes 20" runs it for longer
test-hostile: .venv/.dev
	$(BIN)/python -m pytest -n 0 -s -m hostile --timeout 3600 tests/hostile $(ARGS)

## test-simulation: 500 simulated clusters and the bugs that they must find; takes minutes. ARGS="--seeds 10000" simulates
## more, ARGS="--seed 4711" only that one
test-simulation: .venv/.dev
	$(BIN)/python -m pytest -n 2 -m "simulation or not simulation" tests/simulation --seeds 500 $(ARGS)

## rehearsal: an evening of the platform with 300 clients, an outage and a restart; takes a minute or two
rehearsal: .venv/.dev
	$(BIN)/python -m pytest -n 0 -m rehearsal --timeout 1800 $(call MARKED,rehearsal) $(ARGS)

## bench: our server compared with others and a bare C one; needs a quiet machine for about an hour. ARGS="--only a,d"
bench: .venv/.dev
	$(BIN)/python -m benchmarks $(ARGS)

## bench-contest: scoring, pushes, memory and chat of contests, compared with the targets; takes minutes. ARGS="--only chat"
bench-contest: .venv/.dev
	$(BIN)/python -m benchmarks.contest $(ARGS)

## bench-operations: the cost of services with many followers; takes a minute. ARGS="--only changes"
bench-operations: .venv/.dev
	$(BIN)/python -m benchmarks.operations $(ARGS)

## bench-people: tracked events, notifications and connecting users; takes some minutes. ARGS="--only events"
bench-people: .venv/.dev
	$(BIN)/python -m benchmarks.people $(ARGS)

## bench-console: the console in Chromium under load; needs a quiet machine for some minutes. ARGS="--only market"
bench-console: .venv/.dev
	.ci/chromium
	$(BIN)/python -m benchmarks.console $(ARGS)

## bench-cluster: gateways and a leader on this machine, compared with the single process; takes minutes. ARGS="--only chat"
bench-cluster: .venv/.dev
	$(BIN)/python -m benchmarks.cluster $(ARGS)

## bench-abuse: the most expensive messages and requests, by CPU and bytes; takes minutes. ARGS="--json FILE" saves all
bench-abuse: .venv/.dev
	$(BIN)/python -m benchmarks.abuse $(ARGS)

## bench-quick: a few parts of the benchmarks; fails if a cost has doubled, or a message was lost
bench-quick: .venv/.dev
	$(BIN)/python -m benchmarks --quick $(ARGS)
	$(BIN)/python -m benchmarks.contest --quick
	$(BIN)/python -m benchmarks.operations --quick
	$(BIN)/python -m benchmarks.people --quick
	$(BIN)/python -m benchmarks.cluster --quick

# Runs those of conformance, browser-test and rehearsal that `ci` needs.
due: .venv/.dev
	@due=$$(.ci/due) && for target in $$due; do $(MAKE) $$target || exit; done

## ci: checks, tests and small benchmarks; conformance, browser-test and rehearsal only if something that they cover has
## changed since the last run with FULL=1, which always runs them. The test suite comes last, so that its summary ends
## the output.
ci: export ALL_EXAMPLES = $(FULL)
ci: check due bench-quick clients test-console test-process test-hostile test-simulation test-cluster test-postgres test-three-nodes test
	$(if $(FULL),@.ci/due record)

## lock: locks the newest allowed versions; the runtime locks are subsets of the development lock
lock: .venv/.dev
	$(LOCK) --upgrade --extra cluster --extra exchanges --extra dev --output-file requirements-dev.lock pyproject.toml
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
