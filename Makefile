SHELL := /bin/bash
export PATH := $(HOME)/.local/bin:$(PATH)
export QT_QPA_PLATFORM ?= offscreen
RUN := uv run --frozen

.PHONY: demo test bench lint docs setup

demo: setup ## Learn from ten particles and measure three micrographs (about five minutes)
	QT_QPA_PLATFORM= $(RUN) particleforge demo --out demo-out

test: setup ## All tests, types, style and import rules
	$(MAKE) lint
	OMP_NUM_THREADS=1 $(RUN) pytest -n 2 -q

lint: setup
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) lint-imports

bench: setup ## Side by side with the peers; see docs/benchmarks.md
	$(RUN) python benchmarks/cutpaste.py
	$(RUN) python benchmarks/dataset_writing.py
	$(RUN) python benchmarks/training_speed.py

docs: setup
	$(RUN) --group docs sphinx-build -W -q docs docs/_build

setup: ## uv, system libraries, Python packages
	@bash tools/setup.sh
