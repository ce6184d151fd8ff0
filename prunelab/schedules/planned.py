"""What an engine says of a model before it is pruned: its kernels, and what will be done to each.

The engines (`networks.engine`, `pruning.engine`) make a `Plan` of a model, and `preflight` counts.
Source: `sparsity/keras/pruning_wrapper.py` and `pruning_impl.py` of tfmot 0.8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from prunelab.masks.magnitude import count_kept
from prunelab.schedules.findings import HINT, PROBLEM, Finding, schedule_findings
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay, sparsity_float32


@dataclass(frozen=True)
class Wrapper:
    """What tfmot's pruning wrapper around a layer decides, whatever schedule `preflight` is given.

    schedule: its own. block: (inputs, units) pruned together. n_of_m: (zeros, among) of its
    `sparsity_m_by_n`, or None. calls: how often a step calls the layer; the wrapper counts each
    call as a step. done: the steps it has counted in an earlier training.
    """

    schedule: PolynomialDecay | ConstantSparsity
    block: tuple[int, int] = (1, 1)
    n_of_m: tuple[int, int] | None = None
    calls: int = 1
    done: int = 0


@dataclass(frozen=True)
class PlannedKernel:
    """One kernel of a model to be pruned.

    name, layer, shape: as in the model. dense_because: why it stays dense; empty if it is pruned.
    wrapper: the `Wrapper` it is in already; None if the schedule handed over prunes it.
    """

    name: str
    layer: str
    shape: tuple[int, ...]
    dense_because: str = ""
    wrapper: Wrapper | None = None

    @property
    def grid(self):
        """The shape of its blocks; its own where weights are pruned one by one."""
        block = (1, 1) if self.wrapper is None else self.wrapper.block
        if block == (1, 1):
            return self.shape
        return tuple(-(-n // span) for n, span in zip(self.shape, block, strict=True))

    def zeros(self, schedule, total_steps):
        """(its zeros at the end of a run, whether that is the number or the least there can be)."""
        held = self.wrapper
        if self.dense_because:
            return 0, True
        if held is not None:
            schedule, total_steps = held.schedule, held.done + held.calls * total_steps
            if held.n_of_m:
                return self._zeros_in_groups(*held.n_of_m), True
        updates = schedule.update_range(total_steps)
        if not updates:
            return 0, True
        units = math.prod(self.grid)
        gone = units - count_kept(units, sparsity_float32(schedule, np.int64(updates[-1])))
        if self.grid == self.shape:
            return gone, True
        sides = [_spans(n, span) for n, span in zip(self.shape, held.block, strict=True)]
        sizes = np.sort(np.outer(*sides), axis=None)  # blocks at the edge hold fewer weights
        return int(sizes[:gone].sum()), bool(gone in (0, units) or sizes[0] == sizes[-1])

    def _zeros_in_groups(self, n, m):
        """tfmot fills the last group of inputs with zeros, which are then the first to go."""
        inputs = self.shape[-2]
        whole, left = divmod(inputs, m)
        return (whole * n + max(left - (m - n), 0)) * (math.prod(self.shape) // inputs)


def _spans(length, span):
    """The lengths of the blocks along one side."""
    whole, left = divmod(length, span)
    return [span] * whole + [left] * bool(left)


@dataclass(frozen=True)
class Plan:
    """The kernels of a model, and why it cannot be pruned; `refusal` is empty if it can."""

    kernels: tuple[PlannedKernel, ...]
    refusal: str = ""


def plan_findings(plan, schedule, total_steps):
    """What is wrong with a model's `Plan` under the schedule that was handed over."""
    if plan.refusal:
        yield Finding(
            "model_refused",
            "This model cannot be pruned as it is, and no weight will become zero.",
            f"{plan.refusal[0].upper()}{plan.refusal[1:]}.",
        )
        return
    layers = {}
    for kernel in plan.kernels:
        if kernel.wrapper is not None and not kernel.dense_because:
            layers.setdefault(kernel.wrapper, {}).setdefault(kernel.layer, []).append(kernel)
    for wrapper, its in layers.items():
        yield from _wrapper_findings(wrapper, its, schedule, total_steps)


def sizes_of(plan, schedule):
    """The numbers of weights, or blocks, of the kernels that a schedule itself prunes."""
    return [
        math.prod(kernel.grid)
        for kernel in plan.kernels
        if not kernel.dense_because and _follows(kernel.wrapper, schedule)
    ]


def _follows(wrapper, schedule):
    return wrapper is None or (wrapper.schedule == schedule and wrapper.n_of_m is None)


def _wrapper_findings(wrapper, layers, schedule, total_steps):
    first, *others = layers
    who = f"{first} and {len(others)} more layers are" if others else f"{first} is"
    if wrapper.n_of_m:
        n, m = wrapper.n_of_m
        yield Finding(
            "n_of_m_without_schedule",
            f"{who} wrapped with sparsity_m_by_n={(n, m)}: tfmot finds those masks once, at step "
            "1, and no schedule changes them.",
            "Wrap without sparsity_m_by_n if the schedule is to be followed.",
            HINT if n / m == schedule.final_sparsity else PROBLEM,
        )
        return
    if wrapper.schedule != schedule:
        yield Finding(
            "other_schedule",
            f"{who} wrapped with another schedule, {wrapper.schedule!r}, and tfmot follows that.",
            "Wrap with the schedule handed over, or hand over the one in the wrapper.",
        )
    if wrapper.calls > 1:
        yield Finding(
            "calls_as_steps",
            f"{who} called {wrapper.calls} times in a step, and tfmot counts each call as a step, "
            f"so the schedule runs {wrapper.calls} times as fast.",
            "Multiply the steps of that wrapper's schedule, or wrap a layer that is called once.",
        )
    if wrapper.done:
        yield Finding(
            "steps_done",
            f"{who} wrapped since an earlier training, and the count goes on from step "
            f"{wrapper.done}.",
            "Wrap the dense model anew to begin at step 0.",
            HINT,
        )
    if wrapper.schedule != schedule:
        sizes = [math.prod(kernel.grid) for its in layers.values() for kernel in its]
        steps = wrapper.done + wrapper.calls * total_steps
        for found in schedule_findings(wrapper.schedule, steps, sizes):
            yield replace(found, message=f"In the wrapper of {first}: {found.message}")
