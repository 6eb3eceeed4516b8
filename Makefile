SHELL := /bin/bash
export PATH := $(HOME)/.local/bin:$(PATH)
export QT_QPA_PLATFORM ?= offscreen
RUN := uv run --frozen

.PHONY: demo test check fuzz kills lowest bench lint docs setup

demo: setup ## Learn from ten particles and measure three micrographs (about five minutes)
	QT_QPA_PLATFORM= $(RUN) particleforge demo --out demo-out

test: setup ## All tests, types, style and import rules
	$(MAKE) lint
	QT_QPA_PLATFORM= OMP_NUM_THREADS=1 $$(command -v xvfb-run && echo -a) $(RUN) pytest -n 2 -q

check: setup ## Types, style, import rules and the fast tests (under four minutes)
	$(MAKE) lint
	QT_QPA_PLATFORM= OMP_NUM_THREADS=1 $$(command -v xvfb-run && echo -a) $(RUN) pytest -n 2 -q -m "not slow"

lowest: setup ## Tests with the lowest versions that pyproject.toml allows (downloads about 3 GB the first time)
	@bash tools/lowest.sh

fuzz: setup ## 2 000 hostile inputs, or FUZZ_INPUTS; other ones by FUZZ_SEED
	FUZZ_INPUTS=$${FUZZ_INPUTS:-2000} $(RUN) pytest -n 2 -q tests/fuzz/test_fuzz.py

kills: setup ## Fifty kills at random moments, or KILLS
	KILLS=$${KILLS:-50} OMP_NUM_THREADS=1 $(RUN) pytest -q tests/fuzz/test_kills.py

lint: setup
	$(RUN) typos
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports

bench: setup ## Speed and memory; with UTILE=PATH side by side with UTILE-Gen; see docs/benchmarks.md
	$(RUN) python benchmarks/dataset_writing.py
ifdef UTILE
	$(RUN) python benchmarks/cutpaste_vs_utile_gen.py --utile $(UTILE)
else
	@echo "Left out: cut-paste next to UTILE-Gen. It needs a checkout of that tool: make bench UTILE=PATH"
endif

docs: setup
	$(RUN) --group docs sphinx-build -W -q docs docs/_build
	@echo "Open docs/_build/index.html"

setup: ## uv, system libraries, Python packages
	@bash tools/setup.sh
