"""Chapters that nobody sits at: papermill and `jupyter execute` on an untouched copy.

    python -m tools.ways.executed                    the chapters of the light install
    python -m tools.ways.executed --chapters 04      these

The wheel, papermill and nbclient are installed in a venv of their own. What has to hold: every cell
runs, each explorer leaves a picture, and nothing is recorded, for nobody has answered anything.
"""

import argparse
import json
import re
import sys

from tools.ways.trial import carried_out
from tools.ways.wheel import Inside, build, chosen, install

PICTURE, VIEW = "image/png", "application/vnd.jupyter.widget-view+json"
EXPLORER = re.compile(r"(\w+Explorer|Prediction|TuningBench)\(")  # as the text of one begins
RECORD = "progress.json"
ANSWER = "from prunelab.exercises.schedule_the_sparsity import q1; q1.check(0.65)"


def main(argv=None):
    """Entry of `python -m tools.ways.executed`; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", metavar="DIR", help="work there, and leave it; default: nowhere")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to install with")
    parser.add_argument("--chapters", default="", help="numbers with commas (default: the light)")
    args = parser.parse_args(argv)
    return carried_out(lambda folder: _try(folder, args.python, args.chapters), keep=args.keep)


def _try(folder, interpreter, chapters):
    packages = ["papermill", "nbclient", "ipykernel"]
    python = install(folder / "venv", interpreter, build(folder / "dist"), *packages)
    inside = Inside(python, folder / "home")
    inside.run("-m", "prunelab", "course", "course")
    course = inside.home / "course"
    before = {path.relative_to(course) for path in course.rglob("*")}
    names = chosen(course, chapters, light=not chapters)
    for name in names:
        made = inside.home / f"papermill-{name}"
        inside.run("-m", "papermill", "--no-progress-bar", name, made, cwd=course)
        look(made)
        made = inside.home / f"execute-{name}"
        inside.run("-m", "jupyter", "execute", name, f"--output={made}", cwd=course)
        look(made)
    after = {path.relative_to(course) for path in course.rglob("*")}
    new = sorted(str(path) for path in after - before if "__pycache__" not in str(path))
    assert not new, f"executing left {new[0]} in the copy"
    recorded = list(inside.home.rglob(RECORD))
    assert not recorded, f"{recorded[0]} was recorded, though nobody has answered"
    inside.run("-c", ANSWER, cwd=course)  # what is recorded would have been found
    assert list(inside.home.rglob(RECORD)), f"an answer was given, and there is no {RECORD}"
    print(f"{len(names)} chapters by papermill and by jupyter execute; nothing was recorded")


def look(path):
    """Every code cell ran without an error, and an explorer is a picture, for any viewer."""
    cells = [c for c in json.loads(path.read_text("utf-8"))["cells"] if c["cell_type"] == "code"]
    assert cells, path.name
    assert all(cell["execution_count"] for cell in cells), f"{path.name}: a cell did not run"
    outputs = [output for cell in cells for output in cell["outputs"]]
    failed = [output for output in outputs if output["output_type"] == "error"]
    assert not failed, f"{path.name}: {failed[0]['ename']}"
    shown = [o["data"] for o in outputs if "data" in o]
    explorers = [data for data in shown if EXPLORER.match("".join(data.get("text/plain", "")))]
    assert explorers, f"{path.name} holds no explorer"
    assert all(PICTURE in data for data in explorers), f"{path.name}: an explorer without a picture"
    assert not any(VIEW in data for data in shown), f"{path.name}: a view that no kernel draws"


if __name__ == "__main__":
    sys.exit(main())
