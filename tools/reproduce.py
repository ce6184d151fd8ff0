"""Retrain stored runs from scratch and compare: `make reproduce`.

    python -m tools.reproduce …             tfmot's runs: what `prunelab reproduce` does
    python -m tools.reproduce keras3 …      those of the pruner for Keras 3, on three backends

The second needs `.venv-backends`, which is made if it is missing: it holds JAX and PyTorch, and
`make setup` does not install them. Its options are those of `tools.keras3_runs`.
"""

import subprocess
import sys

from prunelab.commands.cli import main as prunelab
from tools.stored_form import ROOT

KERAS3 = "keras3"
BACKENDS = ROOT / ".venv-backends" / "bin" / "python"
HELP = f"""
{KERAS3} in place of CONFIG retrains the stored runs of the Keras 3 pruner, on TensorFlow, JAX and
PyTorch, in .venv-backends, which is made if it is missing (3 GB). The 30 runs take about an hour
and a half on one core; stopped, the same command goes on where it was. `{KERAS3} --backends jax`,
`--configs article` and `--seeds 0` choose among them; `{KERAS3} --help` lists all options.
"""


def main(argv):
    """Run what `argv` asks for; its exit code."""
    if KERAS3 in argv:
        return keras3([word for word in argv if word != KERAS3])
    try:
        return prunelab(["reproduce", *argv])
    finally:
        if {"-h", "--help"} & set(argv):
            print(HELP)


def keras3(options):
    """Retrain the stored Keras 3 runs in the environment that has the backends."""
    if {"-h", "--help"} & set(options):
        return _run(sys.executable, "-m", "tools.keras3_runs", *options)
    made = _run("sh", "tools/backends.sh", "install")
    return made or _run(str(BACKENDS), "-m", "tools.keras3_runs", "--again", *options)


def _run(*command):
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
