"""Run the chapters with the lowest versions that pyproject.toml allows, in a venv of its own.

    python -m tools.ways.lowest                       all chapters
    python -m tools.ways.lowest --chapters 03,04      these
    python -m tools.ways.lowest --keep DIR            work there, and leave the venv

A range in pyproject.toml is a promise to those who have older packages. What has to hold: every
exercise answers, and every cell of a learner's copy runs. Needs uv, which finds these versions.
"""

import shutil
import sys

from tools.ways.trial import MissingError, run_trial
from tools.ways.wheel import ANSWERS, CHAPTERS, Inside, build, chosen, make_venv

SHOWN = ("numpy", "scikit-learn", "ipywidgets", "anywidget", "tensorflow", "optuna")


def _try(place, args):
    if shutil.which("uv") is None:
        raise MissingError("there is no uv here, which finds the lowest versions; pip install uv")
    wanted = [f"{build(place / 'dist')}[tensorflow,search]", "nbval>=0.11"]
    python = make_venv(place / "venv", args.python, "--resolution", "lowest-direct", *wanted)
    inside = Inside(python, place / "home")
    print(", ".join(f"{name} {inside.version(name)}" for name in SHOWN))
    inside.run("-c", ANSWERS)
    inside.run("-m", "prunelab", "course", "course")
    names = chosen(inside.home / "course", args.chapters)
    inside.nbval(inside.home / "course", names)
    print(f"{len(names)} chapters run with the lowest versions")


if __name__ == "__main__":
    sys.exit(run_trial(_try, __doc__, options={"--chapters": CHAPTERS}))
