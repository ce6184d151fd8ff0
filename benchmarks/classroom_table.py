"""What a class met, as numbers: one row a chapter, stored as JSON, printed, and as a table."""

import json
import os
import statistics
from collections import Counter

from prunelab.base.files import write_atomically
from prunelab.footprint import machine

FORMAT = 1
HEAD = (
    "chapter",
    "readers",
    "errors",
    "first explorer, s",
    "answer p95, ms",
    "kernel, MB",
    "its peak, MB",
    "server a reader, MB",
    "a reader in all, MB",
    "all at the peak, GB",
)


def spread(values):
    """Median, 95th percentile and largest of some numbers; None where there are none."""
    values = sorted(value for value in values if value is not None)
    if not values:
        return None
    p95 = values[min(len(values) - 1, -(-95 * len(values) // 100) - 1)]  # nearest rank
    found = {"median": statistics.median(values), "p95": p95, "largest": values[-1]}
    return {"n": len(values)} | {name: round(value, 4) for name, value in found.items()}


def row(records, watch, server_before, seconds, own_share, pace):
    """One chapter of a class as plain values: waiting in seconds, memory in MB."""
    kernels = list(watch.kernels.values())
    n = len(records)
    growth = (watch.server.peak_pss - server_before) / n
    kernel = {
        name: spread([round(getattr(usage, name), 1) for usage in kernels])
        for name in ("private", "pss", "peak_private", "peak_pss", "peak_resident")
    }
    errors = Counter(error for record in records for error in record.errors)
    return {
        "chapter": records[0].chapter.removesuffix(".ipynb"),
        "readers": n,
        "at_once": watch.most_kernels,
        "errors": sum(errors.values()),
        "first_errors": [f"{count} × {error}" for error, count in errors.most_common(5)],
        "cells": sum(len(record.cells) for record in records),
        "opened": spread([record.opened for record in records]),
        "first_explorer": spread([record.first_explorer for record in records]),
        "cell": spread([taken for record in records for taken in record.cells]),
        "answer": spread([taken for record in records for taken in record.answers]),
        "kernel": kernel,
        "server": {"before": round(server_before, 1), "a_reader": round(growth, 2)},
        "a_reader": round(kernel["pss"]["median"] + growth, 1) if kernel["pss"] else None,
        "peak_total": round(watch.peak_total),
        "least_available": round(watch.least_available),
        "swapped": round(watch.swapped),
        "processor_a_reader": round(sum(watch.processor.values()) / n, 1),
        "benchmark_share": round(own_share, 3),
        "seconds": round(seconds),
        "pace": {"arrive": pace.arrive, "think": pace.think, "moves": pace.moves},
        "machine": machine() | {"cores": os.cpu_count()},
    }


def lines(found):
    """A row in words, for a terminal."""
    yield f"== {found['chapter']}, {found['readers']} readers, {found['seconds']} s"
    yield f"   errors {found['errors']} in {found['cells']} cells; swapped {found['swapped']} MB"
    yield from (f"   ! {error}" for error in found["first_errors"])
    for name in ("opened", "first_explorer", "cell", "answer"):
        if (of := found[name]) is not None:
            values = "  ".join(f"{k} {of[k]:.3f}" for k in ("median", "p95", "largest"))
            yield f"   {name.replace('_', ' '):15} {values} s  ({of['n']})"
    for name, of in found["kernel"].items():
        if of:
            yield f"   kernel {name:14} median {of['median']:.0f}  largest {of['largest']:.0f} MB"
    server = found["server"]
    yield f"   server {server['before']:.0f} MB before, {server['a_reader']:.2f} MB more a reader"
    yield f"   a reader in all {found['a_reader']} MB; all {found['peak_total']} MB at the peak"
    yield (
        f"   processor {found['processor_a_reader']} s a reader; "
        f"the benchmark's own share {found['benchmark_share']:.0%} of a core; "
        f"{found['least_available']} MB free at the least"
    )


def stored(path):
    """The rows of a file, by chapter and number of readers; none where there is no file."""
    if not path.exists():
        return {"format": FORMAT, "rows": []}
    values = json.loads(path.read_text(encoding="utf-8"))
    if values.get("format") != FORMAT:
        raise ValueError(f"{path.name} has format {values.get('format')!r}: measure it anew")
    return values


def put(path, found):
    """Store a row in place of the one of the same chapter and number of readers."""

    def key(row):
        return row["chapter"], row["readers"]

    rows = [row for row in stored(path)["rows"] if key(row) != key(found)]
    whole = {"format": FORMAT, "rows": sorted([*rows, found], key=key)}
    path.parent.mkdir(exist_ok=True)
    text = json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
    write_atomically(path, lambda file: file.write(text.encode("utf-8")))


# Chapters that were split since they were measured, by subject, and what they are called today.
SPLIT = {
    "prune_a_decision_tree": ("fold a decision tree", "choose the pruned tree"),
    "weigh_what_you_saved": ("count the bytes", "time the network"),
}


def called(chapter):
    """A chapter as the guide calls it."""
    subject = chapter.partition("_")[2]
    names = [f"*{name}*" for name in SPLIT.get(subject, (subject.replace("_", " "),))]
    return " and ".join(names) + (", then one" if len(names) > 1 else "")


def markdown(rows):
    """The table of the teaching guide, line by line."""
    yield f"| {' | '.join(HEAD)} |"
    yield f"|---|{'---:|' * (len(HEAD) - 1)}"
    for found in rows:
        explorer = found["first_explorer"]
        cells = (
            called(found["chapter"]),
            found["readers"],
            found["errors"],
            "–" if explorer is None else f"{explorer['median']:.1f} (p95 {explorer['p95']:.1f})",
            "–" if found["answer"] is None else f"{1000 * found['answer']['p95']:.0f}",
            f"{found['kernel']['pss']['median']:.0f}",
            f"{found['kernel']['peak_pss']['largest']:.0f}",
            f"{found['server']['a_reader']:.1f}",
            f"{found['a_reader']:.0f}",
            f"{found['peak_total'] / 1000:.1f}",
        )
        yield f"| {' | '.join(map(str, cells))} |"
