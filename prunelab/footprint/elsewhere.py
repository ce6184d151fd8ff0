"""Time a network in a process of its own, where TensorFlow has another number of threads."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import astuple
from pathlib import Path

import numpy as np

from prunelab.footprint.machine_limits import Limits
from prunelab.footprint.records import TimeRow
from prunelab.masks.network import Network


def time_elsewhere(network, dense, x, runtimes, batches, options, limits, report):
    """What `timing.time` returns, measured by a fresh Python with `options["threads"]` threads."""
    with tempfile.TemporaryDirectory(prefix="prunelab-") as folder:
        arrays = {f"network_{i}": a for i, a in enumerate(_arrays(network))}
        arrays |= {f"dense_{i}": a for i, a in enumerate(_arrays(dense))}
        np.savez(Path(folder) / "arrays.npz", x=x, **arrays)
        request = {"runtimes": list(runtimes), "batches": list(batches), "options": options}
        request["limits"] = None if limits is None else limits.to_dict()
        (Path(folder) / "request.json").write_text(json.dumps(request), encoding="utf-8")
        return _ask(folder, options["threads"], report)


def _ask(folder, threads, report):
    process = subprocess.Popen(
        [sys.executable, "-m", "prunelab.footprint.elsewhere", folder],
        env=os.environ | {"PRUNELAB_THREADS": str(threads)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    rows = None
    try:
        for line in process.stdout:
            if not line.startswith("{"):
                continue
            said = json.loads(line)
            if "rows" in said:
                rows = tuple(TimeRow(*row) for row in said["rows"])
            elif "error" in said:
                raise RuntimeError(f"threads={threads}: measuring there stopped: {said['error']}")
            elif report:
                report(*said["report"])
    finally:
        if process.poll() is None and rows is None:
            process.terminate()
        process.stdout.close()
        process.wait(timeout=30)
    if rows is None:
        raise RuntimeError(
            f"threads={threads}: the process that measures with them ended with code "
            f"{process.returncode}; measure with the threads TensorFlow has here instead"
        )
    return rows


def _arrays(network):
    return [a for pair in zip(network.kernels, network.biases, strict=True) for a in pair]


def main(folder):
    """Do what `request.json` in `folder` asks for; print reports, then rows, as lines of JSON."""
    from prunelab.footprint.timing import time

    request = json.loads((Path(folder) / "request.json").read_text(encoding="utf-8"))
    with np.load(Path(folder) / "arrays.npz") as arrays:
        stored = {name: arrays[name] for name in arrays.files}
    network, dense = (
        Network([stored[f"{name}_{i}"] for i in range(len(stored)) if f"{name}_{i}" in stored])
        for name in ("network", "dense")
    )
    limits = request["limits"]
    try:
        rows = time(
            network,
            stored["x"],
            request["runtimes"],
            batches=request["batches"],
            dense=dense,
            limits=None if limits is None else Limits.from_dict(limits),
            report=lambda *said: print(json.dumps({"report": said}), flush=True),
            **request["options"],
        )
    except Exception as error:
        print(json.dumps({"error": " ".join(str(error).split())[:300]}), flush=True)
        return 1
    print(json.dumps({"rows": [astuple(row) for row in rows]}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
