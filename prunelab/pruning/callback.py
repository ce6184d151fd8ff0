"""The pruner: a callback for Keras 3's `fit` that needs no wrapping and no stripping."""

from __future__ import annotations

import sys
import warnings
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import keras
import numpy as np
from keras import ops

from prunelab.base.checks import shown, whole
from prunelab.pruning.attached import Attached, innermost, taken
from prunelab.pruning.kernels import checked_names, kernels_of
from prunelab.pruning.ranking import Group
from prunelab.schedules.flight import KernelFlight
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay, checked_schedule

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

    Schedule = PolynomialDecay | ConstantSparsity

SCOPES = ("layer", "global")


class PruningWarning(UserWarning):
    """A training ends before its schedule; the message gives the sparsity reached."""


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


class PruneLowMagnitude(keras.callbacks.Callback):
    """Set the smallest weights to zero while a Keras 3 model trains, on a schedule.

        pruner = PruneLowMagnitude(PolynomialDecay(0, 0.75, 400, 1200))
        model.fit(x, y, epochs=200, callbacks=[pruner])

    The masks are tfmot's, rounding and ties included. They are applied after every step, so they
    hold at the end of an epoch, in `evaluate` and `predict`, in a checkpoint and after an
    interrupt. There is nothing to strip: a saved model is the plain model.

    schedule: a PolynomialDecay or ConstantSparsity of `prunelab.schedules` or of tfmot, or a dict
    {layer name: schedule}. layers, exclude: names of layers to prune, and not to prune. A name is a
    layer's own or includes the enclosing layers ("encoder/dense"); the name of a model or a
    composite layer means all layers in it. block_size: (inputs, units) pruned together, ranked by
    the mean (or, with block_pooling_type="MAX", the largest) of their magnitudes; for kernels of
    two axes. sparsity_m_by_n: (m, n) for m zeros in every n inputs; these masks are found once, at
    step 1, whatever the schedule says, as in tfmot. For kernels of two axes, and for convolutions
    along their channels. scope: "layer" gives every kernel the schedule's sparsity; "global" finds
    one threshold for all kernels, so that layers of small weights lose more. prune_output: prune
    the last layer too; otherwise it stays dense, unless `layers` names it. start_step: the
    optimizer's step from which the schedule counts.

    | layer | what is pruned |
    | --- | --- |
    | Dense, EinsumDense, Conv*, attention's projections | kernel |
    | SimpleRNN, LSTM, GRU, ConvLSTM | kernel, recurrent_kernel |
    | Separable* | pointwise_kernel |
    | Embedding, if `layers` names it | embeddings |
    | a reader's own, if it has get_prunable_weights() | the weights it returns |
    | a reader's own, if `layers` names it | its weights of two axes or more |
    | any, never | biases, norms, depthwise kernels, LoRA's own kernels, frozen weights |

    Steps are those of the optimizer (`optimizer.iterations`), as a learning-rate schedule counts
    them: accumulated gradients count as one step, and `steps_per_execution` changes nothing. A
    model loaded with its optimizer continues at the step where it was saved, with its zeros as
    masks. The same pruner continues to count in a second `fit` of the same model. Raises TypeError
    or ValueError, in one sentence, before the first step.

    Source of the masks: tfmot 0.8's `pruning_impl.py`; Zhu & Gupta (2017).
    """

    def __init__(
        self,
        schedule: Schedule | Mapping[str, Schedule],
        *,
        layers: str | Collection[str] | None = None,
        exclude: str | Collection[str] | None = None,
        block_size: tuple[int, int] = (1, 1),
        block_pooling_type: str = "AVG",
        sparsity_m_by_n: tuple[int, int] | None = None,
        scope: str = "layer",
        prune_output: bool = False,
        start_step: int = 0,
    ) -> None:
        super().__init__()
        self._schedules = _checked_schedules(schedule, layers)
        self._layers = layers if self._schedules.keys() == {None} else tuple(self._schedules)
        self._exclude = exclude
        checked_names("layers", self._layers)
        checked_names("exclude", exclude)
        self._block = _two("block_size", block_size, at_least=1)
        if block_pooling_type not in ("AVG", "MAX"):
            raise ValueError(
                f"block_pooling_type={shown(block_pooling_type)}: write 'AVG' or 'MAX'"
            )
        self._pooling = block_pooling_type
        self._n_of_m = _checked_n_of_m(sparsity_m_by_n)
        if scope not in SCOPES:
            raise ValueError(f"scope={shown(scope)}: write 'layer' or 'global'")
        self._joint = scope == "global"
        if self._n_of_m and (self._joint or self._block != (1, 1)):
            other = "scope='global'" if self._joint else f"block_size={self._block}"
            raise ValueError(
                f"{other} and sparsity_m_by_n={self._n_of_m} cannot both be: leave one out"
            )
        self._output = bool(prune_output)
        self._start = whole("start_step", start_step)
        self._attached: Attached | None = None
        self._begun = False
        self._before: tuple[Any, int] = (lambda: None, 0)  # the model trained last, and its steps

    # ------------------------------------------------------------------------ what Keras calls

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Wait for the first epoch: until then other callbacks may load a model's state."""
        self._begun = False

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Before the first step, find the kernels and attach the masks."""
        if self._begun:
            return
        self._begun = True
        model, around = self.model, _callbacks_around()
        _check_alone(around)
        kernels = self._kernels(model)
        groups = self._groups(kernels)
        if not model.optimizer.built:  # TensorFlow's fit builds it only in the first step
            model.optimizer.build(model.trainable_variables)
        optimizer = innermost(model.optimizer)
        self._remember()
        trained, steps = self._before
        done = steps if trained() is model else max(taken(optimizer) - self._start, 0)
        batches = self._batches(epoch)
        last = None if batches is None else done + _steps_of(optimizer, batches)
        if trained() is not model:
            _check_zeros(groups, done)
        _check_restoring(around, groups, done, epoch, self.params.get("steps"))
        self._warn_of_end(groups, last)
        self._warned = last
        self._attached = Attached(model, groups, done=done, last=last)

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Remove masks and hooks; pruned weights stay zero."""
        attached = self._attached
        if attached is None:
            return
        attached.detach()
        self._remember()
        if self._warned is None or attached.done < self._warned:
            self._warn_of_end(attached.groups, attached.done)

    # ------------------------------------------------------------------------------ for readers

    def report(self, model: keras.Model | None = None) -> Report:
        """Which weights are pruned, with their zeros, and which stay dense and why: a `Report`.

        model: the model to report on, also before any training; None is the model trained last.
        """
        model = self.model if model is None else model
        if model is None:
            raise ValueError("report() knows no model yet: write report(model), or train one first")
        if hasattr(model, "jax_state_sync"):
            model.jax_state_sync()
        kernels = self._kernels(model)
        self._remember()
        trained, steps = self._before
        rows = tuple(
            Row(kernel.name, kernel.shape, _zeros(kernel), kernel.dense_because)
            for kernel in kernels
        )
        others = model.count_params() - sum(row.size for row in rows)
        return Report(rows, others, steps if trained() is model else 0)

    # --------------------------------------------------------------------------------- inside

    def _warn_of_end(self, groups, last):
        """Warn if a training that ends at step `last` does not complete its schedule."""
        for group in groups:
            if last is not None and last < group.settled:
                held = group.sparsity_after(last) or 0.0
                warnings.warn(
                    f"the training ends at step {last:,} and the schedule at {group.settled:,}: it "
                    f"stops at {held:.2%} zeros of {group.schedule.final_sparsity:.2%}; train "
                    "longer or lower end_step",
                    PruningWarning,
                    stacklevel=2,
                )

    def _remember(self):
        """Note the step that the current or interrupted training has reached."""
        if self._attached is not None:
            self._before = weakref.ref(self._attached.model), self._attached.done

    def _kernels(self, model):
        check_model(model)
        kernels = kernels_of(model, self._layers, self._exclude, output=self._output)
        for kernel in kernels:
            axes = len(kernel.shape)
            if kernel.dense_because:
                continue
            if self._block != (1, 1) and axes != 2:
                raise ValueError(
                    f"block_size={self._block}: {kernel.name} has {axes} axes, and blocks need a "
                    f"matrix; add exclude=[{kernel.layer!r}]"
                )
            if self._n_of_m and axes not in (2, 4):
                raise ValueError(
                    f"sparsity_m_by_n={self._n_of_m}: {kernel.name} has {axes} axes, and groups "
                    f"need 2 or 4; add exclude=[{kernel.layer!r}]"
                )
        return kernels

    def _groups(self, kernels):
        """The pruned kernels, in one `Group` for each schedule."""
        shared = {"block": self._block, "pooling": self._pooling, "n_of_m": self._n_of_m}
        groups, left = [], [kernel for kernel in kernels if not kernel.dense_because]
        for name, schedule in self._schedules.items():
            its = [k for k in left if name is None or f"/{name}/" in f"/{k.layer}/"]
            left = [kernel for kernel in left if kernel not in its]
            if its:
                groups.append(Group(tuple(its), schedule, **shared, joint=self._joint))
        return groups

    def _batches(self, epoch):
        """The number of batches left in this training, or None if Keras does not know."""
        epochs, steps = self.params.get("epochs"), self.params.get("steps")
        return None if epochs is None or steps is None else (epochs - epoch) * steps


def _checked_schedules(schedule, layers):
    """{layer name, or None for all layers: schedule}."""
    if not isinstance(schedule, Mapping) or "pruning_schedule" in schedule:
        also = ", or a dict of one for each layer"
        schedules = {None: checked_schedule("schedule", schedule, also)}
    elif layers is not None:
        raise ValueError("layers: a dict of schedules names the layers already; leave layers out")
    elif not schedule or any(not isinstance(name, str) for name in schedule):
        raise ValueError(f"schedule={shown(schedule)}: write a dict of layers' names and schedules")
    else:
        schedules = {
            name: checked_schedule(f"schedule[{name!r}]", each) for name, each in schedule.items()
        }
    for each in schedules.values():
        if isinstance(each, PolynomialDecay) and each.begin_step == each.end_step:
            raise ValueError(
                f"schedule begins and ends at step {each.begin_step}: the formula divides by zero "
                "there; raise end_step, or use ConstantSparsity for a single cut"
            )
    return schedules


def _two(name, value, at_least):
    try:
        first, second = value
    except (TypeError, ValueError):
        raise ValueError(f"{name}={shown(value)}: write two whole numbers") from None
    return tuple(whole(f"{name}[{i}]", n, at_least=at_least) for i, n in enumerate((first, second)))


def _checked_n_of_m(value):
    if value is None:
        return None
    zeros, among = _two("sparsity_m_by_n", value, at_least=1)
    if zeros >= among:
        raise ValueError(
            f"sparsity_m_by_n={(zeros, among)}: {zeros} zeros of every {among} must leave a weight"
        )
    return zeros, among


def check_model(model):
    """Refuse, in one sentence, what is not a built model of Keras 3 on one device."""
    if not isinstance(model, keras.Model):
        kind = f"{type(model).__module__.partition('.')[0]} {type(model).__name__}"
        raise TypeError(
            f"model is a {kind}: this pruner takes models of Keras 3; those of tf_keras are pruned "
            "by prunelab.networks"
        )
    if not model.built:
        raise ValueError("model has no weights yet: call it on a batch before fit, model(x[:1])")
    if getattr(model, "_distribute_strategy", None) is not None:
        raise ValueError(
            "model was made under tf.distribute, where masks were never tried: train it on one "
            "device"
        )


def _steps_of(optimizer, batches):
    """The number of steps the optimizer takes in `batches` batches."""
    among = optimizer.gradient_accumulation_steps or 1
    behind = int(ops.convert_to_numpy(ops.convert_to_tensor(optimizer._iterations)))
    return (behind + batches) // among - behind // among


def _zeros(kernel):
    return kernel.size - int(np.count_nonzero(ops.convert_to_numpy(kernel.weight)))


def _check_zeros(groups, done):
    """Refuse a model with less than half of the zeros that the schedule has set by step `done`."""
    for group in groups:
        sparsity = group.sparsity_after(done)
        size = sum(kernel.size for kernel in group.kernels)
        held = sum(map(_zeros, group.kernels)) / size
        if sparsity and held < sparsity / 2:
            raise ValueError(
                f"the optimizer has taken {done:,} steps, where the schedule holds {sparsity:.2%} "
                f"zeros, and the kernels have {held:.2%}: compile again to count from 0, or write "
                f"start_step={done} to begin the schedule now"
            )


def _check_alone(callbacks):
    """Refuse two pruners in one `fit`: each would attach its masks to the optimizer."""
    count = sum(isinstance(callback, PruneLowMagnitude) for callback in callbacks)
    if count > 1:
        raise ValueError(
            f"callbacks holds {count} PruneLowMagnitude: write one; for a schedule of each layer "
            "give it a dict, {layer name: schedule}"
        )


def _check_restoring(callbacks, groups, done, epoch, steps):
    """Refuse a callback that would restore weights of an epoch with lower sparsity at the end."""
    for callback in callbacks:
        if not getattr(callback, "restore_best_weights", False):
            continue
        first = getattr(callback, "start_from_epoch", 0) or 0
        settled = max(group.settled for group in groups)
        reached = done if steps is None else done + max(first + 1 - epoch, 1) * steps
        if settled > reached:
            enough = (
                "" if steps is None else f" (start_from_epoch={epoch + (settled - done) // steps})"
            )
            raise ValueError(
                f"{type(callback).__name__}(restore_best_weights=True) may bring back an epoch "
                f"before the last mask update, at step {settled:,}: let it begin later{enough}, or "
                "leave restore_best_weights out"
            )


def _callbacks_around():
    """The callbacks of the `fit` that calls this one; Keras has no way to ask for them."""
    frame = sys._getframe(1)
    for _ in range(6):
        if frame is None:
            break
        holder = frame.f_locals.get("self")
        if isinstance(holder, keras.callbacks.CallbackList):
            return holder.callbacks
        frame = frame.f_back
    return []
