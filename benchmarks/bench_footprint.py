"""Bytes and milliseconds of the article's network on this machine, and where zeros begin to pay.

`--stored` prints the measurement that comes with the course, without measuring. Else the quick grid
of `prunelab weigh` is measured, which ten minutes on quiet cores are enough for; parts that are in
`--folder` already are not measured again. Run: python benchmarks/bench_footprint.py --stored
"""

import argparse
import sys
import tempfile
from pathlib import Path

from prunelab.commands.cli import main as prunelab
from prunelab.footprint import load, table


def show(measurement):
    """Print a measurement as tables: bytes, milliseconds, limits, break-evens."""
    machine = measurement.machine
    print(f"{measurement.network}, shape {measurement.shape}, {measurement.created}")
    print(f"{machine['processor']}, {machine['threads']} threads, {machine['system']}")
    print(", ".join(f"{name} {version}" for name, version in machine["packages"].items()))
    for limits in machine["limits"]:
        speeds = ", ".join(
            f"{size / 2**20:.3g} MiB at {speed / 1e9:.1f} GB/s"
            for size, speed in limits["bandwidth"]
        )
        print(f"{limits['threads']} threads: {limits['flops'] / 1e9:.0f} GFLOP/s; {speeds}")
    print(f"\n{table(measurement.sizes, dense_bytes=measurement.dense_bytes)}")
    print(f"\n{table(measurement.times)}\n")
    for row in measurement.break_evens:
        batch = "" if row.batch is None else f", batch {row.batch}"
        wins = "never" if row.sparsity is None else f"from {100 * row.sparsity:.1f} % on"
        print(f"{row.what} on {row.pattern}{batch}: wins {wins} ({row.steps} measurements)")


def main():
    """Measure, or read what is stored, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stored", action="store_true", help="print what comes with the course")
    parser.add_argument("--folder", help="where parts go, to go on later (default: temporary)")
    args = parser.parse_args()
    if args.stored:
        show(load())
        return 0
    with tempfile.TemporaryDirectory(prefix="prunelab-") as scratch:
        folder = Path(args.folder or scratch)
        folder.mkdir(parents=True, exist_ok=True)
        out = folder / "measured.json"
        words = ["weigh", "--grid", "--quick", "--folder", str(folder), "--out", str(out)]
        code = prunelab(words)
        if code == 0:
            show(load(out))
        return code


if __name__ == "__main__":
    sys.exit(main())
