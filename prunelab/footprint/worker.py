"""Measure in a separate process, where TensorFlow has another number of threads.

A process that measures prints each result as a line of JSON as soon as it has it, so stopping it
loses no earlier result; `json_process`, `results_of` and `print_result` are for any such process.
"""

import json
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path

import numpy as np

from prunelab.footprint.machine_limits import Limits, measure_limits
from prunelab.footprint.measurement import TimeRow
from prunelab.footprint.patterns import pruned
from prunelab.footprint.weighing import weigh
from prunelab.masks.network import Network


@contextmanager
def measuring_process(request, networks, x, command=None):
    """`with` a fresh Python process that measures; it is ended with the block, done or not.

    request: a dict that JSON can hold, see `measure`; its "threads" are those of the process.
    networks: `Network`s by name. x: rows. command: what to run instead of this module.
    """
    arrays = {
        f"{name} {at}": array
        for name, network in networks.items()
        for at, array in enumerate(_arrays(network))
    }
    with tempfile.TemporaryDirectory(prefix="prunelab-") as folder:
        np.savez(Path(folder) / "arrays.npz", x=x, **arrays)
        (Path(folder) / "request.json").write_text(json.dumps(request), encoding="utf-8")
        words = [*(command or [sys.executable, "-m", "prunelab.footprint.worker"]), folder]
        with json_process(words, {"PRUNELAB_THREADS": str(request["threads"])}) as process:
            yield process


@contextmanager
def json_process(command, environment):
    """`with` a process that prints lines of JSON; it is ended with the block, done or not.

    environment: variables beside those of this process. A program that waits reads its standard
    input.
    """
    process = subprocess.Popen(
        command,
        env=os.environ | environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.stdout.close()
        with suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def results_of(process):
    """The results that a process of `json_process` prints, as dicts; RuntimeError if it fails."""
    for line in process.stdout:
        said = _spoken(line)
        if "error" in said:
            raise RuntimeError(said["error"])
        if said.get("kind") == "end":
            return
        yield said
    raise RuntimeError(f"the process that measures ended with code {process.wait()}")


def _spoken(line):
    """The dict in a line that the process printed; empty for other lines, such as TensorFlow's."""
    try:
        said = json.loads(line) if line.startswith("{") else {}
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _arrays(network):
    return [a for pair in zip(network.kernels, network.biases, strict=True) for a in pair]


def time_in_subprocess(network, dense, x, runtimes, options, limits, report):
    """What `timing.time` returns, measured by a process with `options["threads"]` threads."""
    request = options | {"parts": [("times", runtimes)]}
    request["limits"] = None if limits is None else limits.to_dict()
    rows = []
    try:
        with measuring_process(request, {"network": network, "dense": dense}, x) as process:
            for said in results_of(process):
                rows += [TimeRow(*row) for row in said.get("rows", ())]
                if report and "report" in said:
                    report(*said["report"])
    except RuntimeError as error:
        raise RuntimeError(
            f"threads={options['threads']}: {error}; "
            "measure with the threads TensorFlow has here instead"
        ) from None
    return tuple(rows)


# ---- in the process -----------------------------------------------------------------------------


def measure(request, networks, x):
    """Yield (kind, rows) of each of `request["parts"]`, pairs of a kind and names.

    kind: "limits" (of the machine; the later parts use them), "sizes" (names of formats) or "times"
    (names of runtimes). networks: "dense", and "network", or a pattern and a sparsity applied to
    the dense one. Everything else in `request` is passed to `timing.time`.
    """
    from prunelab.footprint.timing import time

    options = dict(request)
    parts, limits = options.pop("parts"), options.pop("limits")
    limits = None if limits is None else Limits.from_dict(limits)
    said = {name: request[name] for name in ("pattern", "sparsity")}
    dense = networks["dense"]
    network = networks.get("network") or pruned(dense, **said)
    for kind, names in parts:
        if kind == "limits":
            limits = measure_limits(request["threads"], seconds=0.05)
            yield kind, limits.to_dict()
            continue
        if kind == "sizes":
            rows = weigh(network, x, names, **said)
        else:
            options |= {"dense": dense, "limits": limits, "report": _report}
            rows = time(network, x, names, **options)
        yield kind, [astuple(row) for row in rows]


def _report(*said):
    print_result(report=said)


def print_result(**said):
    """Print one result, for `results_of`."""
    print(json.dumps(said), flush=True)


def print_results(results):
    """Print the results, dicts, as they come, then their end or the error; return the exit code."""
    try:
        for said in results:
            print_result(**said)
        print_result(kind="end")
    except BrokenPipeError:  # the parent process has gone
        return 1
    except Exception as error:
        print_result(error=" ".join(str(error).split())[:300])
        return 1
    return 0


def main(folder):
    """Measure what `request.json` in `folder` asks for, with the arrays beside it."""
    request = json.loads((Path(folder) / "request.json").read_text(encoding="utf-8"))
    layers = {}
    with np.load(Path(folder) / "arrays.npz", allow_pickle=False) as arrays:
        x = arrays["x"]
        for name in arrays.files:
            if name != "x":
                layers.setdefault(name.split()[0], []).append(arrays[name])
    return print_results(_results(request, layers, x))


def _results(request, layers, x):
    networks = {name: Network(arrays) for name, arrays in layers.items()}
    for kind, rows in measure(request, networks, x):
        yield {"kind": kind, "rows": rows}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
