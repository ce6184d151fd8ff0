"""Storage of results: one JSON file per run, written atomically and checked on reading.

A file names its config, seed and data, and holds a digest of its content. A file that does not
match is refused with one sentence. Weights are optionally stored in a `.npz` beside it. No other
format is loaded, since pickles and Keras files can run code. `partial` lists the trainings in a
folder that were stopped and can be continued.
"""

import hashlib
import json
import os
import re
import tempfile
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from prunelab.base import json_files
from prunelab.base.checks import real_array, shown, whole
from prunelab.base.files import in_words, odd_kind, write_atomically
from prunelab.base.json_files import MAX_BYTES as MOST_BYTES
from prunelab.base.json_files import RunError, load_record, read_file, save_record
from prunelab.base.npz import ArraysError, read_arrays
from prunelab.course.places import runs_folder
from prunelab.experiments.checkpoints import SUBFOLDER, Checkpoints, names
from prunelab.experiments.config import ExperimentConfig
from prunelab.experiments.named_configs import CONFIGS
from prunelab.experiments.own import Arm, OwnResult
from prunelab.experiments.results import RunResult
from prunelab.experiments.spec import RunSpec

FORMAT = 2
MAX_BYTES = 4 * 2**20  # limit for a stored run without its epochs; usually some kilobytes
MOST_METRICS = 64  # of a reader's own network, including validation metrics


def most_bytes(config):
    """The largest size in bytes of the file of a run of `config`; it depends on the epochs."""
    if isinstance(config, Arm):
        an_epoch = 26 * MOST_METRICS
    else:
        an_epoch = 2 * 26 + 16 * len(config.kernel_sizes)  # two losses, the zeros of each kernel
    return MAX_BYTES + an_epoch * (config.dense_epochs + config.more_epochs)


def prepare(folder=None):
    """Create the folder and try to write there, so that a long training is not lost at its end."""
    folder = runs_folder(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RunError(
            f"folder={folder.name!r} cannot hold runs ({error.strerror}): "
            "name another, or set PRUNELAB_RUNS"
        ) from None


def refuse_foreign(spec: RunSpec, *, weights: bool = False) -> None:
    """Raise RunError if a file with this run's name was not written by `save`; call it early.

    weights: whether the run's weights are to be stored too.
    """
    begins = {spec.path: b'{"format":'}
    if weights:
        begins[spec.weights_path] = b"PK\3\4"
    for source, begin in begins.items():
        try:
            if not os.path.lexists(source):
                continue
            if (kind := odd_kind(source)) is None:
                with open(source, "rb") as file:
                    kind = None if file.read(len(begin)) == begin else "no stored run of ours"
        except OSError as error:
            raise RunError(in_words(error, source)) from None
        if kind is not None:
            raise RunError(
                f"{source.name} is {kind}, and the run would be stored there: "
                "move it away, or choose another folder"
            )


def save(
    result: RunResult | OwnResult,
    folder: str | PathLike[str] | None = None,
    weights: dict[str, np.ndarray] | None = None,
) -> Path:
    """Store `result` (and `weights`, a dict of arrays by name) and return the path of its JSON.

    The weights are written first, so that they exist whenever the JSON file names them. Both files
    are read back; after this, checkpoints may be removed. RunError if the files cannot be loaded,
    for example because the result contradicts its config.
    """
    if not isinstance(result, RunResult | OwnResult):
        raise TypeError(
            f"result={shown(result)}: only a RunResult, as networks.run gives, is stored"
        )
    spec = RunSpec(result.config, result.seed, folder)
    target = spec.path
    if weights is not None:
        _check_weights(weights, result.config)
    values = {"format": FORMAT, "config_digest": result.config.digest, "run": result.to_dict()}
    _parse(target, json_files.parse(json.dumps(values, allow_nan=False)), result.config)
    target.parent.mkdir(parents=True, exist_ok=True)
    refuse_foreign(spec, weights=weights is not None)
    weights_digest = None
    if weights is not None:
        arrays: dict[str, Any] = weights
        write_atomically(spec.weights_path, lambda file: np.savez_compressed(file, **arrays))
        weights_digest = hashlib.sha256(spec.weights_path.read_bytes()).hexdigest()
    values["weights_digest"] = weights_digest
    save_record(values, target, most_bytes(result.config))
    if weights is not None:
        weights_of(spec)
    return target


def load(
    config: ExperimentConfig | Arm | str,
    seed: int,
    folder: str | PathLike[str] | None = None,
    *,
    data_digest: str | None = None,
) -> Any:
    """The stored `RunResult` (of an `Arm`, the `OwnResult`) of `config` and `seed`.

    config: an ExperimentConfig, an `Arm`, or a name in `known.CONFIGS`. folder: see
    `course.default_folder`. data_digest: if given, the run must have used these data. Raises
    FileNotFoundError if there is no file, RunError if it is damaged or belongs to another run.
    """
    return result_of(RunSpec(config, seed, folder), data_digest=data_digest)


def result_of(spec: RunSpec, *, data_digest: str | None = None) -> Any:
    """The stored result of a run, as `load` gives it."""
    config, seed, source = spec.config, spec.seed, spec.path
    values = _read(source, most_bytes(config))
    result = _parse(source, values, config)
    if values["config_digest"] != config.digest or result.config != config:
        raise RunError(
            f"{source.name} is a run of other settings than {config.name!r} has now: "
            "choose another folder, or remove the file and run again"
        )
    if result.seed != seed:
        raise RunError(f"{source.name} is a run of seed {result.seed}, not of seed {seed}")
    if data_digest is not None and result.data_digest != data_digest:
        raise RunError(
            f"{source.name} saw other data than these: scikit-learn or NumPy may draw "
            "differently here; compare its provenance, or run again in another folder"
        )
    return result


def stored(seed, folder=None):
    """All runs of `seed` in `folder`, a list of `RunResult`s, ordered by their first phase.

    A file with a name in `known.CONFIGS` must be a run of that config. RunError if there is no run,
    or if one is unusable.
    """
    folder, ending = runs_folder(folder), f"-seed{whole('seed', seed, at_most=2**32 - 1)}.json"
    results = []
    for source in sorted(folder.glob(f"*{ending}")):
        name = source.name.removesuffix(ending)
        config = CONFIGS.get(name) or _parse(source, _read(source, MOST_BYTES), None).config
        if config.name != name:
            raise RunError(f"{source.name} is a run of {config.name!r}: give it its own name again")
        results.append(result_of(RunSpec(config, seed, folder)))
    if not results:
        raise RunError(f"folder={folder.name!r} holds no run of seed {seed}: run one first")
    first_phases = [result.config.dense_digest for result in results]
    return sorted(results, key=lambda result: first_phases.index(result.config.dense_digest))


def load_weights(
    config: ExperimentConfig | str, seed: int, folder: str | PathLike[str] | None = None
) -> dict[str, np.ndarray]:
    """The weights stored with a run, a dict of arrays; RunError if there are none.

    An array with the name of a kernel or a bias (`<layer>_bias`) must have its shape, and all
    arrays together must not exceed the network's size in float64.
    """
    return weights_of(RunSpec(config, seed, folder))


def weights_of(spec: RunSpec) -> dict[str, np.ndarray]:
    """The weights stored with a run, as `load_weights` gives them."""
    config = result_of(spec).config
    digest = _read(spec.path, most_bytes(config))["weights_digest"]
    if digest is None:
        raise RunError(
            f"{spec.path.name} was stored without weights: run it again with weights kept"
        )
    source, most = spec.weights_path, config.most_weight_bytes
    content = read_file(source, MAX_BYTES + most)
    if hashlib.sha256(content).hexdigest() != digest:
        raise RunError(f"{source.name} is damaged or of another run: remove it and run again")
    try:
        return read_arrays(content, most, _shapes(config))
    except ArraysError as error:
        raise RunError(
            f"{source.name} is not a file of arrays ({error}): remove it and run again"
        ) from None


def _shapes(config):
    """The shapes of kernels and biases by their stored names."""
    shapes = config.kernel_shapes
    return shapes | {f"{name}_bias": shape[1:] for name, shape in shapes.items()}


def _check_weights(weights, config):
    shapes = _shapes(config)
    if not isinstance(weights, dict | None):
        raise TypeError(f"weights={shown(weights)}: write a dict of arrays by name, or None")
    for name, array in (weights or {}).items():
        if not isinstance(name, str) or name in ("file", "allow_pickle"):  # NumPy's own
            raise TypeError(f"weights has the name {shown(name)}: write the name of a layer")
        shape = real_array(f"weights[{name!r}]", array).shape
        if shape != shapes.get(name, shape):
            raise ValueError(
                f"weights[{name!r}] has the shape {shape}: the network of {config.name!r} has "
                f"{shapes[name]} there"
            )


def _read(source, limit):
    """The values in a stored file; an error in one sentence if it is incomplete or changed."""
    if not os.path.lexists(source):
        raise FileNotFoundError(
            f"{source.name} is not in {source.parent.name or 'this folder'}: "
            "run it with networks.run or `prunelab run`"
        )
    values = load_record(source, limit)
    wanted = {"format", "config_digest", "weights_digest", "run"}
    if set(values) != wanted or values["format"] != FORMAT:
        raise RunError(f"{source.name} is not a stored run of format {FORMAT}: run it again")
    return values


def _parse(source, values, config):
    try:
        return result_from(values["run"], config)
    except (ValueError, TypeError) as error:
        raise RunError(f"{source.name} does not hold a run: {error}") from None


def result_from(values, config):
    """The result that `to_dict` wrote of a run of `config` (None: one of the course's)."""
    if isinstance(config, Arm):
        return OwnResult.from_dict(values, config)
    return RunResult.from_dict(values)


_NAME = re.compile(r"(?P<name>\w+|dense-[0-9a-f]{12})-seed(?P<seed>[0-9]+)", re.ASCII)


@dataclass(frozen=True)
class Partial:
    """A training that was stopped and can be continued, by the same call again.

    name: the run's, or "dense-…" with the start of `config.dense_digest` for a first phase, which
    several runs may share. phase: "first" or "second". done: finished epochs. epochs: their total.
    """

    name: str
    seed: int
    phase: str
    done: int
    epochs: int

    def __repr__(self):
        return (
            f"Partial({self.name}, seed {self.seed}: "
            f"{self.done} of {self.epochs} epochs of the {self.phase} phase)"
        )


def partial(folder: str | PathLike[str] | None = None) -> list[Partial]:
    """Every training with a usable checkpoint in `folder`: a list of `Partial`s, by name and seed.

    folder: as in `networks.run`; for an unfinished plan, the folder with the plan's name. A first
    phase is listed until the runs that use it are finished.
    """
    folder = runs_folder(folder) / SUBFOLDER
    matches = filter(None, map(_NAME.fullmatch, names(folder)))
    found = [(match, Checkpoints(folder, match[0], None).peek()) for match in matches]
    partials = [_partial(match, *state) for match, state in found if state is not None]
    return sorted(partials, key=lambda p: (p.name, p.seed))


def _partial(match, done, values):
    phase = "first" if match["name"].startswith("dense-") else "second"
    return Partial(match["name"], int(match["seed"]), phase, done, values.get("epochs", done))
