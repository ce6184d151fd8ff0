"""Install environment.yml's pip section in a fresh venv, as conda would, and see that it works.

    python -m tools.ways.environment         in a temporary folder, removed afterwards

conda and Binder write the pip section to a file beside environment.yml and hand it to pip. So do
we; what cannot be tried without conda is conda's own part, `python` and `pip`.
"""

import os
import signal
import subprocess
import sys
import tempfile

import yaml

from tools.ways.trial import run_trial
from tools.ways.wheel import ROOT, make_venv, run

IMPORTS = "import prunelab, tensorflow, tensorflow_model_optimization, jupyterlab"


def pip_section(text):
    """The lines of the pip section of an environment.yml. Raises ValueError if there is none."""
    sections = [
        entry["pip"]
        for entry in yaml.safe_load(text)["dependencies"]
        if isinstance(entry, dict) and entry.get("pip")
    ]
    if len(sections) != 1:
        raise ValueError(f"environment.yml has {len(sections)} pip sections: write exactly one")
    return sections[0]


def _try(folder, args):
    lines = pip_section((ROOT / "environment.yml").read_text(encoding="utf-8"))
    with tempfile.NamedTemporaryFile(
        "w", dir=ROOT, prefix="condaenv.", suffix=".requirements.txt", encoding="utf-8"
    ) as requirements:
        requirements.write("".join(f"{line}\n" for line in lines))
        requirements.flush()
        python = make_venv(folder / "venv", args.python, "-r", requirements.name)
    # Errors are shown in full; what TensorFlow says on the way to success is not.
    quiet = {**os.environ, "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([python, "-c", IMPORTS], env=quiet, check=True)
    run([python, "-m", "prunelab", "doctor"])


if __name__ == "__main__":
    # So that a stop, too, ends pip and removes the folder.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(run_trial(_try, __doc__))
