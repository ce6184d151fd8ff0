"""The masks of a training, and the hook that applies them after each optimizer step.

The hook runs after the optimizer's `apply`, in the same graph. There the weights are those that
tfmot ranks at the beginning of its next step, and every step ends with masked weights. `detach`
removes masks and hooks. If it was not called (after an interrupt), the next `fit`,
`train_on_batch` or `evaluate` of the model calls it. Masks and hooks are never saved with a model.
"""

from __future__ import annotations

import os
from contextlib import contextmanager

import keras
import numpy as np
from keras import ops

from prunelab.base.host import threads_there_are


def innermost(optimizer):
    """The optimizer that changes the weights, without the wrappers that scale the loss."""
    while hasattr(optimizer, "inner_optimizer"):
        optimizer = optimizer.inner_optimizer
    return optimizer


def taken(optimizer):
    """The number of steps an optimizer has taken; accumulated gradients count as one step."""
    return int(ops.convert_to_numpy(ops.convert_to_tensor(optimizer.iterations)))


class Attached:
    """Masks and hooks in a model's optimizer, until `detach`.

    groups: see `ranking.Group`. done: steps of the schedule that are already done. last: the last
    step of this training, or None if it is not known.
    """

    def __init__(self, model, groups, *, done, last):
        self.model, self.groups, self.last = model, groups, last
        self.optimizer = innermost(model.optimizer)
        self._ended: int | None = None
        self.offset = done - taken(self.optimizer)
        self.engine = ENGINES[keras.backend.backend()](model, self.optimizer)
        self.masks = [self.engine.variables(self._first_masks(group, done)) for group in groups]
        self.averages = [self._averages(group) for group in groups]
        self._hold()
        self._hook()

    @property
    def done(self):
        """The steps of the schedule done so far, or until `detach`."""
        return taken(self.optimizer) + self.offset if self._ended is None else self._ended

    def detach(self):
        """Remove the masks and the hooks; pruned weights stay zero."""
        if self._ended is not None:
            return
        self._hold()
        self._ended = self.done
        self.engine.forget([mask for masks in self.masks for mask in masks])
        self.engine.part(getattr(self.optimizer, "_model_variables_moving_average", ()))
        for owner, name in self._hooked:
            delattr(owner, name)
        self._hooked = []
        self.model.train_function = None  # it was compiled with the masks

    def _first_masks(self, group, done):
        """The masks before the next step: newly found if an update is due, else the zeros."""
        arrays = [ops.convert_to_numpy(kernel.weight) for kernel in group.kernels]
        if group.due(done + 1, self.last):
            return group.masks(done + 1, *arrays)
        masks = [array != 0 for array in arrays]
        sparsity = group.sparsity_after(done)
        if sparsity is None:
            return [np.ones(array.shape, bool) for array in arrays]
        kept = sum(map(np.count_nonzero, masks)) / sum(mask.size for mask in masks)
        if 1 - kept < sparsity / 2:  # the model was trained without masks in between
            return group.masks(group.last_update(done), *arrays)
        return masks

    def _averages(self, group):
        """The optimizer's moving average of each kernel; None if it keeps none."""
        if not self.optimizer.use_ema:
            return [None] * len(group.kernels)
        at = self.optimizer._get_variable_index
        averages = self.optimizer._model_variables_moving_average
        return [averages[at(kernel.weight)] for kernel in group.kernels]

    def _hook(self):
        """Add our step after the optimizer's, and keep the masks out of saved files."""
        optimizer, model, self._hooked = self.optimizer, self.model, []

        def hook(owner, name, function):
            setattr(owner, name, function)
            self._hooked.append((owner, name))

        def after(apply):
            def apply_and_mask(grads, trainable_variables=None):
                apply(grads, trainable_variables)
                self.engine.step(self._after_step)

            return apply_and_mask

        def without_masks(method):
            def call(store):
                with self._hidden():
                    method(store)

            return call

        def begin_anew(force=False):
            self.detach()
            model.make_train_function(force)

        hook(optimizer, "apply", after(optimizer.apply))
        for name in ("save_own_variables", "load_own_variables"):
            hook(optimizer, name, without_masks(getattr(optimizer, name)))
        type(model).make_train_function(model, force=True)
        hook(model, "make_train_function", begin_anew)

    @contextmanager
    def _hidden(self):
        masks = [mask for masks in self.masks for mask in masks]
        self.engine.forget(masks)
        try:
            yield
        finally:
            self.engine.remember(masks)

    def _after_step(self):
        """Update and apply the masks after an optimizer step, in the same graph."""
        step = self.engine.number(self.optimizer.iterations) + (self.offset + 1)
        moved = True
        if self.optimizer.gradient_accumulation_steps:
            batches = self.engine.number(self.optimizer._iterations)
            moved = batches % self.optimizer.gradient_accumulation_steps == 0
        for group, masks in zip(self.groups, self.masks, strict=True):
            if group.n_of_m is None:  # n-of-m masks are found once, before the first step
                self.engine.renew(group.due(step, self.last) & moved, group, step, masks)
        self._hold()

    def _hold(self):
        """Set to zero the weights that the masks remove, and their averages."""
        for group, masks, averages in zip(self.groups, self.masks, self.averages, strict=True):
            for kernel, mask, average in zip(group.kernels, masks, averages, strict=True):
                self.engine.hold(kernel.weight, mask)
                if average is not None:
                    self.engine.hold(average, mask)


class _Engine:
    """Stores, updates and applies masks on a backend; this base class does so on TensorFlow."""

    def __init__(self, model, optimizer):
        import tensorflow as tf

        self.tf = tf
        self.in_graph = model.jit_compile and not model.run_eagerly

    def variables(self, masks):
        """The masks as variables of the backend."""
        return [self.tf.Variable(mask, trainable=False) for mask in masks]

    def forget(self, masks):
        """Remove the masks from the optimizer's variables, if the backend put them there."""

    def remember(self, masks):
        """Undo `forget`."""

    def part(self, averages):
        """Give the moving averages their own buffers, on backends that need it."""

    def step(self, function):
        """Call `function` after the optimizer's step."""
        function()

    def number(self, iterations):
        """A step count as a number of the backend's."""
        return self.tf.cast(self.tf.convert_to_tensor(iterations), self.tf.int64)

    def renew(self, due, group, step, masks):
        """Find new masks for the group if `due`."""
        weights = [kernel.weight.value for kernel in group.kernels]

        def found():
            if self.in_graph:
                tensors = [self.tf.convert_to_tensor(weight) for weight in weights]
                new = group.masks_in_graph(step, tensors, bits)
            else:
                new = self.tf.numpy_function(group.masks, [step, *weights], [bool] * len(masks))
                new = new if isinstance(new, list | tuple) else [new]  # one result, run eagerly
            for mask, value in zip(masks, new, strict=True):
                mask.assign(self.tf.ensure_shape(value, mask.shape))

        self.tf.cond(due, found, lambda: None)

    def hold(self, variable, mask):
        """Set the masked entries of a variable to zero."""
        value = variable.value
        variable.assign(self.tf.where(mask, value, self.tf.zeros((), value.dtype)))


class _JaxEngine(_Engine):
    """On JAX the masks are optimizer variables; else the compiled step would fix them."""

    def __init__(self, model, optimizer):
        import jax

        self.jax, self.optimizer = jax, optimizer
        # A JAX callback waits for its arguments, which another thread computes; with one thread it
        # waits for ever.
        self.in_graph = jax.default_backend() != "cpu" or _threads() < 2

    def variables(self, masks):
        made = [
            self.optimizer.add_variable(mask.shape, "ones", "bool", name="mask") for mask in masks
        ]
        for variable, mask in zip(made, masks, strict=True):
            variable.assign(mask)
        return made

    def forget(self, masks):
        for mask in masks:
            self.optimizer._untrack_variable(mask)

    def remember(self, masks):
        for mask in masks:
            self.optimizer._track_variable(mask)

    def part(self, averages):
        # After training, Keras lets weights and averages share one buffer, which `predict` donates.
        for average in averages:
            average.assign(self.jax.numpy.array(average.value, copy=True))

    def number(self, iterations):
        return ops.convert_to_tensor(iterations)

    def renew(self, due, group, step, masks):
        weights = [kernel.weight.value for kernel in group.kernels]
        shapes = [self.jax.ShapeDtypeStruct(mask.shape, bool) for mask in masks]

        def found():
            if self.in_graph:
                return group.masks_in_graph(step, weights, bits)
            return self.jax.pure_callback(group.masks, shapes, step, *weights)

        new = self.jax.lax.cond(due, found, lambda: [mask.value for mask in masks])
        for mask, value in zip(masks, new, strict=True):
            mask.assign(value)

    def hold(self, variable, mask):
        variable.assign(ops.where(mask.value, variable.value, 0))


class _TorchEngine(_Engine):
    """On PyTorch the masks are updated and applied in place, without a graph."""

    def __init__(self, model, optimizer):
        import torch

        self.torch = torch
        self._outside = torch.compiler.disable(torch.no_grad()(lambda function: function()))

    def variables(self, masks):
        # As uint8, by which PyTorch multiplies twice as fast as by bool.
        return [self.torch.from_numpy(mask.view(np.uint8)) for mask in masks]

    def step(self, function):
        self._outside(function)

    def number(self, iterations):
        return int(iterations)

    def renew(self, due, group, step, masks):
        if not due:
            return
        weights = [kernel.weight.value.detach().cpu() for kernel in group.kernels]
        new = group.masks(step, *[_as_numpy(weight) for weight in weights])
        for mask, value in zip(masks, new, strict=True):
            mask.copy_(self.torch.from_numpy(value.view(np.uint8)))

    def hold(self, variable, mask):
        variable.value.detach().mul_(mask)


def _threads():
    """The number of threads XLA uses on the processor."""
    asked = os.environ.get("NPROC", "")
    if asked.isdecimal():
        return int(asked)
    return threads_there_are()


def bits(magnitudes):
    """float32 reinterpreted as int32, bit for bit, in a graph of TensorFlow or JAX."""
    if keras.backend.backend() == "jax":
        import jax

        return jax.lax.bitcast_convert_type(magnitudes, "int32")
    import tensorflow as tf

    return tf.bitcast(magnitudes, tf.int32)


def _as_numpy(tensor):
    """A tensor as a NumPy array, without a copy; bfloat16 is converted, since NumPy has none."""
    return (tensor.float() if tensor.itemsize < 4 else tensor).numpy()


ENGINES = {"tensorflow": _Engine, "jax": _JaxEngine, "torch": _TorchEngine}
