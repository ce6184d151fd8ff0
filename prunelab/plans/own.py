"""Train the arms of a reader's own experiment: the shared first phase, then each arm's second.

The two engines, tf_keras with tfmot and Keras 3 with its pruner, have the same functions
(`networks.engine`, `pruning.engine`); the code here is the same for both.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from weakref import WeakKeyDictionary

import numpy as np

from prunelab.base.checks import shown
from prunelab.base.engines import arrays_in, engine_of
from prunelab.base.host import provenance
from prunelab.base.text import first_line
from prunelab.experiments.identity import (
    WORDS,
    data_identity,
    differences,
    listed,
    model_identity,
    name_of,
    settings_identity,
)
from prunelab.experiments.own import Curves, OwnResult
from prunelab.experiments.results import DivergedError
from prunelab.experiments.spec import RunSpec
from prunelab.masks.patterns import random_mask
from prunelab.plans.measures import value_of
from prunelab.schedules.schedule import ConstantSparsity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from prunelab.experiments.own import Arm, Experiment

    Progress = Callable[[int, int, Mapping[str, float]], object] | None

PARTS = ("training", "validation", "test")
BISECTIONS = 8  # steps of the search for the width of a small network
WIDTHS = ("units", "filters")
_engines: WeakKeyDictionary[Experiment, Any] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Trained:
    """A finished first phase: all that its arms need to continue from it."""

    digest: str
    seed: int
    phase: Curves
    weights: tuple[np.ndarray, ...]
    network_digest: str
    identity: dict[str, str]


def first_phase(spec: RunSpec, progress: Progress = None) -> Trained:
    """Train the network of a run, unpruned, for the epochs that all arms share."""
    arm, seed = cast("Arm", spec.config), spec.seed
    engine, model = _built(arm, seed)
    data = splits(arm.experiment, seed)
    described, identity = _described(model), _identity(engine, model, data)
    if arm.experiment.fit is None:
        _check_data(engine, model, data)
    phase = _fit(engine, model, arm, seed, data, arm.dense_epochs, 0, (), progress)
    weights = tuple(np.array(w) for w in model.get_weights())
    return Trained(arm.dense_digest, seed, phase, weights, described, identity)


def second_phase(spec: RunSpec, dense: Trained, progress: Progress = None) -> OwnResult:
    """Train a run's second phase, with a fresh optimizer; return its `OwnResult`."""
    arm, seed = cast("Arm", spec.config), spec.seed
    engine, plain = _built(arm, seed)
    data = splits(arm.experiment, seed)
    _check_the_same(_described(plain), _identity(engine, plain, data), dense)
    plain.set_weights(list(dense.weights))
    _zero_at_random(engine, plain, arm, seed)
    model, callbacks, judge = plain, [], None
    if arm.schedule is not None:
        model, callbacks = engine.pruned(plain, arm.schedule, arm.prune_output)
    if arm.l2:
        _, judge = _built(arm, seed)  # without the penalty, so that losses are comparable
        engine.penalise(model, arm.l2)
    if arm.learning_rate is not None:
        _set_rate(model, arm.learning_rate)
    phase = Curves({}, 0.0)
    if arm.more_epochs:
        given = (engine, model, arm, seed, data, arm.more_epochs, arm.dense_epochs)
        phase = _fit(*given, callbacks, progress, judge)
    final = model if judge is None else judge
    if judge is not None:
        judge.set_weights(model.get_weights())
    scores = {name: _scores(final, part, arm) for name, part in data.items()}
    kernels = _named(engine, engine.kernels(model))
    return OwnResult(
        config=arm,
        seed=seed,
        engine=engine.NAME,
        network_digest=dense.network_digest,
        data_digest=_digest_of(data),
        dense=dense.phase,
        second=phase,
        train=scores["training"],
        val=scores["validation"],
        test=scores.get("test"),
        sizes={name: kernel.size for name, kernel in kernels.items()},
        zeros={name: _zeros(engine, kernel) for name, kernel in kernels.items()},
        provenance=provenance(engine.THREADS),
        identity=dense.identity,
    )


def _identity(engine, model, data):
    return model_identity(model, dir(engine.keras.layers)) | {"data": data_identity(data)}


def _check_the_same(described, identity, dense):
    changed = differences(dense.identity, identity)
    if described != dense.network_digest or changed not in ("", WORDS["data"]):
        raise ValueError("build: it returns another network for the same seed the second time")
    if changed:
        raise ValueError(
            "data: it returns other data for the same seed the second time; draw them by the seed"
        )


@dataclass(frozen=True)
class Looked:
    """What `build` and `data` return now, by their digests; see `experiments.identity`."""

    engine: str
    network_digest: str
    data_digest: str | None
    identity: dict[str, str]


def looked(arm: Arm, seed: int) -> Looked:
    """Task: build the network of an arm, load its data, train nothing."""
    engine, model = _built(arm, seed)
    data = splits(arm.experiment, seed)
    described, identity = _described(model), _identity(engine, model, data)
    return Looked(engine.NAME, described, _digest_of(data), identity)


def to_look_at(results: Any) -> list[OwnResult]:
    """The stored runs, of one seed, that tell whether the experiment has changed since.

    One for each first phase; a network that was narrowed is made of that of `build`.
    """
    found = [run for run in results if run.seed == results[0].seed]
    firsts = {run.config.dense_digest: run for run in reversed(found)}
    made = [r for r in firsts.values() if not r.config.small or r.config.experiment.small]
    return made or list(firsts.values())[:1]


def changes(run: OwnResult, now: OwnResult | Looked) -> str:
    """What has changed since a run was stored, in words; "" for nothing.

    now: of the same seed and first phase. A run that was stored before there were identities is
    compared by its network and training data alone.
    """
    said = [differences(run.identity, now.identity)]
    if not run.identity or not now.identity:
        other = run.network_digest != now.network_digest
        said = [WORDS["network"]] * other
        if None not in (run.data_digest, now.data_digest) and run.data_digest != now.data_digest:
            said.append(WORDS["data"])
    if run.engine != now.engine:
        said = [f"another engine ({run.engine})", *said]
    return listed([words for words in said if words])


@dataclass(frozen=True, eq=False)
class ArmTrial:
    """A trial of a search on an `Experiment`: `search(evaluate=ArmTrial(experiment))`.

    Each trial prunes the network by the candidate's schedule, for its epochs, after a first phase
    that is trained once per seed. arm: "pruned" or "output_whole". The search's objectives are the
    metrics on validation data, "val_accuracy" for instance, "nonzeros" and "sparsity".
    """

    experiment: Experiment
    arm: str = "pruned"

    def identity(self, seed: int) -> dict[str, str]:
        """What the trials of one search must have in common, see `experiments.identity`."""
        (arm,) = self.experiment.arms(ConstantSparsity(0.5, 0), [self.arm])
        settings = [self.arm, arm.to_dict()["of"]]
        return looked(arm, seed).identity | {"settings": settings_identity(settings)}

    def __call__(self, candidate: Any, seed: int, report: Callable) -> dict[str, float]:
        """Train, report each epoch's validation loss, and return the measured values."""
        (arm,) = self.experiment.arms(candidate.schedule, [self.arm])
        rate = candidate.learning_rate
        arm = replace(arm, more_epochs=candidate.epochs, learning_rate=rate)

        def told(done, epochs, values):
            report(done - arm.dense_epochs, values["val_loss"])

        spec = RunSpec(arm, seed)
        run = second_phase(spec, _first_of(spec), told)
        measured = {f"val_{name}": value for name, value in run.val.items()}
        return measured | {name: value_of(run, name) for name in ("nonzeros", "sparsity")}


_firsts: WeakKeyDictionary[Experiment, dict[int, Trained]] = WeakKeyDictionary()


def _first_of(spec):
    """The first phase of an experiment for a seed, trained once per process."""
    kept = _firsts.setdefault(spec.config.experiment, {})
    if spec.seed not in kept:
        kept[spec.seed] = first_phase(spec)
    return kept[spec.seed]


def splits(experiment: Any, seed: int) -> dict[str, Any]:
    """{"training", "validation" and, if there is one, "test"} of what `data` returns, checked."""
    given = experiment.data(seed)
    if not isinstance(given, tuple | list) or len(given) not in (2, 3):
        raise TypeError("data: return (training, validation) or (training, validation, test)")
    found = dict(zip(PARTS, given, strict=False))
    for name, part in found.items():
        if not isinstance(part, tuple | list):
            if hasattr(part, "shape"):
                raise TypeError(f"data: {name} is one array, of {part.shape}; write (x, y)")
            if not hasattr(part, "__iter__") and not hasattr(part, "__getitem__"):
                raise TypeError(f"data: {name} is {shown(part)}; write (x, y) or a data set")
            continue
        if len(part) not in (2, 3):
            raise TypeError(f"data: {name} has {len(part)} parts; write (x, y) or (x, y, weights)")
        rows = {len(array) for array in arrays_in(tuple(part))}
        if len(rows) != 1 or 0 in rows:
            raise ValueError(f"data: the arrays of {name} have {sorted(rows)} rows; give as many")
    return found


def _check_data(engine, model, data):
    """Refuse inputs with NaN, and arrays of one input and one output that do not fit the model."""
    for name, part in data.items():
        if not isinstance(part, tuple | list):
            continue  # a data set
        for array in map(np.asarray, arrays_in(part[0])):
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise ValueError(f"data: x of {name} holds NaN or infinity: clean it first")
        engine.check_data(model, *part[:2], name)


def _named(engine, kernels):
    """{name: kernel}, with the same names for each network that `build` makes.

    Keras numbers unnamed layers with one counter for all networks: "dense_30" in the third network
    may be "dense_12" in the second; here it is "dense".
    """
    own = {name.lower() for name in dir(engine.keras.layers)} | {
        "model",
        "functional",
        "sequential",
    }
    seen: dict[str, list[str]] = {}

    def stable(part):
        kind = re.sub(r"_\d+$", "", part)
        if kind.replace("_", "") not in own:
            return part
        numbers = seen.setdefault(kind, [])
        if part not in numbers:
            numbers.append(part)
        at = numbers.index(part)
        return f"{kind}_{at}" if at else kind

    return {"/".join(map(stable, kernel.name.split("/"))): kernel for kernel in kernels}


def _zeros(engine, kernel):
    return kernel.size - int(np.count_nonzero(engine.array(kernel.weight)))


def _set_rate(model, rate):
    try:
        model.optimizer.learning_rate = rate
    except TypeError:
        raise ValueError(
            f"learning_rate={rate:g}: the optimizer of build has a schedule of its own; compile it "
            "with a number"
        ) from None


def _built(arm, seed):
    """(engine, new compiled model) of an arm; the seed is set first, so `build` need not set it."""
    experiment = arm.experiment
    build = experiment.small if arm.small and experiment.small else experiment.build
    if experiment not in _engines:  # learned from a first network, built before seeding
        _engines[experiment] = engine_of(build(seed), "build")
    engine = _engines[experiment]
    engine.keras.utils.set_random_seed(seed)
    model = build(seed)
    engine.check(model)
    if arm.small and experiment.small is None:
        model = _narrow(engine, model, arm.small)
    return engine, model


def _narrow(engine, model, sparsity):
    """`model` with narrower layers: its kernels have at most as many weights as pruning leaves.

    All layers with units or filters but the last are narrowed by the same factor.
    """
    wanted = (1 - sparsity) * sum(k.size for k in engine.kernels(model))
    last = [layer.name for layer in model.layers if set(WIDTHS) & set(layer.get_config())][-1]
    low, high, best = 0.0, 1.0, None
    for _ in range(BISECTIONS):
        share = (low + high) / 2
        try:
            made = _made_narrow(engine, model, share, last)
            size = sum(k.size for k in engine.kernels(made))
        except Exception as error:
            raise ValueError(
                f"small: no narrower network can be made of this model ({first_line(error)}); "
                "give Experiment(small=…), a function of a seed that builds one"
            ) from error
        if size <= wanted:
            low, best = share, made
        else:
            high = share
    if best is None:
        raise ValueError(f"small: one unit a layer has more than the {wanted:,.0f} weights left")
    return best


def _made_narrow(engine, model, share, last):
    def made(layer):
        config = layer.get_config()
        if layer.name != last:
            for width in set(WIDTHS) & set(config):
                config[width] = max(1, round(share * config[width]))
        return type(layer).from_config(config)

    copy = engine.keras.models.clone_model(model, clone_function=made)
    copy.compile_from_config(model.get_compile_config())
    return copy


def _described(model):
    """sha256 of what distinguishes networks: shapes, loss, optimizer."""
    shapes = [list(weight.shape) for weight in model.weights]
    optimizer = type(model.optimizer).__name__, model.optimizer.get_config() | {"name": ""}
    text = json.dumps([shapes, name_of(model.loss), optimizer], default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _zero_at_random(engine, model, arm, seed):
    """Set weights to zero at random, as many per kernel as magnitude pruning would."""
    sparsity = arm.schedule.final_sparsity if arm.at_random else arm.shake
    if not sparsity:
        return
    kernels = [k for k in engine.kernels(model) if not k.dense_because]
    for draw, kernel in enumerate(kernels):
        values = engine.array(kernel.weight)
        kept = random_mask(values.shape, sparsity, seed, draw)
        kernel.weight.assign(np.where(kept, values, np.zeros((), values.dtype)))


def _fit(engine, model, arm, seed, data, epochs, before, callbacks, progress, judge=None):
    """Train, and return the `Curves`; validation is measured after each epoch, masks applied."""
    experiment, rows = arm.experiment, {}
    engine.keras.utils.set_random_seed(seed * 1009 + before)  # the order of the samples
    theirs = () if experiment.callbacks is None else tuple(experiment.callbacks(seed))
    _check_callbacks(engine, theirs, arm)

    class Record(engine.keras.callbacks.Callback):
        """Measures each epoch, and passes the results to the callbacks after it."""

        def on_epoch_end(self, epoch, logs=None):
            if judge is not None:
                judge.set_weights(self.model.get_weights())
            judged = self.model if judge is None else judge
            found = {k: float(v) for k, v in (logs or {}).items()}
            scores = _scores(judged, data["validation"], arm)
            found |= {f"val_{name}": value for name, value in scores.items()}
            if not all(map(math.isfinite, found.values())):
                raise DivergedError(
                    f"{arm.name}, seed {seed}: the loss is no finite number after epoch "
                    f"{before + epoch + 1}; lower the learning rate"
                )
            if logs is not None:
                logs.update(found)
            for name, value in found.items():
                rows.setdefault(name, []).append(value)
            if progress is not None:
                progress(before + epoch + 1, before + epochs, found)

    options = _passed(data["training"], experiment.batch_size)
    if experiment.class_weight is not None:
        options["class_weight"] = dict(experiment.class_weight)
    began = time.perf_counter()
    fit = model.fit if experiment.fit is None else partial(experiment.fit, model)
    fit(**options, epochs=epochs, callbacks=[*callbacks, Record(), *theirs], verbose=0)
    seconds = time.perf_counter() - began
    if not rows:
        raise ValueError("fit: it called no callback; hand on the callbacks that it is given")
    return Curves({name: tuple(values) for name, values in rows.items()}, seconds)


def _passed(part, batch_size):
    """The arguments of `fit` and `evaluate` for arrays, or for a data set, which has batches."""
    if not isinstance(part, tuple | list):
        return {"x": part}
    names = ("x", "y", "sample_weight")
    return dict(zip(names, part, strict=False)) | {"batch_size": batch_size}


def _check_callbacks(engine, callbacks, arm):
    for callback in callbacks:
        if not isinstance(callback, engine.keras.callbacks.Callback):
            raise TypeError(f"callbacks: {shown(callback)} is no callback of the model's Keras")
        restores = getattr(callback, "restore_best_weights", False)
        if arm.schedule is not None and restores:
            raise ValueError(
                f"callbacks: {type(callback).__name__}(restore_best_weights=True) would bring back "
                "an epoch of fewer zeros; leave it out, or write restore_best_weights=False"
            )


def _scores(model, part, arm):
    """{metric: value} of a model, the loss among them."""
    options = _passed(part, max(arm.experiment.batch_size, 256))
    found = model.evaluate(**options, return_dict=True, verbose=0)
    return {name: float(value) for name, value in found.items()}


def _digest_of(data):
    """sha256 of the training arrays; None for a data set."""
    if not isinstance(data["training"], tuple | list):
        return None
    found = hashlib.sha256()
    for leaf in arrays_in(tuple(data["training"])):
        values = np.ascontiguousarray(leaf)
        found.update(f"{values.dtype} {values.shape}".encode())
        with suppress(ValueError):
            found.update(memoryview(values).cast("B"))
    return found.hexdigest()
