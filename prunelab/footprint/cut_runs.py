"""Networks that lost whole neurons and were trained on: what it cost, stored beside the course."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

from prunelab import runs
from prunelab.course import stored_path
from prunelab.digests import only_fields
from prunelab.validate import number, shown, sparsity_fraction, whole

STORED = "footprint/cut_neurons.json"  # in the course's folder


@dataclass(frozen=True)
class CutRun:
    """One network of the short plan's dense arm, cut to fewer neurons, then trained on.

    seed: of data, weights and sample order. sparsity: the fraction of kernel weights that went.
    units: neurons left in each hidden layer. at_once, val_mse: validation error straight after the
    cut, and after the epochs that follow it. int8_bytes, int8_mse: of its int8 file, run by LiteRT.
    """

    seed: int
    sparsity: float
    units: tuple
    at_once: float
    val_mse: float
    int8_bytes: int
    int8_mse: float

    def __post_init__(self):
        whole("seed", self.seed, at_most=2**32 - 1)
        sparsity_fraction("sparsity", self.sparsity)
        if not isinstance(self.units, tuple | list) or not self.units:
            raise TypeError(f"units={shown(self.units)}: write the units of each hidden layer")
        units = tuple(whole("units", count, at_least=1) for count in self.units)
        object.__setattr__(self, "units", units)
        whole("int8_bytes", self.int8_bytes, at_least=1)
        for name in ("at_once", "val_mse", "int8_mse"):
            number(name, getattr(self, name), above=0)

    @property
    def key(self):
        """Two runs of one key are the same run."""
        return self.sparsity, self.seed


def load_cut_runs(path=None):
    """All `CutRun`s stored in `path`, by sparsity and seed; None: those that lie with the course.

    Raises FileNotFoundError or `runs.RunError`, in one sentence, where they cannot be used.
    """
    source = stored_path(STORED) if path is None else Path(path)
    values = runs.load_values(source)
    if values is None:
        raise FileNotFoundError(
            f"{source.name} is not in {source.parent.name or 'this folder'}: "
            "train the runs with `python -m tools.cut_neurons`"
        )
    names = [field.name for field in fields(CutRun)]
    try:
        if not isinstance(values, list) or not values:
            raise ValueError("it lists no runs")
        for row in values:
            only_fields("run", row, names)
        found = tuple(sorted((CutRun(**row) for row in values), key=lambda run: run.key))
        if len({run.key for run in found}) < len(found):
            raise ValueError("one run stands there twice")
    except (TypeError, ValueError) as error:
        raise runs.RunError(f"{source.name} does not hold cut networks: {error}") from None
    return found


def save_cut_runs(found, path=None):
    """Store `CutRun`s in one file, those of the same sparsity and seed in place of older ones."""
    target = stored_path(STORED) if path is None else Path(path)
    before = load_cut_runs(target) if target.exists() else ()
    merged = {run.key: run for run in (*before, *found)}
    runs.save_values(
        [asdict(merged[key]) | {"units": list(merged[key].units)} for key in sorted(merged)], target
    )
    return target
