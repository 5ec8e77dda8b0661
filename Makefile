# The course on gradients and its autograder. `make` lists what there is.

PYTHON ?= python3
UNIT ?= numeric_gradient
UNITS ?=
STUDENTS ?= 30
PROCESSES ?= 3
BIN := .venv/bin
READY := .venv/.ready
DEMO := demo/$(UNIT)
PROXY := .venv/proxy/node_modules/.bin/configurable-http-proxy
# The demo's class is our own, so where there is no sandbox, or nobody may use it, it may run without one.
CONFINES := bwrap --unshare-net --ro-bind / / true && $(BIN)/python -c "import pyseccomp"
ISOLATION ?= $(shell ($(CONFINES)) 2>/dev/null && echo strict || echo none)

TESTS := $(BIN)/pytest --durations=25
BESIDE := --numprocesses $(PROCESSES) --dist loadscope --no-loadscope-reorder

.PHONY: help demo test test-all test-rest lab hub site bench setup clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-9s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## make a class of 30, grade it, show the results (UNIT=…, STUDENTS=…)
	$(BIN)/autograder build
	rm -rf $(DEMO)
	$(BIN)/autograder classroom $(UNIT) --students $(STUDENTS) --seed 1 --into $(DEMO)/submitted
	$(BIN)/autograder grade $(UNIT) --submissions $(DEMO)/submitted --course-dir $(DEMO) --json $(DEMO)/marks.json \
	  --isolation $(ISOLATION)

test: $(READY) ## lint, types and tests, of many cases of one kind a few; first installs with apt what they need, as far as it may
	@$(BIN)/python tests/programs.py --install
	@if command -v npm >/dev/null; then $(MAKE) --silent $(PROXY) || true; fi
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(TESTS) -m "not alone and not exhaustive" $(BESIDE)
	$(TESTS) -m "alone and not exhaustive"
	@$(BIN)/python tests/programs.py

test-all: test test-rest ## make test, and then the cases that it leaves out

test-rest: $(READY) ## the cases that make test leaves out
	$(TESTS) -m "exhaustive and not alone" $(BESIDE)
	$(TESTS) -m "exhaustive and alone"

lab: $(READY) ## open your notebooks, copies in my_work/, in JupyterLab
	$(BIN)/course lab

hub: $(READY) $(PROXY) ## start a JupyterHub to try out, on this machine only, with made-up users (Ctrl-C ends it)
	$(BIN)/python -m jupyterhub -f lab/trial.py

$(PROXY):
	@command -v npm >/dev/null || { echo "npm is needed for the hub's proxy: apt install nodejs npm"; exit 1; }
	npm install --silent --no-audit --no-fund --fetch-retries=1 --fetch-timeout=60000 --prefix .venv/proxy configurable-http-proxy@5.3.0

site: $(READY) ## make the web pages of the lessons in build/site (UNITS="numeric_gradient …" for some)
	$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[site]' -c constraints.txt
	$(BIN)/autograder build
	$(BIN)/autograder site $(UNITS)

bench: $(READY) ## measure the engines and the grading against others, attackers, the report, students' kernels (an hour)
	$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[bench]' -c constraints.txt
	$(BIN)/python benchmarks/engines.py --json build/engines.json
	$(BIN)/python benchmarks/grading.py --json build/grading.json
	$(BIN)/python benchmarks/neighbours.py --json build/neighbours.json
	$(BIN)/python benchmarks/reporting.py --json build/reporting.json
	$(BIN)/python benchmarks/working.py --json build/working.json

setup: $(READY) ## install everything into .venv

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed; name one with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -q -e '.[test]' -c constraints.txt
	$(BIN)/python -m autograder.interactive.enabling
	touch $@

clean: ## remove .venv, the demo and everything else that was made here
	rm -rf .venv demo build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
