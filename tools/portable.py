"""What trains or grades, and every notebook, under each family of arithmetic.

    python -m tools.portable               all families that this machine can take up
    python -m tools.portable nehalem       one of them
    python -m tools.portable --after-test  all but the machine's own, which `make test` has run

A digit that is printed, and a verdict, hold on any processor, or they are not to be compared. Each
family is taken up as `tools.arithmetic` says, and its settings are checked first.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from prunelab.base.terminal import any_terminal
from tools import arithmetic

ROOT = Path(__file__).resolve().parents[1]
# The notebooks first: they take longest, and are dealt out whole to two workers.
WHAT = (
    "course",
    "tests/exercises",
    "tests/grading/test_grade.py",
    "tests/networks/test_live.py",
    "tests/networks/test_models.py",
    "tests/plans/test_baselines.py",
    "tests/masks/test_losses.py",
    "tests/networks/test_experiment.py",
    "tests/footprint/test_store.py",
)
NBVAL = ("--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval_sanitize.cfg")
PARALLEL = ("-n", "2", "--dist", "loadfile")


def command(what=WHAT):
    """The one call of pytest that runs all of it."""
    return [sys.executable, "-m", "pytest", "-q", *PARALLEL, *NBVAL, *what]


def run(names, what=WHAT, say=print):
    """Run it under each family; the names of those in which something failed."""
    failed = []
    for name in names:
        say(f"=== {name}", flush=True)
        began = time.monotonic()
        done = subprocess.run(command(what), cwd=ROOT, env=arithmetic.environment(name))
        outcome = "passed" if done.returncode == 0 else f"FAILED (exit code {done.returncode})"
        say(f"=== {name}: {outcome}, {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
        if done.returncode:
            failed.append(name)
    return failed


def chosen(taken, after_test, say=print):
    """Which of the families in `taken` are to be run; what is left out is said."""
    own = [name for name in taken if after_test and arithmetic.is_native(name)]
    for name in own:
        say(f"{name}: this machine's own arithmetic, in which `make test` ran")
    return [name for name in taken if name not in own]


@any_terminal()
def main(argv=None):
    """Entry of `python -m tools.portable`; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.portable", description=__doc__.split("\n")[0]
    )
    parser.add_argument("names", nargs="*", metavar="FAMILY", help=", ".join(arithmetic.FAMILIES))
    parser.add_argument("--after-test", action="store_true", help="leave out the machine's own")
    args = parser.parse_args(argv)
    unknown = [name for name in args.names if name not in arithmetic.FAMILIES]
    if unknown:
        parser.error(f"{unknown[0]!r} is no family; there are {', '.join(arithmetic.FAMILIES)}")
    try:
        taken = arithmetic.taken_up(onednn=True)
    except arithmetic.CannotTakeUp as reason:
        print(reason, file=sys.stderr)
        return 1
    missing = [name for name in args.names if name not in taken]
    if missing:
        print(f"{', '.join(missing)}: not on this machine, so nothing was run", file=sys.stderr)
        return 1
    failed = run(chosen(args.names or taken, args.after_test))
    if failed:
        print(f"failed under {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
