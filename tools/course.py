"""Execute the notebooks in course/ in place, ready to commit.

    python -m tools.course                  every chapter
    python -m tools.course 03 04            those whose name begins so (a path works as well)
    python -m tools.course --check          execute nothing; verify the stored ones

Each notebook runs top to bottom in a fresh kernel. What is written is what a second run would write
again: cell ids stay, timings and widget state are not recorded, metadata is reduced to what readers
need, pictures lose the name and version of the program that drew them. Two hashes are stamped into
the notebook's metadata, one of the code and one of the outputs, so that a test can tell a notebook
made here from one edited afterwards. If a cell fails, the file on disk stays as it was.

Each runs twice, on this machine's own arithmetic and on that of another family of processors (see
`tools.arithmetic`). A cell whose text differs between the two would be red on a reader's machine:
it is named with both texts, and nothing is written. It should print fewer digits, or a relation
with room.

Outputs of cells tagged `nbval-ignore-output` (durations, for example) differ in each run. While no
code cell of the notebook has changed, the stored ones are kept; `--fresh` takes the new ones.
"""

import argparse
import difflib
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from prunelab.base.files import write_atomically
from prunelab.base.terminal import any_terminal
from prunelab.course import new_reader
from tools import arithmetic
from tools.stored_form import (
    KERNELSPEC,
    ROOT,
    clean,
    code_cells,
    keep_volatile,
    problems,
    same_everywhere,
    stamp,
    texts,
)

COURSE = ROOT / "course"
ANSI_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class CourseError(Exception):
    """A notebook could not be executed or written; the message is all a writer needs."""


class Progress:
    """One line a cell that runs: chapter, cell i/n, seconds; rewritten in place on a terminal."""

    def __init__(self, name, n_cells):
        self.name, self.n_cells, self.cell = name, n_cells, 0
        self.began = self.cell_began = time.perf_counter()

    def start(self, cell, cell_index):
        self.cell, self.cell_began = cell_index + 1, time.perf_counter()
        if sys.stdout.isatty():
            print(f"\r\033[K{self.name}  cell {self.cell}/{self.n_cells} …", end="", flush=True)

    def done(self, cell, cell_index, execute_reply):
        seconds = time.perf_counter() - self.cell_began
        line = f"{self.name}  cell {self.cell}/{self.n_cells}  {seconds:.1f} s"
        tty = sys.stdout.isatty()
        print("\r\033[K" + line if tty else line, end="" if tty else "\n", flush=True)

    def finish(self, what):
        clear = "\r\033[K" if sys.stdout.isatty() else ""
        print(f"{clear}{self.name}  {what} in {time.perf_counter() - self.began:.1f} s", flush=True)


def _kernel_environment(profile, family):
    """The writer's environment without what would change a picture or run code of their own.

    What is theirs in the course stays theirs: the notebooks are executed as a new reader's.
    """
    left_out = ("MPLBACKEND", "PRUNELAB_COURSE")
    told = arithmetic.environment(family)
    env = {key: value for key, value in told.items() if key not in left_out}
    return env | {"IPYTHONDIR": profile} | new_reader(profile)


def execute(nb, folder, progress, timeout, family=arithmetic.NATIVE):
    """Run every code cell of `nb`, in place, in a fresh kernel whose working folder is `folder`.

    family: of arithmetic, see `tools.arithmetic`. Raises CourseError, naming the cell, when one
    fails, exceeds `timeout` seconds or ends the kernel.
    """
    for cell in code_cells(nb):
        cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        nb,
        kernel_name=KERNELSPEC["name"],
        timeout=timeout,
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,
        skip_cells_with_tag="",
        extra_arguments=["--log-level=ERROR"],  # no notes about transport among the progress
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=progress.start,
        on_cell_executed=progress.done,
    )
    try:
        with tempfile.TemporaryDirectory() as profile:
            client.execute(env=_kernel_environment(profile, family))
    except CellExecutionError as error:
        raise CourseError(
            f"cell {progress.cell} failed.\n{ANSI_COLOUR.sub('', str(error))}"
        ) from error
    except CellTimeoutError as error:
        raise CourseError(f"cell {progress.cell} ran longer than {timeout} s.") from error
    except DeadKernelError as error:
        raise CourseError(f"the kernel died in cell {progress.cell}.") from error


def read(path):
    """The notebook at `path`, which must be of format 4.5: cells of older ones have no ids."""
    nb = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    if (nb.nbformat, nb.nbformat_minor) != (4, 5):
        raise CourseError(
            f"its format is {nb.nbformat}.{nb.nbformat_minor}, not 4.5; "
            "open it in JupyterLab and save it once."
        )
    return nb


def two_families(say=print):
    """(this machine's own arithmetic, another); the first alone where none can be emulated."""
    taken = arithmetic.taken_up(say=lambda words: None)
    others = [name for name in taken if not arithmetic.is_native(name)]
    if not others:
        say(f"{taken[0]} arithmetic only: this machine cannot stand for another, `.ci/run` does")
    return (arithmetic.NATIVE, *others[:1])


def _compare(nb, other, families):
    """CourseError where a cell's text differs under two families, naming it with both texts."""
    found = []
    for number, (cell, again) in enumerate(zip(nb.cells, other.cells, strict=True), 1):
        if cell.cell_type != "code" or not same_everywhere(cell):
            continue
        both = [texts(each).splitlines() for each in (cell, again)]
        if both[0] != both[1]:
            lines = difflib.unified_diff(*both, *families, n=0, lineterm="")
            found.append("\n".join([f"cell {number}:", *list(lines)[:40]]))
    if found:
        raise CourseError(
            f"what is printed under {families[0]} arithmetic (-) and under {families[1]} (+) "
            "differs; print fewer digits, or a relation with room.\n" + "\n".join(found)
        )


def run(path, timeout=600, fresh=False, families=(arithmetic.NATIVE,)):
    """Execute the notebook at `path` and write it back if anything changed; True if it did.

    families: of arithmetic; what the first gives is stored, and the text of the others must agree.
    """
    before = path.read_text(encoding="utf-8")
    nb, stored = read(path), read(path)
    name = path.stem if len(families) == 1 else f"{path.stem} ({families[0]})"
    progress = Progress(name, len(nb.cells))
    execute(nb, path.parent, progress, timeout, families[0])
    clean(nb)
    for family in families[1:]:
        progress.finish("executed")
        other = read(path)
        progress = Progress(f"{path.stem} ({family})", len(nb.cells))
        execute(other, path.parent, progress, timeout, family)
        _compare(nb, clean(other), (families[0], family))
    if not fresh:
        keep_volatile(nb, stored)
    nb.metadata["prunelab"] = stamp(nb)
    nbformat.validate(nb)
    after = nbformat.writes(nb) + "\n"
    if path.read_text(encoding="utf-8") != before:
        raise CourseError("the file was edited while it ran and is left as edited; run it again.")
    if after != before:
        write_atomically(path, lambda file: file.write(after.encode("utf-8")))
    progress.finish("written" if after != before else "unchanged")
    return after != before


def find(names, folder=COURSE):
    """Paths of the notebooks meant by `names` (a path, or how a chapter begins); all for none."""
    chapters = sorted(folder.glob("[0-9][0-9]*.ipynb"))
    if not names:
        if not chapters:
            raise CourseError(f"there is no notebook in {folder.name}/")
        return chapters
    chosen = []
    for name in names:
        stem = Path(name).name.removesuffix(".ipynb")
        fits = [Path(name)] if Path(name).is_file() else []
        fits = fits or [p for p in chapters if p.stem.startswith(stem)]
        if not fits:
            known = ", ".join(p.stem for p in chapters) or "none"
            raise CourseError(f"no notebook begins with {name!r}; there are: {known}")
        chosen += [p.resolve() for p in fits if p.resolve() not in chosen]
    return chosen


def _check(paths):
    lines = []
    for path in paths:
        try:
            lines += [
                f"{path.stem}: {problem}; run `make course`" for problem in problems(read(path))
            ]
        except CourseError as error:
            lines.append(f"{path.stem}: {error}")
    print("\n".join(lines) or f"{len(paths)} notebooks are as they were executed")
    return 1 if lines else 0


def main(argv=None):
    """Entry of `python -m tools.course`; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.course", description=__doc__.split("\n")[0]
    )
    parser.add_argument(
        "names", nargs="*", help="chapters (how the name begins) or paths; default all"
    )
    parser.add_argument(
        "--check", action="store_true", help="execute nothing, verify what is stored"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="renew the outputs that always differ too"
    )
    parser.add_argument(
        "--timeout", type=int, default=600, metavar="S", help="seconds a cell may take"
    )
    args = parser.parse_args(argv)
    try:
        paths = find(args.names)
    except CourseError as error:
        print(error, file=sys.stderr)
        return 1
    if args.check:
        return _check(paths)
    try:
        families = two_families()
    except arithmetic.CannotTakeUp as error:
        print(error, file=sys.stderr)
        return 1
    failed = 0
    for path in paths:
        try:
            run(path, timeout=args.timeout, fresh=args.fresh, families=families)
        except KeyboardInterrupt:
            print(f"\n{path.stem}: stopped; the file is as it was", file=sys.stderr)
            return 130
        except (CourseError, nbformat.ValidationError) as error:
            print(f"\n{path.stem}: {error}\nThe file is as it was.", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    with any_terminal():
        sys.exit(main())
