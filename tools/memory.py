"""Measure the resident memory of the course's network, sparse and dense, and store the rows.

    python -m tools.memory

A quarter of an hour on a quiet machine, since each number is of fresh processes. Stopped, it goes
on where it was. The machine may be busy: other processes do not count.
"""

from dataclasses import asdict

from prunelab import footprint
from prunelab.base.host import machine
from prunelab.base.json_files import load_values, save_record, save_values
from prunelab.footprint.resident.processes import RUNTIMES, memory
from tools.stored_form import ROOT

TARGET = ROOT / "course" / "footprint" / "memory.json"
WORK = ROOT / "course" / "runs" / "memory"
FORMAT = 1
NETWORKS = (  # pattern, sparsity
    ("dense", 0.0),
    ("unstructured", 0.75),
    ("unstructured", 0.95),
    ("4x1", 0.9),
    ("neurons", 0.75),
)


def main():
    """Measure what is missing, one network and runtime after the other, then store all."""
    WORK.mkdir(parents=True, exist_ok=True)
    network, rows = footprint.stored_network(), []
    for pattern, sparsity in NETWORKS:
        made = None
        for runtime in RUNTIMES:
            file = WORK / f"{pattern}-{sparsity}-{runtime}.json"
            row = load_values(file)
            if row is None:
                made = made or footprint.pruned(network, pattern, sparsity)
                (found,) = memory(made, runtime, pattern=pattern, sparsity=sparsity)
                row = asdict(found)
                save_values(row, file)
                print(row, flush=True)
            rows.append(row)
    save_record({"format": FORMAT, "rows": rows, "machine": machine()}, TARGET)
    print(f"stored in {TARGET.name}")


if __name__ == "__main__":
    main()
