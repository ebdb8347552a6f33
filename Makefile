# Two commands are enough on a bare machine with Python 3.11+ and make: `make demo` and `make test`.

PYTHON ?= $(firstword $(foreach name,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(name) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $(name))) python3)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RUN_READY := $(VENV)/.run-ready
SITE_READY := $(VENV)/.site-ready
BENCH_READY := $(VENV)/.bench-ready
SECURITY_READY := $(VENV)/.security-ready
PACKAGES := workers adapters bpmn deploy engine graphql_api
# Each platform keeps what it has checked: in one place they would drop each other's.
MYPY = $(BIN)/mypy --platform $* --cache-dir .mypy_cache/$* --no-error-summary
LOCK := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --quiet --constraint requirements/constraints.in

# Where no bytecode may lie beside the code, every process of a stack would compile all that it loads: it lies here.
ifdef PYTHONDONTWRITEBYTECODE
unexport PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX ?= $(abspath $(VENV))/bytecode
endif

.DEFAULT_GOAL := help
.PHONY: help demo judges test security test-all test-seeds smoke chaos bench bench-start bench-records bench-versions bench-ui bench-attacks check format-check lint types types-linux types-darwin \
	imports lint-processes processes schema reference ui ui-check ui-types docs site format setup lock platforms wheel stop clean screenshots

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  \033[1m%-14s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUN_READY) ## Run a customer onboarding, with nothing installed; stays up until Ctrl-C
	@$(MAKE) --no-print-directory --silent ui || echo "Going on without it."
	@$(BIN)/fleet demo

test: $(READY) ## Run the tests; the slow ones (browser, chaos) are left to test-all
	@$(BIN)/pytest --numprocesses auto --dist worksteal $(ARGS)

test-all: $(READY) ## Run every test, with Chromium if there is one
	@$(BIN)/pytest -m '' $(ARGS)

test-seeds: $(READY) ## Run the customer's documents, sentence by sentence, on engine and PostgreSQL
	@$(BIN)/pytest tests/seeds $(ARGS)

security: $(SECURITY_READY) ## Attack it: as people, clients and providers would, by generated input, and with each guard taken out
	@$(BIN)/python -m tests.security $(ARGS)

judges: $(BENCH_READY) ## Have Camunda's clients judge our engine; with FROM=<folder of fetched copies>, its open engines and the DMN test kit too
	@$(BIN)/python -m tests.judges $(if $(FROM),--from $(FROM))

smoke: $(RUN_READY) ## Run three onboardings to their ends, hands-free, and compare what everybody says of them
	@$(BIN)/fleet smoke

chaos: $(READY) ## Measure what is promised while everything is killed; hours at full size, ARGS=--quick for minutes
	@$(BIN)/python -m tests.chaos $(ARGS)

bench: $(BENCH_READY) ## Measure fleet and engine beside pyzeebe, the Java client and a bare loop; `make bench ARGS=--quick` for a look
	@$(BIN)/python -m bench $(ARGS)

bench-start: $(READY) ## Measure the demo: download, start to the first workflow, a second smoke, memory, a job's CPU
	@$(BIN)/python -m bench.start

bench-records: $(READY) ## Measure the records' lists on a million workflows and five million steps
	@$(BIN)/python -m bench.records $(ARGS)

bench-versions: $(READY) ## Measure what a start by published version costs beside one of the latest
	@$(BIN)/python -m bench.versions $(ARGS)

bench-ui: $(READY) ## Measure the pages: weight, speed, and two hundred people connected
	@$(BIN)/python -m bench.ui $(ARGS)

bench-attacks: $(READY) ## Measure what one person's attacks cost the API, and another who starts workflows beside them
	@$(BIN)/python -m bench.attacks $(ARGS)

ui: $(RUN_READY) ## Build the page people work in; without it the API serves a plain inbox
	@$(BIN)/python -m zeebe_fleet.deploy.ui_build

screenshots: $(SITE_READY) ## Take the pictures of docs/images anew: a whole stack, and Debian's Chromium
	@$(BIN)/python -m docs.pictures

check: format-check lint types imports lint-processes schema reference ui-check ## Run every check that needs no engine

format-check: $(READY)
	@$(BIN)/ruff format --check --quiet . || { echo "Run make format."; exit 1; }

lint: $(READY) ## Lint the Python code
	@$(BIN)/ruff check --quiet .

types: types-linux types-darwin ## Check types, strictly, as they are on Linux and on a Mac

types-linux types-darwin: types-%: $(READY)
	@mkdir -p .link && ln -sfn .. .link/zeebe_fleet
	@$(MYPY) -m zeebe_fleet -m zeebe_fleet.data_models -m zeebe_fleet.testing $(PACKAGES:%=-p zeebe_fleet.%)
	@$(MYPY) --explicit-package-bases tests

imports: $(READY) ## Check that the packages import only what they may
	@$(BIN)/lint-imports --no-logo

lint-processes: $(READY)
	@$(BIN)/fleet lint bpmn --fail-on warning

REHEARSAL := build/definitions

processes: lint-processes ## Lint the shipped definitions, run their scenarios, and say what would be published
	@$(BIN)/fleet test bpmn --fail-under 95
	@mkdir -p $(REHEARSAL)
	@test -f $(REHEARSAL)/publishers.yaml || \
		$(BIN)/fleet keys new rehearsal --out $(REHEARSAL)/signing.key > $(REHEARSAL)/publishers.yaml
	@$(BIN)/fleet publish bpmn --dry-run --store $(REHEARSAL)/store --publishers $(REHEARSAL)/publishers.yaml

schema: $(READY) ## Check that schema.graphql is what the API serves
	@$(BIN)/python -m zeebe_fleet.graphql_api.export --check

ui-check: $(READY) ## Check the types of the page people work in
	@$(BIN)/python -m zeebe_fleet.deploy.ui_check

ui-types: $(READY) ## Write the types of the page's operations anew, from schema.graphql
	@$(BIN)/python -m zeebe_fleet.deploy.ui_check --write-types

docs: $(READY) ## Renew what is generated in docs/: the reference and the diagrams
	@$(BIN)/python -m docs.generate

reference: $(READY) ## Check that what is generated in docs/ is what make docs would write
	@$(BIN)/python -m docs.generate --check

site: $(SITE_READY) ## Build docs/ into build/site, to be read with a browser
	@$(BIN)/python -m docs.site

$(SITE_READY): requirements/docs.txt $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/docs.txt
	@touch $@

# The contestants in Java: only the bench needs them.
$(BENCH_READY): requirements/bench.txt $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/bench.txt
	@touch $@

# A generator of operations, which only the attacks need.
$(SECURITY_READY): requirements/security.txt $(READY)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/security.txt
	@touch $@

format: $(READY) ## Format the Python code and sort its imports
	@$(BIN)/ruff check --quiet --fix --exit-zero .
	@$(BIN)/ruff format --quiet .

setup: $(READY) ## Make the virtual environment from the lock; done by every target that needs it

$(READY): requirements/dev.txt requirements/install pyproject.toml setup.py
	@requirements/install $(PYTHON) $(VENV) dev
	@touch $@ $(RUN_READY)

# What a demo needs is part of that, and a sixth of the download.
$(RUN_READY): requirements/demo.txt requirements/install pyproject.toml setup.py
	@requirements/install $(PYTHON) $(VENV) demo
	@touch $@

lock: $(READY) ## Renew the locks; `make lock ARGS=--upgrade` takes newer versions
	@$(LOCK) $(ARGS) --output-file requirements/runtime.txt
	@$(LOCK) $(ARGS) --constraint requirements/runtime.txt --extra local --group dev --output-file requirements/dev.txt
	@$(LOCK) $(ARGS) --constraint requirements/dev.txt --extra local --group demo --output-file requirements/demo.txt
	@$(LOCK) $(ARGS) --constraint requirements/dev.txt --extra docs --output-file requirements/docs.txt
	@$(LOCK) $(ARGS) --constraint requirements/dev.txt --group bench --output-file requirements/bench.txt
	@$(LOCK) $(ARGS) --constraint requirements/dev.txt --group security --output-file requirements/security.txt

platforms: $(READY) ## Ask the package index whether all that is locked is there for Linux and for Macs
	@requirements/platforms $(VENV)

wheel: $(READY) ui ## Build the wheel into dist/
	@rm -rf build/lib build/bdist.* dist
	@$(BIN)/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist .
	@ls dist/*.whl

stop: $(RUN_READY) ## Stop a local stack that was left running
	@$(BIN)/fleet stack down

clean: ## Remove what was made here, except the stack's data and the cache of downloads
	@rm -rf $(VENV) .link build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
