# `make` lists the targets. Each one that runs Python first makes sure that .venv holds the
# packages of requirements/lock.txt (requirements/setup-venv.sh), then uses .venv's own Python, so
# there is nothing to activate. ARGS passes options on: make run-local ARGS="--span 2014-01-01".

IN_VENV := .venv/bin/python
TYPED := $(wildcard setup.py schemas components pipelines benchmarks tests)

# Airflow lives in an environment of its own, with the newest of these Pythons that is installed.
IN_AIRFLOW_VENV := .venv-airflow/bin/python
AIRFLOW_PYTHONS := 3.12 3.11 3.10

# The benchmark compares with TFX's own pipeline, in an environment that no other target needs.
BENCHMARK := artifacts/benchmarks
SCORE := artifacts/ml-test-score

# Writes a lock: names, versions and hashes, but not where packages come from.
COMPILE := $(IN_VENV) -m uv pip compile --quiet --generate-hashes \
	--custom-compile-command 'make lock'
FOR_OURS = --python-version "$$(cat .python-version)" --python-platform linux

.DEFAULT_GOAL := help
.PHONY: help venv run-local backfill report data test test-all test-wheel coverage lint types hooks
.PHONY: format lock clean-venv
.PHONY: airflow airflow-compile airflow-cli airflow-venv airflow-screens test-airflow
.PHONY: axe screenshots ml-test-score bench bench-quick stock-venv

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run-local: venv ## Run the whole pipeline on this machine, on the taxi data
	@$(IN_VENV) -m pipelines run --config local $(ARGS)

backfill: venv ## Run the pipeline on every quarter of the taxi data, and end with a table
	@$(IN_VENV) -m pipelines backfill --config quarterly $(ARGS)

report: venv ## Rewrite the newest run's page and open it
	@$(IN_VENV) -m pipelines report --open $(ARGS)

airflow: airflow-compile ## Start Airflow on this machine, with the pipeline's DAGs
	@$(IN_VENV) -m pipelines data >/dev/null
	@$(IN_AIRFLOW_VENV) -m dags.standalone $(ARGS)

airflow-compile: venv airflow-venv ## Compile the pipeline's shape, from which the DAGs are built
	@$(IN_AIRFLOW_VENV) -m dags.compilation

airflow-cli: airflow-venv ## Run an Airflow command: ARGS="dags list"
	@$(IN_AIRFLOW_VENV) -m dags.airflow_cli $(ARGS)

data: venv ## Write the taxi data under data/, whole and split into spans
	@$(IN_VENV) -m pipelines data $(ARGS)

test: lint types ## Check style and types, then run all tests but the exhaustive ones
	@$(IN_VENV) -m pytest -m 'not exhaustive and not wheel' $(ARGS)

test-all: lint types ## Check style and types, then run every test but the wheel's
	@$(IN_VENV) -m pytest -m 'not wheel' $(ARGS)

test-wheel: venv ## Build the wheel, install it in a fresh environment and run the pipeline there
	@$(IN_VENV) -m pytest -m wheel tests/test_wheel.py $(ARGS)

coverage: venv ## Run the tests under ten seconds and show coverage by folder
	@$(IN_VENV) -m pytest -m 'not slow and not exhaustive and not wheel' --cov --cov-report=json $(ARGS); \
		status=$$?; $(IN_VENV) -m tests.coverage_by_folder artifacts/coverage.json; exit $$status

test-airflow: venv airflow-venv ## Check the DAGs' types and test them on a running Airflow
	@$(IN_AIRFLOW_VENV) -m mypy dags tests/dags
	@$(IN_AIRFLOW_VENV) -m pytest tests/dags $(ARGS)

airflow-screens: venv airflow-venv ## Run the pipeline in Airflow and take the README's pictures
	@$(IN_AIRFLOW_VENV) -m tests.dags.screens $(ARGS)

bench: venv stock-venv airflow-venv ## Measure everything and write docs/benchmarks.md; takes hours
	@$(IN_VENV) -m benchmarks run --sizes 15000 --sizes 150000 --repeats 3 $(ARGS)
	@$(IN_VENV) -m benchmarks run --sizes 1500000 --repeats 2 \
		--subjects ours --subjects script --subjects stock --subjects stock-in-memory $(ARGS)
	@$(IN_VENV) -m benchmarks run --sizes 15000000 --repeats 1 \
		--subjects ours --subjects script $(ARGS)
	@$(IN_VENV) -m benchmarks report $(BENCHMARK)/results.jsonl

bench-quick: venv stock-venv ## Measure 15 k and 150 k rows once and print the tables; 15 minutes
	@$(IN_VENV) -m benchmarks run --sizes 15000 --sizes 150000 --repeats 1 --rerun-rows 0 \
		--subjects ours --subjects script --subjects stock-in-memory --subjects starts \
		--output $(BENCHMARK)/quick.jsonl $(ARGS)
	@$(IN_VENV) -m benchmarks show $(BENCHMARK)/quick.jsonl

axe: ## Install axe-core, which checks the pages' accessibility in the tests; needs npm
	@npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --silent

screenshots: venv ## Take the pictures of the pages in docs/images, of real runs; needs chromium
	@$(IN_VENV) -m tests.browser.screens $(ARGS)

ml-test-score: venv ## Measure the ML Test Score and write docs/ml-test-score.md
	@$(IN_VENV) -m pipelines run --config local --output $(SCORE)/runs
	@$(IN_VENV) -m pipelines run --config local --output $(SCORE)/runs
	@$(IN_VENV) -m pipelines report --config local --output $(SCORE)/runs --json $(SCORE)/run.json
	@$(IN_VENV) -m tests.ml_test_score --report $(SCORE)/run.json $(ARGS)

lint: venv ## Check style, formatting and which room imports which
	@$(IN_VENV) -m ruff check .
	@$(IN_VENV) -m ruff format --check .
	@.venv/bin/lint-imports --no-logo --no-cache

types: venv ## Check types
	@$(IN_VENV) -m mypy --exclude '^tests/dags/' $(TYPED)

hooks: venv ## Install hooks that check style and types before each commit
	@$(IN_VENV) -m pre_commit install

format: venv ## Fix style and formatting automatically
	@$(IN_VENV) -m ruff check --fix .
	@$(IN_VENV) -m ruff format .

airflow-venv: ## Install Airflow's locked packages into .venv-airflow, unless they are there
	@sh requirements/setup-venv.sh .venv-airflow requirements/airflow.txt $(AIRFLOW_PYTHONS)

stock-venv: ## Install stock TFX's locked packages into .venv-stock, unless they are there
	@sh requirements/setup-venv.sh .venv-stock requirements/stock.txt "$$(cat .python-version)"

venv: ## Install the locked packages into .venv, unless they are there
	@sh requirements/setup-venv.sh

lock: venv ## Resolve requirements/*.in into the locks; ARGS=--upgrade takes newer versions
	@$(COMPILE) $(FOR_OURS) --output-file requirements/lock.txt $(ARGS) requirements/dev.in
	@$(COMPILE) --universal --python-version $(lastword $(AIRFLOW_PYTHONS)) \
		--output-file requirements/airflow.txt $(ARGS) requirements/airflow.in
	@$(COMPILE) $(FOR_OURS) --output-file requirements/stock.txt $(ARGS) requirements/stock.in
	@$(COMPILE) $(FOR_OURS) --output-file requirements/compiler.txt $(ARGS) requirements/compiler.in

clean-venv: ## Remove the environments, and nothing else; targets that need them rebuild them
	@rm -rf .venv .venv-airflow .venv-stock
