# What a reader or a contributor does here, each a line that could be typed. `make` lists them.
BIN := .venv/bin
PARALLEL := -n 2 --dist loadfile

help:  ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 15

setup:  ## make .venv with the pinned packages (PYTHON=… chooses the interpreter)
	@PYTHON='$(PYTHON)' sh tools/setup.sh

lab: setup  ## open your copy of the course in JupyterLab (ARGS="--no-browser --port 8899")
	$(BIN)/prunelab lab my_course $(ARGS)

test: setup  ## the whole check, without a browser
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest $(PARALLEL) -m "not browser" --doctest-modules tests prunelab
	$(BIN)/pytest $(PARALLEL) --nbval --nbval-current-env --nbval-sanitize-with tests/nbval_sanitize.cfg course

test-portable: setup  ## what trains or grades, and the notebooks, on three kinds of arithmetic (ARGS="haswell")
	$(BIN)/python -m tools.portable $(ARGS)

browser-test: setup  ## the tests that drive JupyterLab in Chromium (skipped where there is none)
	$(BIN)/python -m tools.browser_tests $(ARGS)

wheel-test: setup  ## the wheel alone, in an empty home, without a network (ARGS=all for everything)
	$(BIN)/python -m tools.ways.wheel $(ARGS)

hub-test: setup  ## three users on a JupyterHub with nbgitpuller (skipped where the packages are missing)
	$(BIN)/python -m tools.ways.hub $(ARGS)

colab-test: setup  ## the chapters with Colab's versions, in a venv of its own (ARGS="--chapters 03")
	$(BIN)/python -m tools.ways.colab $(ARGS)

ways-test: setup  ## Notebook 7, ipywidgets 7, marimo, papermill, Binder's file (ARGS="marimo" or "lowest" for one)
	for way in $(or $(ARGS),notebook widgets7 marimo executed binder); do $(BIN)/python -m tools.ways.$$way || exit 1; done

backends-test: setup  ## the Keras 3 pruner on TensorFlow, JAX and PyTorch, in an environment of its own
	@PYTHON='$(PYTHON)' sh tools/backends.sh install
	sh tools/backends.sh test $(ARGS)

torture: setup  ## kill trainings at 200 random moments and compare what they come to (ARGS="--kills 20")
	$(BIN)/python -m tools.torture $(ARGS)

reproduce: setup  ## retrain stored runs from scratch and compare (ARGS="--help" tells more)
	$(BIN)/python -m tools.reproduce $(ARGS)

course: setup  ## execute the notebooks in place, for commit (ARGS="03" for one)
	$(BIN)/python -m tools.course $(ARGS)

slides: setup  ## turn chapters into slides that need no network (ARGS="03 --live" for working explorers)
	$(BIN)/python -m tools.slides $(ARGS)

sheets: setup  ## write the printable cheat sheets in course/sheets (ARGS="03" for one)
	$(BIN)/python -m tools.sheets $(ARGS)

picture: setup  ## draw the README's moving picture, and that of the bench (needs Chromium)
	$(BIN)/python -m tools.moving_picture
	PRUNELAB_REQUIRE_BROWSER=1 PRUNELAB_SCREENSHOTS=docs/figures $(BIN)/pytest -q -k picture_of_the_readme tests/browser/test_tuning_bench.py

bench: setup  ## measure what benchmarks/ measures
	for file in benchmarks/bench_*.py; do echo "== $$file" && $(BIN)/python "$$file" $(ARGS) || exit 1; done

classroom: setup  ## hold a class of N readers on one server and measure it (N=60 ARGS="--help")
	$(BIN)/python benchmarks/classroom.py $(if $(N),--readers $(N)) $(ARGS)

lock: setup  ## derive requirements.lock and constraints.txt from pyproject.toml (needs uv; ARGS=--upgrade)
	uv pip compile pyproject.toml --extra test --universal --generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock $(ARGS)
	$(BIN)/python -m prunelab.doctor.pins > constraints.txt

clean:  ## remove .venv and the caches
	rm -rf .venv .venv-backends build *.egg-info .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +

.PHONY: help setup lab test test-portable browser-test wheel-test hub-test colab-test ways-test backends-test torture reproduce course slides sheets picture bench classroom lock clean
