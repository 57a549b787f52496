# Everything a person or CI does here. Needs Python 3.11+, git and make; the rest comes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := all
.PHONY: all demo test check fmt smoke bench lock clean

all: check test

# Hash-locked, and without build isolation, so that nothing unlocked is ever fetched.
$(STAMP): requirements-dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --requirement requirements-dev.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP)  ## a fresh workspace, a scored sample voyage, the flagged containers explained
	@$(BIN)/riskengine demo

test: $(STAMP)  ## every test
	$(BIN)/pytest --numprocesses auto

check: $(STAMP)  ## style, types, floors, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/codespell riskengine tests benchmarks docs rules/core/README.md cli.py README.md CHANGELOG.md CONTRIBUTING.md PHILOSOPHY.md

fmt: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

smoke: $(STAMP)  ## the wheel alone, in a clean environment, on the lowest versions promised
	$(BIN)/python benchmarks/smoke/run.py

# Beside the product's environment, not in it: other libraries ask for other versions of the same things.
BENCH_BIN := $(VENV)-bench/bin
$(VENV)-bench/.installed: requirements-bench.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)-bench
	$(BENCH_BIN)/python -m pip install --quiet --require-hashes --requirement requirements-bench.txt
	echo "$(CURDIR)" > "$$($(BENCH_BIN)/python -c 'import site; print(site.getsitepackages()[0])')/riskengine.pth"
	@touch $@

bench: $(STAMP) $(VENV)-bench/.installed  ## every published figure; needs RISKENGINE_BENCHMARK_DATA for the real data
	$(BIN)/python benchmarks/scoring/run.py
	$(BIN)/python benchmarks/intake/csv_file.py
	$(BIN)/python benchmarks/intake/excel.py
	$(BIN)/python benchmarks/intake/awmds.py
	$(BIN)/python benchmarks/intake/mapping.py
	$(BIN)/python benchmarks/intake/fuzz.py
	$(BENCH_BIN)/python benchmarks/intake/cuscar.py
	$(BIN)/python benchmarks/rules/fuzz.py
	$(BIN)/python benchmarks/rules/differential.py
	$(BENCH_BIN)/python benchmarks/rules/run.py
	$(BENCH_BIN)/python benchmarks/treeshap/run.py
	$(BIN)/python benchmarks/lemis/run.py
	$(BIN)/python benchmarks/kcs/run.py
	$(BIN)/python benchmarks/explanations/run.py

lock: $(STAMP)  ## renew the four locks; needs uv and a package index
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet pyproject.toml -o requirements.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --group dev pyproject.toml -o requirements-dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --group bench pyproject.toml -o requirements-bench.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --quiet --resolution lowest-direct pyproject.toml -o requirements-lowest.txt

clean:
	rm -rf $(VENV) $(VENV)-bench build dist .pytest_cache .ruff_cache .hypothesis
