"""Run the chapters with the versions that Colab has, in a venv of its own.

    python -m tools.ways.colab                       all chapters
    python -m tools.ways.colab --chapters 03,04      these
    python -m tools.ways.colab --keep DIR            work there, and leave the venv

What has to hold: installing prunelab there moves none of Colab's own packages, and every cell of a
learner's copy runs. Needs Python 3.13, as Colab has, named by --python where it is not on PATH.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.ways.wheel import Inside, build, counts

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


def main(argv=None):
    """Entry of `python -m tools.ways.colab`; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default="python3.13", help="(default: python3.13)")
    parser.add_argument("--keep", metavar="DIR", help="work there, and leave it; default: nowhere")
    parser.add_argument("--chapters", default="", help="numbers with commas (default: all)")
    args = parser.parse_args(argv)
    if shutil.which(args.python) is None:
        print(f"skipped: there is no {args.python} here, which Colab has; name one by --python")
        return 0
    with tempfile.TemporaryDirectory(prefix="prunelab-colab-") as place:
        try:
            _try(Path(args.keep or place).resolve(), args.python, args.chapters)
        except (subprocess.SubprocessError, AssertionError, OSError) as error:
            print(f"FAILED: {error}", file=sys.stderr)
            return 1
    return 0


def _try(place, interpreter, chapters):
    place.mkdir(parents=True, exist_ok=True)
    wheel = build(place / "dist")
    home = place / "home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    (home / "colab.txt").write_text(COLAB, encoding="utf-8")
    python = place / "venv" / "bin" / "python"
    if shutil.which("uv"):
        venv = ["uv", "venv", "--quiet", "--clear", "--python", interpreter, place / "venv"]
        pip = ["uv", "pip", "install", "--quiet", "--python", python]
    else:
        venv = [interpreter, "-m", "venv", "--clear", place / "venv"]
        pip = [python, "-m", "pip", "install", "--quiet"]
    # First what Colab has, then what a reader adds, as the cell of docs/install.md does.
    for words in (venv, [*pip, "-r", home / "colab.txt"],
                  [*pip, f"{wheel}[tensorflow,search]", "nbval"]):  # fmt: skip
        print("$", *words, flush=True)
        subprocess.run([str(word) for word in words], check=True)
    inside = Inside(python, home)
    inside.run("-c", VERSIONS)
    inside.run("-m", "prunelab", "course", "course")
    assert counts(home / "course") == (0, 0)
    names = [path.name for path in sorted((home / "course").glob("*.ipynb"))]
    wanted = [name for name in names if not chapters or name[:2] in chapters.split(",")]
    assert wanted, "no chapter was chosen"
    inside.nbval(home / "course", wanted)
    print(f"{len(wanted)} chapters run with Colab's versions")


if __name__ == "__main__":
    sys.exit(main())
