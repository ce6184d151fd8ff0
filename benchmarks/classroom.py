"""A class on one server: N readers with a kernel each work through real chapters, at once.

    make classroom N=60                              the chapters without TensorFlow, one by one
    make classroom N=40 ARGS="--chapters 06"         another chapter, by the number of its file
    make classroom N=2 ARGS="--think 0.2 --arrive 1" a hurried pair
    make classroom ARGS=--table                      the stored rows, as the teaching guide has them

One Jupyter server, as `make lab` starts it, listens on this machine only. Every reader is a client
of its REST and websocket interface, with a copy of the course and a kernel of their own; the pace
is described in `classroom_reader.py`. All kernels stay until the last reader has finished. The
readers take their share of the same processor: it is printed.

Printed for each chapter: errors; seconds from the click on the notebook to its first explorer, of
waiting alone, thinking left out; seconds that an explorer's change takes until the kernel has
answered; memory of a kernel, private and as its share of all (PSS), and of the server; the most
that all of it took. With --json, rows are put into a file, in place of those of the same chapter
and number of readers.
"""

import argparse
import asyncio
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from classroom_kernel import Server
from classroom_memory import Watch
from classroom_reader import Pace, Reader
from classroom_table import lines, markdown, put, row, stored
from tornado.httpclient import AsyncHTTPClient

from tests.browser.lab import TOKEN, start_lab, stop_lab

ROOT = Path(__file__).resolve().parent.parent
COURSE = ROOT / "course"
THEIRS = shutil.ignore_patterns("mine", "live", "progress")  # of whoever holds the class
MEASURED = Path(__file__).resolve().parent / "measured" / "classroom.json"
WITHOUT_TENSORFLOW = ("00", "01", "02", "04", "06")


def chapters_named(beginnings):
    """File names of the chapters that begin so; ValueError for a beginning of none or several."""
    names = []
    for beginning in beginnings:
        found = sorted(path.name for path in COURSE.glob(f"{beginning}*.ipynb"))
        if len(found) != 1:
            raise ValueError(f"--chapters {beginning}: {len(found)} chapters begin so; name one")
        names += found
    return names


async def a_class(server, watch, readers, chapter, pace):
    """All readers work through one chapter; their records, in the order of their numbers."""
    together = asyncio.Barrier(len(readers))

    async def finished(record):
        if record.kernel:
            watch.look_at(record.kernel)
        await together.wait()  # nobody's kernel goes before the last reader has finished

    async with asyncio.TaskGroup() as group:
        looking = group.create_task(watch.run())
        tasks = [group.create_task(one.read(chapter, on_done=finished)) for one in readers]
        await asyncio.wait(tasks)
        looking.cancel()
    return [task.result() for task in tasks]


async def measure(address, pid, root, arguments, report):
    """Hold the class, chapter by chapter; hands each row to `report`."""
    AsyncHTTPClient.configure(None, max_clients=10 * arguments.readers)
    server = Server(address, TOKEN)
    pace = Pace(arguments.arrive, arguments.think, arguments.moves)
    readers = []
    for number in range(arguments.readers):
        shutil.copytree(COURSE, root / f"reader_{number:02}", ignore=THEIRS)
        readers.append(Reader(server, f"reader_{number:02}", number, pace, arguments.seed))
    for chapter in arguments.chapters:
        watch = Watch(pid)
        watch.look()
        before, began = watch.server.pss, time.monotonic()
        own = _processor_seconds()
        async with asyncio.timeout(60 * arguments.minutes):
            records = await a_class(server, watch, readers, chapter, pace)
        taken = time.monotonic() - began
        await report(row(records, watch, before, taken, (_processor_seconds() - own) / taken, pace))


def _processor_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def stop(server):
    """Stop the server, and every process below it that is still there."""
    try:
        below = psutil.Process(server.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        below = []
    stop_lab(server)
    _, alive = psutil.wait_procs(below, timeout=10)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=10)


def hold(arguments):
    """Start a server, hold the class on it, stop it whatever happens; the rows."""
    rows = []

    async def report(found):
        rows.append(found)
        print("\n".join(lines(found)), flush=True)
        if arguments.json:
            put(arguments.json, found)

    # Relative, so that what every reader keeps lies in their own folder, as at home.
    at_home = patch.dict(os.environ, PRUNELAB_PROGRESS="progress", PRUNELAB_RUNS="runs")
    with at_home, tempfile.TemporaryDirectory(prefix="classroom-") as folder:
        server, address, root = start_lab(Path(folder))
        try:
            asyncio.run(measure(address, server.pid, root, arguments, report))
        finally:
            stop(server)
    return rows


def parsed(words=None):
    """The arguments, checked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--readers", type=int, default=4, help="how many at once (default: 4)")
    parser.add_argument("--chapters", nargs="+", default=WITHOUT_TENSORFLOW, metavar="NN")
    parser.add_argument("--arrive", type=float, default=60, help="seconds (default: 60)")
    parser.add_argument("--think", type=float, default=4, help="before a cell (default: 4 s)")
    parser.add_argument("--moves", type=int, default=5, help="of each explorer (default: 5)")
    parser.add_argument("--seed", type=int, default=0, help="of the pace (default: 0)")
    parser.add_argument("--minutes", type=float, default=15, help="a chapter at most (default: 15)")
    parser.add_argument("--json", type=Path, help="put the rows into this file")
    parser.add_argument("--table", action="store_true", help=f"print {MEASURED.name}, and stop")
    arguments = parser.parse_args(words)
    for name, least in (("readers", 1), ("arrive", 0), ("think", 0), ("moves", 1), ("minutes", 0)):
        if not least <= getattr(arguments, name) <= 10_000:
            parser.error(f"--{name} {getattr(arguments, name)}: write {least} to 10000")
    try:
        arguments.chapters = chapters_named(arguments.chapters)
    except ValueError as error:
        parser.error(str(error))
    return arguments


def main():
    """Hold the class that the command line asks for; exit 1 where a reader met an error."""
    arguments = parsed()
    if arguments.table:
        print("\n".join(markdown(stored(MEASURED)["rows"])))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        rows = hold(arguments)
    except TimeoutError:
        raise SystemExit(f"not done within {arguments.minutes:g} minutes; all is stopped") from None
    return 1 if any(row["errors"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
