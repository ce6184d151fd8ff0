"""Store and load measurements as JSON files, and the course's trained and cut networks."""

import os
import struct
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from prunelab.base.checks import number, shown, sparsity_fraction, whole
from prunelab.base.files import path_to_write
from prunelab.base.json_files import RunError, load_values, only_fields, save_values, sha256
from prunelab.course import places
from prunelab.course.places import stored_path
from prunelab.experiments import runs
from prunelab.experiments.config import ExperimentConfig, layer_names
from prunelab.experiments.results import RunResult
from prunelab.experiments.spec import RunSpec
from prunelab.footprint.codecs import decode, encode
from prunelab.footprint.measurement import Measurement
from prunelab.masks.network import Network
from prunelab.plans import store

STORED = "footprint/measured.json"  # in the course's folder


def save(measurement: Measurement, path: str | os.PathLike[str]) -> Path:
    """Store a `Measurement` in the file `path` and return the path."""
    if not isinstance(measurement, Measurement):
        raise TypeError(f"measurement={shown(measurement)}: only a Measurement is stored")
    target = path_to_write(path)
    save_values(measurement.to_dict(), target)
    return target


def load(path: str | os.PathLike[str] | None = None) -> Measurement:
    """The `Measurement` stored in `path`; None: the course's own, from the machine it names.

    Raises FileNotFoundError if there is no file, `runs.RunError` if it cannot be used.
    """
    source = measured_path() if path is None else _checked_path(path)
    values = load_values(source)
    if values is None:
        raise FileNotFoundError(
            f"{source.name} is not in {source.parent.name or 'this folder'}: "
            "measure with `prunelab weigh --grid`"
        )
    try:
        return Measurement.from_dict(values)
    except (TypeError, ValueError) as error:
        raise RunError(f"{source.name} does not hold a measurement: {error}") from None


def measured_path():
    """The file of the course's own measurement."""
    return places.stored_path(STORED)


def digest(measurement):
    """sha256 of a measurement's values."""
    return sha256(measurement.to_dict())


def _checked_path(path):
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path={shown(path)}: write the name of a file, or None")
    return Path(path)


ARM, SEED = "completed_75", 0  # of the short plan
FOLDER = "networks"  # in the course's folder
CODEC = "bitmask"  # a quarter smaller than NumPy's zip, which keeps the signs of zeros


def stored_network(folder: str | os.PathLike[str] | None = None) -> Network:
    """The `prunelab.masks.Network` of the short plan's arm pruned to 75 %, seed 0, as trained.

    folder: where its two files are; None: the course's own. `stored_run` has its settings and
    scores. Raises FileNotFoundError or `runs.RunError`, in one sentence, if the files are missing,
    damaged or of another run.
    """
    stored_run(folder)
    spec = _spec(folder)
    arrays, config = runs.weights_of(spec), spec.config
    if set(arrays) != {CODEC}:
        raise RunError(f"{spec.weights_path.name} holds no {CODEC}: store it with store_network")
    try:
        shape = (config.n_features, *config.hidden, 1)
        return decode(arrays[CODEC].tobytes(), CODEC, shape)
    except (ValueError, TypeError, struct.error) as error:
        raise RunError(f"{spec.weights_path.name} holds no network: {error}") from None


def stored_run(folder: str | os.PathLike[str] | None = None) -> RunResult:
    """The `RunResult` of `stored_network`: settings, seed, data, losses and scores."""
    spec = _spec(folder)
    try:
        return runs.result_of(spec)
    except FileNotFoundError:
        path = spec.path
        raise FileNotFoundError(
            f"{path.name} is not in {path.parent.name or 'this folder'}: it comes with the course; "
            "get course/networks again, or train the run and call store_network"
        ) from None


def store_network(
    source: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None
) -> Path:
    """Copy the run from the folder `source`, where `networks.run(…, keep_weights=True)` stored it.

    It is written to `folder`, by default the course's. Every weight and bias is kept bit for bit,
    except that a −0.0, which masks produce, is read back as 0.0. Returns the path.
    """
    spec = _spec(source)
    network = network_of_run(spec.config, spec.seed, spec.folder)
    content = np.frombuffer(encode(network, CODEC), np.uint8)
    return runs.save(runs.result_of(spec), _spec(folder).folder, {CODEC: content})


def network_of_run(
    config: ExperimentConfig, seed: int, folder: str | os.PathLike[str] | None = None
) -> Network:
    """The `Network` of any run that kept its weights; see `runs.load_weights`."""
    arrays = runs.load_weights(config, seed, folder)
    names = layer_names(len(config.hidden))
    lacking = [name for name in names if name not in arrays]
    if lacking:
        raise ValueError(
            f"{config.name} was stored without the kernel of {lacking[0]!r}: "
            "run it again with weights kept, in another folder"
        )
    missing = [name for name in names if f"{name}_bias" not in arrays]
    if missing:
        raise ValueError(
            f"{config.name} was stored without its biases, by an earlier version: "
            f"remove its files and run `prunelab run {config.name} --keep-weights` again"
        )
    return Network([(arrays[name], arrays[f"{name}_bias"]) for name in names])


def _spec(folder):
    """The run of `stored_network`; folder None: the course's own."""
    folder = stored_path(FOLDER) if folder is None else folder
    return RunSpec(store.PLANS["short"].arm(ARM), SEED, folder)


CUT_RUNS = "footprint/cut_neurons.json"  # in the course's folder


@dataclass(frozen=True)
class CutRun:
    """One network of the short plan's dense arm, cut to fewer neurons, then trained on.

    seed: of data, weights and sample order. sparsity: the fraction of kernel weights removed.
    units: neurons left in each hidden layer. at_once, val_mse: validation error directly after the
    cut, and after the epochs that follow it. int8_bytes, int8_mse: of its int8 file, run by LiteRT.
    """

    seed: int
    sparsity: float
    units: tuple[int, ...]
    at_once: float
    val_mse: float
    int8_bytes: int
    int8_mse: float

    def __post_init__(self) -> None:
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
    def key(self) -> tuple[float, int]:
        """(sparsity, seed): two runs with equal keys are the same run."""
        return self.sparsity, self.seed


def load_cut_runs(path: str | os.PathLike[str] | None = None) -> tuple[CutRun, ...]:
    """All `CutRun`s stored in `path`, by sparsity and seed; None: those stored with the course.

    Raises FileNotFoundError or `runs.RunError`, in one sentence, if they cannot be used.
    """
    source = stored_path(CUT_RUNS) if path is None else Path(path)
    values = load_values(source)
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
        raise RunError(f"{source.name} does not hold cut networks: {error}") from None
    return found


def save_cut_runs(found: Iterable[CutRun], path: str | os.PathLike[str] | None = None) -> Path:
    """Store `CutRun`s in one file; they replace stored ones of the same sparsity and seed."""
    target = stored_path(CUT_RUNS) if path is None else Path(path)
    before = load_cut_runs(target) if target.exists() else ()
    merged = {run.key: run for run in (*before, *found)}
    save_values(
        [asdict(merged[key]) | {"units": list(merged[key].units)} for key in sorted(merged)], target
    )
    return target
