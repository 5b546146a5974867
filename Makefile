# Everything runs in .venv, which these targets make. See README.md for the same lines without make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STUDY ?= demo-study
READY := $(VENV)/.ready

.PHONY: demo test lint format models lock audit licences notebook docs bench clean help

help:
	@echo "make demo   the main job on sample_data: audio to listening measures, on a fresh machine"
	@echo "make test   the tests"
	@echo "make notebook   JupyterLab on the notebooks with the demonstration study, or STUDY=FOLDER"
	@echo "make docs   the documentation as a site, in build/site"
	@echo "make lint   ruff, codespell and mypy"
	@echo "make format   let ruff format the code"
	@echo "make bench   this chain beside its peers: time, memory, errors; hours, and 7 GB in build/bench"
	@echo "make audit   known weaknesses of the locked packages; asks the network"
	@echo "make licences   the licence of every package"
	@echo "make lock   resolve requirements.lock again after pyproject.toml changed"

demo: $(READY)
	@$(BIN)/toolkit demo

test: $(READY)
	@$(BIN)/toolkit models fetch
	$(BIN)/python -m pytest

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

models: $(READY)
	$(BIN)/toolkit models fetch

notebook: $(READY)
	@test -d $(STUDY) || $(BIN)/toolkit demo --study $(STUDY)
	@$(BIN)/toolkit lab $(STUDY)

docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: $(READY)
	@$(BIN)/toolkit models fetch
	$(BIN)/python pipelines/benchmark.py --sample sample_data --data ../shared/data --work build/bench --output docs/benchmark.md

$(READY): requirements.lock pyproject.toml
	@sh pipelines/setup.sh $(PYTHON) $(VENV)
	@touch $(READY)

lock:
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --extra dev --extra lab --extra cluster --extra privacy --extra docs \
	  --no-annotate --no-header --no-emit-index-url pyproject.toml -o requirements.lock

audit: $(READY)
	$(BIN)/python -m pip install --quiet pip-audit
	$(BIN)/pip-audit --strict --requirement requirements.lock --require-hashes --disable-pip

licences: $(READY)
	@$(BIN)/python pipelines/licences.py

clean:
	rm -rf $(VENV) demo-study
