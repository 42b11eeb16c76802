# `make` lists the targets. Each one that runs Python first sees to it that .venv holds the
# packages of requirements/lock.txt (requirements/setup-venv.sh), then uses .venv's own Python, so
# there is nothing to activate. ARGS passes options on: make run-local ARGS="--span 2014-01-01".

IN_VENV := .venv/bin/python
TYPED := $(wildcard setup.py schemas components pipelines dags benchmarks tests)

.DEFAULT_GOAL := help
.PHONY: help venv run-local report data test test-all lint types format lock clean-venv
.PHONY: axe screenshots

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run-local: venv ## Run the whole pipeline on this machine, on the taxi data
	@$(IN_VENV) -m pipelines run --config local $(ARGS)

report: venv ## Write the newest run's page anew and open it
	@$(IN_VENV) -m pipelines report --open $(ARGS)

data: venv ## Lay out the taxi data under data/, whole and cut into spans
	@$(IN_VENV) -m pipelines data $(ARGS)

test: lint types ## Check style and types, then run the tests but the exhaustive ones
	@$(IN_VENV) -m pytest -m 'not exhaustive' $(ARGS)

test-all: lint types ## Check style and types, then run every test
	@$(IN_VENV) -m pytest $(ARGS)

axe: ## Bring axe-core, by which the tests judge how accessible the pages are; needs npm
	@npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --silent

screenshots: venv ## Take the pictures of the pages in docs/images, of real runs; needs chromium
	@$(IN_VENV) -m tests.browser.screens $(ARGS)

lint: venv ## Check style and formatting
	@$(IN_VENV) -m ruff check .
	@$(IN_VENV) -m ruff format --check .

types: venv ## Check types
	@$(IN_VENV) -m mypy $(TYPED)

format: venv ## Mend style and formatting where that needs no thought
	@$(IN_VENV) -m ruff check --fix .
	@$(IN_VENV) -m ruff format .

venv: ## Make .venv hold the packages of the lock; does nothing when it does
	@sh requirements/setup-venv.sh

lock: venv ## Resolve requirements/*.in into the lock; ARGS=--upgrade takes newer versions
	@$(IN_VENV) -m uv pip compile --quiet --python-version "$$(cat .python-version)" \
		--python-platform linux --custom-compile-command 'make lock' \
		--output-file requirements/lock.txt $(ARGS) requirements/dev.in

clean-venv: ## Remove .venv, and nothing else; the next target that needs it makes it anew
	@rm -rf .venv
