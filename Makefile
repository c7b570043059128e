# Everything here sets itself up first; ./setup.sh tells how.
#
#   make demo              the main job, end to end, on the built-in sample site
#   make demo URL=https:…  the same for a page of your own
#   make test              the tests, with reduced repetitions
#   make prove             the tests, with the full counts
#   make bench             every benchmark; NAME=… for one
#   make lint              ruff and mypy
#   make coverage          the tests, with the lines they reach
#   make docs              write the manual's reference pages from the code
#   make lock              pin the newest packages pyproject.toml allows

.PHONY: demo test prove bench lint coverage docs lock ready
.DEFAULT_GOAL := demo

# One more than there are processors: tests wait for pages while others compute.
# `make test PROCESSES=1` one by one; `make test TESTS=tests/retention` for a part
PROCESSES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1)
TESTS ?=
# bytecode is kept: else each process that a test starts would compile the product again
PYTEST = env -u PYTHONDONTWRITEBYTECODE .venv/bin/pytest -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

ready:
	@./setup.sh

demo: ready
	@.venv/bin/archiver demo $(if $(URL),--url '$(URL)')

test: ready
	@$(PYTEST) $(TESTS)

prove: ready
	@ARCHIVER_PROVE=1 $(PYTEST) --timeout 3600 $(TESTS)

bench: ready
	@.venv/bin/python -m bench $(NAME)

lint: ready
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

coverage: ready
	@$(PYTEST) --cov --cov-report term-missing:skip-covered $(TESTS)

docs: ready
	@.venv/bin/python -m archiver.manual docs

lock:
	@./lock.sh
