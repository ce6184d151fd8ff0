"""What Binder builds: repo2docker reads a clone and writes its recipe, without building the image.

    python -m tools.ways.binder          in a temporary folder, removed afterwards

`jupyter-repo2docker --no-build` is installed in a venv of its own and given a fresh clone of what
is committed here. What has to hold: it takes environment.yml (and no other file that it knows),
with the Python that file names, and the whole clone is there when its pip section is installed,
which reads constraints.txt and the package itself.
"""

import re
import subprocess
import sys

import yaml

from tools.ways.trial import run_trial
from tools.ways.wheel import ROOT, make_venv, run


def _try(folder, args):
    python = make_venv(folder / "venv", args.python, "jupyter-repo2docker", "setuptools")
    run(["git", "clone", "--quiet", "--depth", "1", f"file://{ROOT}", folder / "clone"])
    line = [python.parent / "jupyter-repo2docker", "--no-build", "--debug", folder / "clone"]
    done = subprocess.run([str(word) for word in line], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr.strip().splitlines()[-1]
    print("repo2docker:", recipe(done.stdout + done.stderr, (ROOT / "environment.yml").read_text()))


def recipe(said, environment):
    """What the recipe does, in a sentence. Raises AssertionError where that is not what we need."""
    wanted = next(
        line.removeprefix("python=")
        for line in yaml.safe_load(environment)["dependencies"]
        if isinstance(line, str) and line.startswith("python=")
    )
    update = re.search(r'env update .*(?:-f|--file) "?([\w./]+)"?', said)
    assert update, "environment.yml is not read"
    assert update[1].endswith("environment.yml"), update[1]
    copied = re.search(r"^COPY .*src/ \$\{?REPO_DIR\}?/?$", said, re.M)
    assert copied, "the clone is not copied into the image"
    assert copied.start() < update.start(), "the clone comes after what its environment.yml needs"
    assert f"environment for python={wanted}\n" in said, f"the Python is not {wanted}"
    return f"environment.yml, Python {wanted}, the clone copied before it is read"


if __name__ == "__main__":
    sys.exit(run_trial(_try, __doc__))
