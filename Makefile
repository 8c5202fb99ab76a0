# make demo                        from nothing to a trained, proven, documented model in demo/ (or DEMO=path)
# make test                        every check of this repository
# make test VARIANT=forecasting    the tests of one variant only; takes any expression of pytest -k
# make benchmark                   time and memory of the default project, as ratios in one run
# make benchmark-variants          how many variants are verified per minute
# make benchmark-serving           throughput of the service, against other servers of the same model; its image
# make benchmark-updates           time and lost edits of updates, against Copier's own; the cost of a fleet
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Without bytecode every command would compile its imports anew; an activated environment would be taken for ours.
unexport PYTHONDONTWRITEBYTECODE VIRTUAL_ENV UV_PROJECT_ENVIRONMENT
# Holds uv and nothing else, and only where the machine has none that runs.
export PATH := $(CURDIR)/.tools/bin:$(PATH)
UV_VERSION := 0.13.8
DEMO ?= demo
WORKERS ?= 2

.PHONY: help uv demo test benchmark benchmark-variants benchmark-updates benchmark-serving

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

uv:
	@uv --version > /dev/null 2>&1 || scripts/install-uv $(UV_VERSION) "$(CURDIR)/.tools"

demo: uv
	@scripts/demo "$(DEMO)"

test: uv
	@uv sync --quiet
	@uv run --no-sync pytest --numprocesses $(WORKERS) --dist loadgroup --no-loadscope-reorder --durations 25 \
		$(if $(VARIANT),-k '$(VARIANT)')

benchmark: uv
	@uv sync --quiet
	@PYTHONPATH=tests uv run --no-sync python benchmarks/default_project.py

benchmark-variants: uv
	@uv sync --quiet
	@uv run --no-sync python benchmarks/variants.py

benchmark-updates: uv
	@uv sync --quiet
	@PYTHONPATH=tests uv run --no-sync python benchmarks/updates.py

benchmark-serving: uv
	@uv sync --quiet
	@PYTHONPATH=tests uv run --no-sync python benchmarks/serving.py
