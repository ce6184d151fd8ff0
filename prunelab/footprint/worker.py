"""What "measure here" runs in a process of its own: one network, part by part, as lines of JSON.

Each part is printed the moment it is there: who stops the process keeps what was printed.
"""

import json
import sys
from dataclasses import astuple
from pathlib import Path

import numpy as np

from prunelab.footprint.machine_limits import measure_limits
from prunelab.footprint.patterns import pruned
from prunelab.footprint.timing import time
from prunelab.footprint.weighing import weigh
from prunelab.masks.network import Network

# Parts in the order they are measured: what is quick and needs no TensorFlow comes first, and
# runtimes that are compared with one another take turns in one part.
QUICK = ("raw", "gzip", "zstd", "csr32", "csr16", "bitmask")
GROUPS = (
    ("numpy", "scipy_csr", "tf_function", "keras_call"),
    ("litert_xnnpack", "litert_builtin", "litert_int8_xnnpack", "litert_int8_builtin"),
    ("litert_sparse_xnnpack", "litert_sparse_builtin"),
    ("litert_int8_sparse_xnnpack", "litert_int8_sparse_builtin"),
    ("keras_predict",),
)


def parts(request):
    """(kind, names) of each part of a request; what is chosen comes before what is not.

    A runtime that no group knows has a part of its own.
    """
    formats, runtimes = request["formats"], request["runtimes"]
    quick = [("sizes", [name]) for name in formats if name in QUICK]
    slow = [("sizes", [name]) for name in formats if name not in QUICK]
    grouped = [[name for name in group if name in runtimes] for group in GROUPS]
    known = {name for group in GROUPS for name in group}
    grouped += [[name] for name in runtimes if name not in known]
    rest = [*(("times", names) for names in grouped if names), *slow]
    chosen = {request["format"], request["runtime"]}
    return quick + sorted(rest, key=lambda part: not chosen & set(part[1]))


def measure(request, network, x):
    """Yield (kind, names, rows) of each part of a request; first of all ("limits", [], Limits)."""
    pattern, sparsity, threads = (request[name] for name in ("pattern", "sparsity", "threads"))
    limits = measure_limits(threads, seconds=0.05)
    yield "limits", [], limits
    made = pruned(network, pattern, sparsity)
    said = {"pattern": pattern, "sparsity": sparsity}
    for kind, names in parts(request):
        if kind == "sizes":
            yield kind, names, weigh(made, x, names, **said)
            continue
        yield (
            kind,
            names,
            time(
                made,
                x,
                names,
                batches=(request["batch"],),
                threads=threads,
                dense=network,
                limits=limits,
                repeats=request["repeats"],
                seconds=request["seconds"],
                **said,
            ),
        )


def main(folder):
    """Do what `request.json` in `folder` asks for, with the arrays beside it."""
    request = json.loads((Path(folder) / "request.json").read_text(encoding="utf-8"))
    with np.load(Path(folder) / "arrays.npz", allow_pickle=False) as arrays:
        x = arrays["x"]
        network = Network([arrays[f"arr_{at}"] for at in range(len(arrays.files) - 1)])
    try:
        for kind, names, rows in measure(request, network, x):
            values = rows.to_dict() if kind == "limits" else [list(astuple(row)) for row in rows]
            print(json.dumps({"kind": kind, "names": names, "rows": values}), flush=True)
    except BrokenPipeError:  # nobody listens any more
        return 1
    except Exception as error:
        print(json.dumps({"error": " ".join(str(error).split())[:300]}), flush=True)
        return 1
    print(json.dumps({"kind": "end"}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
