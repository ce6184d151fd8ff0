"""Which weights of a model are pruned and which stay dense, as a table."""

from __future__ import annotations

from dataclasses import dataclass

from prunelab.schedules.flight import KernelFlight


class Row(KernelFlight):
    """One weight of two or more axes: its name, shape, exact zeros, and why it is not pruned."""

    @property
    def sparsity(self) -> float:
        """The fraction of zeros, in [0, 1]."""
        return self.zeros / self.size


@dataclass(frozen=True)
class Report:
    """What a pruner found in a model; its repr is a table.

    rows: a `Row` for each weight of two or more axes, in the order of the layers. others: the
    number of weights in arrays of fewer axes (biases, norms), which are never pruned. step: how
    many steps of the schedule are done.
    """

    rows: tuple[Row, ...]
    others: int
    step: int

    @property
    def pruned(self) -> tuple[Row, ...]:
        """The rows that are pruned."""
        return tuple(row for row in self.rows if not row.dense_because)

    @property
    def dense(self) -> tuple[Row, ...]:
        """The rows that stay dense."""
        return tuple(row for row in self.rows if row.dense_because)

    @property
    def sparsity(self) -> float:
        """The fraction of zeros in all pruned weights, in [0, 1]."""
        return sum(row.zeros for row in self.pruned) / sum(row.size for row in self.pruned)

    def __repr__(self) -> str:
        wide = max(len(row.name) for row in self.rows)
        lines = [f"after {self.step:,} steps, {self.sparsity:.2%} zeros in what is pruned"]
        for row in self.rows:
            shape = " × ".join(map(str, row.shape))
            what = row.dense_because or f"{row.zeros:,} of {row.size:,} zeros, {row.sparsity:.2%}"
            lines.append(
                f"{row.name:{wide}}  {shape:>14}  {'dense: ' * bool(row.dense_because)}{what}"
            )
        lines.append(f"{self.others:,} biases and other weights of one axis stay dense")
        return "\n".join(lines)
