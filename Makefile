# Needs python3 >= 3.11 and make. Everything else is set up by scripts/bootstrap on first use.
.DEFAULT_GOAL := help
# Images of Python set it. A server is four processes, and importing is most of what their start
# costs: 1.8 s of processor with compiled modules, 2.7 s (measured) where each compiles its own.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: help setup run test test-expo check types types-of-tests fmt bench crash fuzz screenshots

BIN := .venv/bin
# pytest's arguments: make test ARGS='-k spool'
ARGS ?=
# Tests of one file stay together: they share a server. In their order, which ends with the quick
# ones: by the number of their tests, few and long ones would come last, on one core.
PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder

help: ## Say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

setup: ## Install what is locked into .venv
	@scripts/bootstrap

run: setup ## Start the server on http://localhost:3001
	@exec $(BIN)/mana-errors serve

# Playwright keeps an event loop running in its thread, which tests with loops of their own cannot
# share: pages are tested in processes of their own.
BROWSER := server/tests/browser
test: setup ## Run every test; what touches PostgreSQL once on 18 and again on 15
	@scripts/typescript install # tests of webhooks compile their TypeScript example by its esbuild
	CHROMIUM=$$($(BIN)/python scripts/chromium.py) $(BIN)/pytest $(PARALLEL) --ignore=$(BROWSER) $(ARGS)
	CHROMIUM=$$($(BIN)/python scripts/chromium.py) $(BIN)/pytest $(PARALLEL) $(BROWSER) $(ARGS)
	PG15_BIN=$$($(BIN)/python scripts/postgres15.py) TEST_PG=15 $(BIN)/pytest $(PARALLEL) server/tests/integration --ignore=server/tests/integration/test_embedded.py $(ARGS)
	CHROMIUM=$$($(BIN)/python scripts/chromium.py) scripts/typescript test

test-expo: setup ## The same for React Native, whose packages take 300 MB
	scripts/typescript test-expo

check: setup types types-of-tests ## Lint, format, types, layers; with -j2 on both cores
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-cache --no-logo
	scripts/typescript check
	scripts/typescript size

types: setup
	$(BIN)/basedpyright

types-of-tests: setup
	$(BIN)/basedpyright -p pyrightconfig.tests.json

fmt: setup ## Format and fix what can be fixed
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	scripts/typescript fmt

bench: setup ## Measure; prints a table and writes bench/results
	$(BIN)/python -m bench $(ARGS)

crash: setup ## 200 kills under load: nothing lost, nothing doubled
	CRASH_KILLS=200 $(BIN)/pytest server/tests/crash --timeout=7200 $(ARGS)

screenshots: setup ## Take the pictures of docs/images anew
	$(BIN)/python scripts/screenshots.py
	$(BIN)/python scripts/screenshot_mails.py

FUZZ_SECONDS ?= 600
FUZZ_TARGETS := envelope event store security otlp stack
fuzz: setup ## Look for inputs that break what reads strangers' bytes; FUZZ_SECONDS in total
	@scripts/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)
