.DEFAULT_GOAL := help
# Goals are steps, also where MAKEFLAGS says -j.
.NOTPARALLEL:

# uv from the PATH where it runs, else the one that `setup` puts into .uv/ (pinned, with hashes).
FOUND := $(shell uv --version >/dev/null 2>&1 && command -v uv)
UV := $(or $(FOUND),$(CURDIR)/.uv/bin/uv)
# What leads uv, pip, Python or pytest elsewhere, such as an environment that is active. Indexes and caches stay.
unexport VIRTUAL_ENV $(filter CONDA_% PYTHON% PYTEST_%,$(.VARIABLES))
unexport UV_SYSTEM_PYTHON UV_PYTHON UV_PROJECT UV_PROJECT_ENVIRONMENT UV_WORKING_DIR UV_WORKING_DIRECTORY UV_VENV_CLEAR UV_CUSTOM_COMPILE_COMMAND
unexport PIP_PYTHON
export PIP_USER := 0
# One line, so that what failed or was interrupted is never taken for done, not even by `make -i`.
INSTALL = "$(UV)" venv --quiet --allow-existing --python 3.13 $(@D) && "$(UV)" pip sync --quiet --require-hashes --python $(@D) $< && touch $@
# Into .uv, whatever a pip.conf says.
HERE = --target= --root=/ --prefix="$(CURDIR)/.uv"
# Its command stands in what it writes, in the form that Renovate reads.
COMPILE = "$(UV)" pip compile --quiet $(MOVE) --universal --python-version=3.13 --generate-hashes
# Rendered projects use the same uv.
export PATH := $(shell dirname "$(UV)"):$(PATH)
PYTHON := .venv/bin/python
# A process runs all tests of a file, since these share what they set up.
PYTEST := $(PYTHON) -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder
TARGET ?= lambda
VERSIONING ?= path
COMMIT ?= HEAD

.PHONY: help
help:  ## list these targets
	@awk -F ':.*## +' '/^[a-z-]+:.*## / {printf "  %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: setup
setup: .venv/installed .ministack/installed .moto/installed .checkov/installed  ## make .venv and the others beside it, with the locked dependencies

.venv/installed: requirements/dev.txt | $(if $(FOUND),,.uv/installed)
	$(INSTALL)

# The emulator of AWS runs the handlers too, so its Python is theirs.
.ministack/installed: requirements/ministack.txt | $(if $(FOUND),,.uv/installed)
	$(INSTALL)

.moto/installed: requirements/moto.txt | $(if $(FOUND),,.uv/installed)
	$(INSTALL)

.checkov/installed: requirements/checkov.txt | $(if $(FOUND),,.uv/installed)
	$(INSTALL)

.uv/installed: requirements/uv.txt
	python3 -m venv --clear .uv && .uv/bin/pip install --quiet --disable-pip-version-check --require-hashes $(HERE) -r $< && touch $@

.PHONY: demo
demo: .venv/installed .ministack/installed  ## render a project, train, test, serve, deploy to an emulated AWS, ask
	@$(PYTHON) -m tests.demo

.PHONY: test
test: .venv/installed .ministack/installed .moto/installed .checkov/installed  ## run the tests, those of the rendered projects too
	$(PYTEST)

.PHONY: mutants
mutants: .venv/installed  ## break the template in each way of tests/mutants, see the test that fails; SUBJECT=batching, SUBJECT=changed
	$(PYTHON) -m tests.mutate $(SUBJECT)

# What `.ci/run` has no time for: all mutants, then all tests, those marked `full` too.
.PHONY: full
full: setup  ## run every mutant, and every test at its full size: before a change is done
	$(PYTHON) -m tests.mutate verify
	$(PYTEST) --full

.PHONY: try
try: .venv/installed  ## render a project to look at and to run: TARGET=helm VERSIONING=host
	@$(PYTHON) -m tests.trial $(TARGET) $(VERSIONING)

.PHONY: where
where: .venv/installed  ## list the base or layers in which a project's file stands: FILE=infra/scheme.py
	@$(PYTHON) -m tests.where $(FILE)

.PHONY: compare
compare: .venv/installed  ## show what projects deploy differently since a commit: COMMIT=HEAD~1
	@$(PYTHON) -m tests.compare $(COMMIT)

.PHONY: bench
bench: .venv/installed  ## measure: the table in the README, and the inference server
	$(PYTHON) -m benchmarks
	$(PYTHON) -m benchmarks.server

.PHONY: bench-peers
bench-peers: .venv/installed  ## measure the inference server beside LitServe, BentoML, MLServer, KServe and mosec
	$(PYTHON) -m benchmarks.peers

.PHONY: generated
generated: .venv/installed  ## write anew what is made from the template: contract, trees
	$(PYTHON) -m tests.generated

.PHONY: lock
lock: .venv/installed  ## lock what pyproject.toml now asks for, of the template and of what it renders; the rest stays as it is
	$(COMPILE) --group=dev pyproject.toml --output-file=requirements/dev.txt
	$(COMPILE) --group=ministack pyproject.toml --output-file=requirements/ministack.txt
	$(COMPILE) --group=moto pyproject.toml --output-file=requirements/moto.txt
	$(COMPILE) --group=checkov pyproject.toml --output-file=requirements/checkov.txt
	echo uv | $(COMPILE) - --output-file=requirements/uv.txt
	$(PYTHON) -m tests.generated $(if $(MOVE),upgrade,lock)

.PHONY: upgrade
upgrade: MOVE = $(or $(PACKAGE:%=--upgrade-package=%),--upgrade)
upgrade: lock  ## lock the newest of everything that is allowed, or of PACKAGE="numpy onnx"

.PHONY: clean
clean:  ## delete everything that make made, .venv too
	rm -rf .venv .ministack .moto .checkov .uv .prometheus .peers .demo .try .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
