"""`prunelab course` and `prunelab lab`: a copy of the course for oneself, and JupyterLab on it."""

import os
import subprocess
import sys
from pathlib import Path

from prunelab.course import copies, needs, places

WHERE = f"default: this folder where it is a copy already, else {copies.DEFAULT} in it"

DEFAULTS = Path(__file__).parent / "jupyter"  # JupyterLab's settings where nobody has set them


def add_course_arguments(parser):
    """The options of `prunelab course`."""
    parser.add_argument("folder", nargs="?", metavar="DIR", help=f"where ({WHERE})")
    parser.add_argument("--reset", metavar="NN", help="a chapter to begin afresh; yours is kept")
    parser.add_argument(
        "--for-class", action="store_true", help="a copy to hand out, in which solutions stay away"
    )
    parser.epilog = (
        "Nothing of yours is overwritten: given again, the command brings in what is new, and "
        "leaves every file that you have changed as it is."
    )


def add_lab_arguments(parser):
    """The options of `prunelab lab`; `more`, the arguments after them, is passed to JupyterLab."""
    parser.add_argument("folder", nargs="?", metavar="DIR", help=f"your copy ({WHERE})")
    parser.add_argument(
        "--reference", action="store_true", help="the chapters with all outputs and solutions"
    )
    parser.epilog = "What follows is handed to JupyterLab: prunelab lab --no-browser --port 8899"


def course_command(args):
    """Make the copy, or update it; exit code 0."""
    folder = _folder(args.folder)
    done = copies.make(folder, for_class=args.for_class, reset=args.reset)
    print(f"{done}\nOpen it: prunelab lab {copies.typed(folder)}")
    return 0


def lab_command(args):
    """Open JupyterLab at the first page of a copy, made if missing; JupyterLab's exit code."""
    needs("lab")
    if args.reference:
        if args.folder is not None:
            raise ValueError(f"folder={args.folder}: --reference opens no copy; leave one out")
        folder = places.BESIDE
    else:
        folder = _folder(args.folder)
        print(copies.make(folder), file=sys.stderr)
    return _run(lab_line(folder, args.more), lab_environment())


def lab_line(folder, more=()):
    """The command, as a list of words, that starts JupyterLab in `folder`."""
    line = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={Path(folder).resolve()}"]
    line.append(f"--LabApp.default_url=/lab/tree/{places.FIRST_PAGE}")
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # Jupyter refuses root otherwise
        line.append("--allow-root")
    return [*line, *more]


def lab_environment():
    """JupyterLab's environment: one heap, explorers without a still picture, defaults of ours.

    glibc gives each thread a heap and does not return its memory, 80 MB in the last chapter. A
    still picture takes 0.2 to 0.4 s, and is not needed since JupyterLab shows the explorer itself.
    JupyterLab asks each new user about news, in a box over the first explorer; our default answers
    no, and a reader who has set it otherwise keeps that.
    """
    given = os.environ.get("JUPYTER_CONFIG_PATH")
    paths = [*([given] if given else []), str(DEFAULTS)]
    mine = {"MALLOC_ARENA_MAX": "1", "PRUNELAB_PAGE_DRAWS": "1"}
    return {**mine, **os.environ, "JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}


def _run(line, environment):
    if os.name == "posix":  # replaces this process, so that signals reach JupyterLab
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(line[0], line, environment)
    return subprocess.run(line, env=environment, check=False).returncode


def _folder(named):
    if named is not None:
        return Path(named)
    here = Path()
    return here if copies.is_copy(here) else here / copies.DEFAULT
