"""Run the chapters with the versions that Colab has, in a venv of its own.

    python -m tools.ways.colab                       all chapters
    python -m tools.ways.colab --chapters 03,04      these
    python -m tools.ways.colab --keep DIR            work there, and leave the venv

What has to hold: installing prunelab there moves none of Colab's own packages, and every cell of a
learner's copy runs. Needs Python 3.13, as Colab has, named by --python where it is not on PATH.
"""

import shutil
import sys

from tools.ways.trial import MissingError, run_trial
from tools.ways.wheel import CHAPTERS, Inside, add, build, chosen, counts, make_venv

# As Colab had them in November 2026; Keras 3 is TensorFlow's own there.
COLAB = """\
anywidget==0.9.21
ipykernel==6.17.1
ipython==7.34.0
ipywidgets==7.7.1
matplotlib==3.10.0
numpy==2.1.3
scikit-learn==1.6.1
tensorflow==2.20.0
tf-keras==2.20.1
"""
VERSIONS = """
from importlib.metadata import version
for line in open("colab.txt"):
    name, _, wanted = line.strip().partition("==")
    assert version(name) == wanted, (name, version(name), wanted)
print("none of Colab's packages was moved")
"""


def _try(place, args):
    if shutil.which(args.python) is None:
        raise MissingError(f"there is no {args.python} here, which Colab has; name one by --python")
    wheel = build(place / "dist")
    versions = place / "colab.txt"
    versions.write_text(COLAB, encoding="utf-8")
    # First what Colab has, then what a reader adds, as the cell of docs/install.md does.
    python = make_venv(place / "venv", args.python, "-r", versions)
    add(python, f"{wheel}[tensorflow,search]", "nbval")
    inside = Inside(python, place / "home")
    home = inside.home
    shutil.copy(versions, home)
    inside.run("-c", VERSIONS)
    inside.run("-m", "prunelab", "course", "course")
    assert counts(home / "course") == (0, 0)
    wanted = chosen(home / "course", args.chapters)
    inside.nbval(home / "course", wanted)
    print(f"{len(wanted)} chapters run with Colab's versions")


if __name__ == "__main__":
    sys.exit(run_trial(_try, __doc__, python="python3.13", options={"--chapters": CHAPTERS}))
