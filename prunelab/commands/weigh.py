"""`prunelab weigh`: bytes of a model's file; bytes and times of a stored run, or a whole grid."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from prunelab.base.bars import Bar
from prunelab.base.files import path_to_write
from prunelab.commands.options import add_seed, whole_number
from prunelab.experiments import data, runs
from prunelab.experiments.named_configs import CONFIGS, named
from prunelab.experiments.spec import RunSpec
from prunelab.plans import store

OF_RUNS = ("seed", "folder", "threads", "sizes_only", "quick", "out")  # options that no file takes
QUICK = {
    "sparsities": (0.75, 0.9),
    "repeats": 3,
    "seconds": 0.2,
    "time_gains": (
        ("scipy_csr", "unstructured", 1),
        ("litert_sparse_builtin", "4x1", 1),
    ),
}


def add_arguments(parser):
    """The options of `prunelab weigh`."""
    parser.add_argument(
        "run",
        nargs="?",
        metavar="FILE_OR_RUN",
        help="a .keras, .h5 or .tflite file, of which nothing is run; or a run stored with "
        f"`prunelab run --keep-weights`: one of {', '.join(CONFIGS)}",
    )
    parser.add_argument(
        "--json", action="store_true", help="of a file: print its rows as JSON, not as a table"
    )
    add_seed(parser)
    parser.add_argument("--folder", metavar="DIR", help="where the run is stored, or parts go")
    parser.add_argument(
        "--threads", type=whole_number("threads", at_least=1, at_most=1024), metavar="N",
        help="time with N threads only (default: with one and with all)",
    )  # fmt: skip
    parser.add_argument("--sizes-only", action="store_true", help="bytes, no milliseconds")
    parser.add_argument(
        "--grid",
        action="store_true",
        help="measure this machine as the course does: the network of the short plan's dense arm, "
        "in every pattern, sparsity, format and runtime; stop it whenever you like",
    )
    parser.add_argument("--quick", action="store_true", help="fewer sparsities and repeats")
    parser.add_argument(
        "--out", metavar="FILE", help="where the grid's measurement goes (default: measured.json)"
    )
    parser.epilog = (
        "A file takes a second, a stored run two or three minutes. The grid takes about an hour on "
        "two quiet cores, the quick one ten minutes; the same command goes on where it was stopped."
    )


def command(args):
    """Weigh, time, and print the table; exit code 0."""
    is_file = not args.grid and args.run is not None and args.run not in CONFIGS
    if args.json and not is_file:
        raise ValueError("json: only the rows of a file are printed as JSON; leave --json out")
    if is_file:
        return _file(args)
    return _grid(args) if args.grid else _run(args)


def _file(args):
    """The table of a file's bytes and of its arrays' zeros."""
    from prunelab import footprint
    from prunelab.footprint.models.files import ENDINGS

    if not args.run.endswith(ENDINGS) and not os.path.lexists(args.run):
        if os.path.basename(args.run) != args.run:
            raise ValueError(f"{os.path.basename(args.run)}: it is not there")
        named(args.run)  # no file and no run: raises the sentence that lists the runs
    for option in OF_RUNS:
        if getattr(args, option):
            raise ValueError(
                f"{option}: a file is only weighed, and nothing of it is run; leave "
                f"--{option.replace('_', '-')} out"
            )
    try:
        sizes, arrays = footprint.weigh(args.run), footprint.tensors(args.run)
    except OSError as error:  # nothing was started that could be continued
        raise ValueError(str(error)) from None
    if args.json:
        print(json.dumps({"sizes": [*map(asdict, sizes)], "tensors": [*map(asdict, arrays)]}))
        return 0
    columns = ("zeros", "format", "bytes", "smaller", "bound")
    print(footprint.table(sizes, columns=columns, dense_bytes=sizes[0].bytes))
    wide = max(8, *(len(row.dtype) for row in arrays))
    print(f"\n    zeros       bytes  {'type':<{wide}} array")
    for row in arrays:
        zeros = "–" if row.zeros is None else f"{100 * row.zeros:.1f} %"
        sides = " × ".join(map(str, row.shape)) or "one number"
        print(f"{zeros:>9}  {row.bytes:>10,}  {row.dtype:<{wide}} {row.name} ({sides})")
    return 0


def _run(args):
    """The table of one stored run."""
    config = _named(args)
    threads = _all_threads() if args.threads is None else (args.threads,)
    from prunelab import footprint

    network = footprint.network_of_run(config, args.seed, args.folder)
    x = data.load(config.data, args.seed).x_val
    pattern = _pattern_of(config, network)
    names = footprint.FORMATS
    with Bar("weigh", len(names)) as bar:
        sizes = footprint.weigh(network, x, pattern=pattern, report=bar.report)
    print(footprint.table(sizes))
    for count in () if args.sizes_only else threads:
        limits = footprint.measure_limits(count)
        with Bar(f"time, {_counted(count)}", len(footprint.BATCHES)) as bar:
            rows = footprint.time(
                network, x, threads=count, limits=limits, pattern=pattern, report=bar.report
            )
        print(f"\n{footprint.table(rows)}")
        if busy := footprint.noise(rows):
            print(f"NOT QUIET: {busy}")
    return 0


def _named(args):
    if args.run is None:
        raise ValueError("FILE_OR_RUN is missing: name a file or a stored run, or ask for --grid")
    return named(args.run)


def _pattern_of(config, network):
    """The pattern that the rows name for a run's zeros: blocks if it was pruned by them."""
    if all(kernel.all() for kernel in network.kernels):
        return "dense"
    return "4x1" if config.block_size == (4, 1) else "unstructured"


def _all_threads():
    """The numbers of threads to time with, one first."""
    from prunelab.base.host import threads_there_are

    return tuple(sorted({1, threads_there_are()}))


def _grid(args):
    """Measure the grid, in a process of its own for each number of threads, and store it."""
    from prunelab.footprint.grid import Grid, measure, missing_threads
    from prunelab.footprint.store import save
    from prunelab.footprint.text_table import table

    folder = Path("footprint-parts" if args.folder is None else args.folder)
    out = Path("measured.json" if args.out is None else args.out)
    only = args.threads
    grid = Grid(threads=_all_threads(), **(QUICK if args.quick else {}))
    if only is None:
        path_to_write(out)  # checked an hour before it is written
    network, x, about = _course_network(folder)
    with Bar("grid", len(grid.parts)) as bar:
        options = {"about": about, "report": bar.report}
        here = int(os.environ.get("PRUNELAB_THREADS", "1"))
        measured = measure(network, x, folder, grid, threads=only or here, **options)
    if only is None:
        for threads in missing_threads(folder, network, grid):
            _elsewhere(threads, args, folder)
        measured = measure(network, x, folder, grid, about=about)
    if measured is None:
        return 0
    save(measured, out)
    print(f"{table(measured.sizes, dense_bytes=measured.dense_bytes)}\n\n{table(measured.times)}")
    print(f"\nstored in {out.name}")
    return 0


def _elsewhere(threads, args, folder):
    """Measure the grid's parts for one number of threads, in a Python process with that number."""
    words = [sys.executable, "-m", "prunelab", "weigh", "--grid", "--threads", str(threads)]
    words += ["--folder", str(folder), *(["--quick"] if args.quick else [])]
    environ = os.environ | {"PRUNELAB_THREADS": str(threads)}
    if subprocess.run(words, env=environ, stdout=subprocess.DEVNULL).returncode:
        raise RuntimeError(
            f"threads={threads}: the process that measures with them failed; "
            "run the same command again to go on"
        )


def _course_network(folder):
    """(network, rows, description): the short plan's dense arm of seed 0, trained or loaded."""
    from prunelab import networks
    from prunelab.masks.network import Network

    spec = RunSpec(store.PLANS["short"].arm("dense"), 0, folder)
    config = spec.config
    runs.prepare(folder)
    # Its last checkpoint stays in the folder: the next call loads that and trains nothing.
    weights = networks.first_phase(spec).weights
    about = (
        f"the article's network after {config.dense_epochs} dense epochs, seed {spec.seed}, "
        "pruned by magnitude and not trained again"
    )
    return Network(weights), data.load(config.data, spec.seed).x_val, about


def _counted(threads):
    return "one thread" if threads == 1 else f"{threads} threads"
