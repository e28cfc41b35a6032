# make demo: the main job, shown on the sandbox.   make test: every test that needs no real cluster.
# Both set up .venv first; all they need is git, make and Python >= 3.10.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Compiled modules are part of what users run, and of how fast the tests are. pip compiles on one core, and thousands of
# files of `kubernetes` that nobody imports: what is used is compiled by all cores instead, the rest when it is imported.
unexport PYTHONDONTWRITEBYTECODE
# which Kubernetes the real cluster is of; without it the newest of tests/real/cluster/kubernetes/versions
KUBE ?=
export KUBE

.PHONY: demo test test-core test-commands test-faults test-load fuzz test-real test-real-oldest test-package record cluster cluster-down check format bench dist clean

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip --quiet install --no-compile --upgrade "pip>=25.1"
	$(BIN)/python -m pip --quiet install --no-compile --editable . --group test
	$(BIN)/python -m compileall -q -j 0 -x '/(kubernetes|aiohttp|pydantic|pygments|pip)/' $(VENV)/lib
	touch $@

# what checks and builds, for `make check`, `format` and `dist`: the tests do without
$(VENV)/.tools: $(VENV)/.ready
	$(BIN)/python -m pip --quiet install --group lint --group dist
	touch $@

demo: $(VENV)/.ready
	@$(BIN)/python tools/demo.py

# The core in two processes beside the commands in five: half of those wait for the sandbox, and each process would collect
# the core's many small tests for itself. Each part notes what failed for itself; where it passed, AGAIN has nothing to do.
test: $(VENV)/.ready
	@$(MAKE) --no-print-directory -j 2 test-core test-commands

test-core: $(VENV)/.ready
	@mkdir -p .pytest_cache/core
	@($(call part,core,-n 2 tests/unit tests/cluster tests/fuzz)) > .pytest_cache/core/log 2>&1; \
	code=$$?; cat .pytest_cache/core/log; exit $$code

test-commands: $(VENV)/.ready
	@$(call part,commands,-n 5 --dist worksteal tests/both tests/sandbox tests/field tests/faults)

part = passed=.pytest_cache/$(1)/passed; [ -n "$(AGAIN)" ] && [ -e $$passed ] && exit 0; rm -f $$passed; \
	$(BIN)/python -m pytest -q -o cache_dir=.pytest_cache/$(1) $(AGAIN) $(2) && touch $$passed

# the wheel, the sdist, the krew archive with its bill of materials, and the manifest with its checksum
dist: $(VENV)/.tools
	$(BIN)/python tools/dist.py
	$(BIN)/python krew/bundle.py
	$(BIN)/python krew/sbom.py
	$(BIN)/python krew/render.py

# each fault of tests/faults under each command, each limit at its full size, a kill at each request, the faults that a
# review found (tests/review), all that waits for long; UPDATE=1 writes down what is meant to be
WHOLE := tests/review tests/faults tests/cluster tests/unit tests/sandbox tests/field tests/both
test-faults: $(VENV)/.ready
	$(if $(UPDATE),$(BIN)/python -m tests.faults.gather,$(BIN)/python -m pytest -q -n 5 --dist worksteal -m "whole and not load" $(AGAIN) $(WHOLE))

# a hundred processes at once against one API server
test-load: $(VENV)/.ready
	$(BIN)/python -m pytest -q -s --timeout 600 -m load tests/faults

# coverage-guided fuzzing of the parsers, the edit, the kubeconfig, the exec frames and the patches: SECONDS in all
SECONDS ?= 600
fuzz: $(VENV)/.ready
	$(BIN)/python -m pip install --quiet --group fuzz
	$(BIN)/python tests/fuzz/run.py $(SECONDS)

# what is built, installed as users do; the network is needed for the packages that are not cached yet
test-package: dist
	sh tests/package/tools.sh
	$(BIN)/python -m pip --quiet install --group package
	$(BIN)/python -m pytest -q --timeout 300 $(AGAIN) tests/package

# A real cluster: the project's own, started where it is not (needs root; see tests/real/cluster/README.md), of the newest
# Kubernetes or of KUBE=1.20.2; or the one that KUBECONFIG_REAL names. Not shuffled: a rollout is most of the time, so a
# test goes on where the last one stopped.
test-real: $(VENV)/.ready
	$(BIN)/python -m pytest -q -p tests.real.plugin -p no:randomly --durations=10 $(AGAIN) tests/both tests/real

# what depends on the release, on the oldest one
test-real-oldest: $(VENV)/.ready
	KUBE=$$(awk '/^[0-9]/ {oldest = $$1} END {print oldest}' tests/real/cluster/kubernetes/versions) \
	$(BIN)/python -m pytest -q -p tests.real.plugin -p no:randomly --durations=10 -m "until or differs" $(AGAIN) tests/both tests/real

cluster:
	@tests/real/cluster/cluster up

cluster-down:
	@tests/real/cluster/cluster down

record: $(VENV)/.ready cluster
	$(BIN)/python tests/real/record.py
	$(BIN)/python tests/real/record_node.py
	$(BIN)/python tests/real/judge.py

check: $(VENV)/.tools
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell kubectl_ipvs tests tools benchmarks krew docs README.md CHANGELOG.md SECURITY.md plugin.yaml
	$(BIN)/python tools/generated.py --check
	$(BIN)/python krew/render.py --check
	$(BIN)/python tools/docs.py --check

format: $(VENV)/.tools
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/python tools/generated.py
	$(BIN)/python tools/docs.py

# what it costs, on the sandbox and on a real API server with stub kubelets; ROWS="startup rollout": these rows alone
bench: $(VENV)/.ready
	$(BIN)/python -m pip --quiet install --group bench
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python benchmarks/all.py $(ROWS)

clean:
	rm -rf $(VENV) dist build .hypothesis .pytest_cache .mypy_cache .ruff_cache
