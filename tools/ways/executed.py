"""Chapters that nobody sits at: papermill and `jupyter execute` on an untouched copy.

    python -m tools.ways.executed                    the chapters of the light install
    python -m tools.ways.executed --chapters 04      these

The wheel, papermill and nbclient are installed in a venv of their own. What has to hold: every cell
runs, each explorer leaves a picture, and nothing is recorded, for nobody has answered anything.
"""

import json
import re
import sys

from tools.ways.trial import run_trial
from tools.ways.wheel import CHAPTERS, Inside, build, chosen, install

PICTURE, VIEW = "image/png", "application/vnd.jupyter.widget-view+json"
EXPLORER = re.compile(r"(\w+Explorer|Prediction|TuningBench)\(")  # as the text of one begins
RECORD = "progress.json"
ANSWER = "from prunelab.exercises.schedule_the_sparsity import q1; q1.check(0.65)"


def _try(folder, args):
    packages = ["papermill", "nbclient", "ipykernel"]
    python = install(folder / "venv", args.python, build(folder / "dist"), *packages)
    inside = Inside(python, folder / "home")
    inside.run("-m", "prunelab", "course", "course")
    course = inside.home / "course"
    before = {path.relative_to(course) for path in course.rglob("*")}
    names = chosen(course, args.chapters, light=not args.chapters)
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
    sys.exit(run_trial(_try, __doc__, options={"--chapters": CHAPTERS}))
