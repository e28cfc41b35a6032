# make demo: the main job, shown on the sandbox.   make test: every test that needs no real cluster.
# Both set up .venv first; all they need is git, make and Python >= 3.10.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test check format bench clean

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip --quiet install --upgrade "pip>=25.1"
	$(BIN)/python -m pip --quiet install --editable . --group dev
	touch $@

demo: $(VENV)/.ready
	@$(BIN)/python tools/demo.py

test: $(VENV)/.ready
	$(BIN)/python -m pytest -q

check: $(VENV)/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell kubectl_ipvs tests tools benchmarks docs README.md CHANGELOG.md
	$(BIN)/python tools/docs.py --check

format: $(VENV)/.ready
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/docs.py

bench: $(VENV)/.ready
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python benchmarks/all.py

clean:
	rm -rf $(VENV) dist build .hypothesis .pytest_cache .mypy_cache .ruff_cache
