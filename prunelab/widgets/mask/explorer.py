"""MaskExplorer: cut a weight matrix by one slider and see what stays and what it costs."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from typing import TYPE_CHECKING

import traitlets

from prunelab.base.checks import shown, sparsity_fraction
from prunelab.base.text import percent, short
from prunelab.masks.patterns import PATTERNS, checked_criterion, pattern_named, rank
from prunelab.widgets.mask.data import as_text, checked_weights, gather, gather_layers, shown_values
from prunelab.widgets.mask.kernels import has_layers, matrices_of
from prunelab.widgets.mask.state import code_for, describe, facts, loss_at
from prunelab.widgets.shared.explorer import Checked, Explorer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import numpy as np
    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike, NDArray
    from tf_keras import Model

    from prunelab.masks.losses import MaskLosses

WIDEST_TITLE = 100  # letters in a row
HOW_TO = "no losses were measured:\nhand over losses=mask_losses(…)"


def draw_still(figure, explorer):
    """Draw heatmap, histogram and losses on an empty Figure."""
    from prunelab.figures.mask import draw_mask, draw_mask_losses, draw_weights

    heat, side = figure.subfigures(1, 2, width_ratios=(1.1, 1))
    upper, lower = side.subplots(2, 1)
    mask, pattern = explorer.mask, PATTERNS[explorer.pattern]
    data = shown_values(explorer.data, explorer.layer)
    order = data["criteria"][explorer.criterion]["order"]
    zeros = percent(explorer.realised_sparsity)
    title = f"{data['name']}: {zeros} zeros, {pattern.where}, {order}"
    title = textwrap.fill(title, WIDEST_TITLE)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, color="#333333")
    draw_mask(heat.subplots(), explorer.weights, mask, title="what stays")
    alone = explorer.threshold if pattern.name == "unstructured" else None
    draw_weights(upper, explorer.weights, mask, threshold=alone, title="the weights, by value")
    if data["losses"] is None:
        lower.set_axis_off()
        lower.text(0.5, 0.5, HOW_TO, ha="center", va="center", color="#4a5058")
        return
    now = (explorer.criterion, explorer.sparsity)
    title = f"before retraining, {explorer.losses.masked}"
    draw_mask_losses(lower, explorer.losses, explorer.pattern, now=now, title=title)


def _pattern(name, value):
    return pattern_named(value, name).name


def _criterion(name, value):
    return checked_criterion(value, name)


class MaskExplorer(Explorer):
    """One slider over a weight matrix: what stays, the histogram, and the loss that was measured.

    weights : matrix of numbers [inputs, neurons], as Keras holds a Dense kernel; taken as float32.
        Or several kernels, {name: array}, or a built Keras model, whose kernels are taken; one of
        more axes is shown as the matrix kernel.reshape(-1, units), all else down, units across
    losses : what `prunelab.masks.mask_losses` measured with this matrix masked, or None
    layer : of several kernels the one on show, by its name; by default the first
    sparsity : fraction of units to cut, in [0, 1); 2:4 does not ask it
    pattern : "unstructured", "4x1", "16x1", "1x4", "4x4", "2:4", "neurons" or "inputs"; blocks are
        inputs × neurons, tfmot's `block_size`
    criterion : what goes first: "magnitude" (the smallest), "random" or "largest"
    seed : of the random order; by default that of `losses`, or 0
    name : what a single matrix is called

    Traits: `layer`, `sparsity`, `pattern`, `criterion`: set one in a cell and the page follows, and
    the other way round. `mask` is the bool array on show, as `prunelab.masks.magnitude` has it, and
    `kernel_mask` the same in the shape of the kernel.
    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    _folder = "mask"
    page_title = "Which weights can go, and what does it cost?"
    picture_inches = (9.6, 6.4)
    knob_names = ("layer", "sparsity", "pattern", "criterion")
    from_page = (*knob_names, "notice")
    settled_names = ("sparsity",)

    data = traitlets.Dict(help="the matrix, a generator and the losses; sent once").tag(sync=True)
    layer = Checked("")
    sparsity = Checked(0.75, sparsity_fraction)
    pattern = Checked("unstructured", _pattern)
    criterion = Checked("magnitude", _criterion)

    def __init__(
        self,
        weights: ArrayLike | Mapping[str, ArrayLike] | Model,
        losses: MaskLosses | None = None,
        *,
        layer: str | None = None,
        sparsity: float = 0.75,
        pattern: str = "unstructured",
        criterion: str = "magnitude",
        seed: int | None = None,
        name: str = "weights",
    ) -> None:
        if has_layers(weights):
            self._matrices, self._shapes = matrices_of(weights)
            data = gather_layers(self._matrices, self._shapes, losses, seed)
        else:
            matrix = checked_weights(weights)
            self._matrices, self._shapes = {"": matrix}, {"": matrix.shape}
            data = gather(matrix, losses, seed, name)
        self._losses = losses
        # One matrix has three criteria and eight patterns; each is ranked when first needed.
        self._rank = lru_cache(None)(
            lambda layer, *chosen: rank(self._matrices[layer], *chosen, seed=data["seed"])
        )
        knobs = {"sparsity": sparsity, "pattern": pattern, "criterion": criterion}
        first = next(iter(self._matrices)) if layer is None else layer
        super().__init__(data=data, layer=first, **knobs)

    def clean(self, name: str, value: Any) -> Any:
        """A checked value, or a layer's name; see `Knobs.clean`."""
        if not isinstance(value, str) or value not in self._matrices:
            there = ", ".join(self._matrices) or "none: this is one matrix; leave layer out"
            raise ValueError(f"{name}={shown(value)}: the layers are {there}")
        return value

    @property
    def weights(self) -> NDArray[np.float32]:
        """The matrix, float32 and read-only."""
        return self._matrices[self.layer]

    @property
    def losses(self) -> MaskLosses | None:
        """The `MaskLosses` that were given, or None."""
        return self._losses

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The mask on show: bool array in the shape of the weights, True = kept."""
        return self._ranking.mask(self.sparsity)

    @property
    def kernel_mask(self) -> NDArray[np.bool_]:
        """The mask in the shape of the kernel, which may have more axes than its matrix."""
        return self.mask.reshape(self._shapes[self.layer])

    @property
    def pruned(self) -> NDArray[np.float32]:
        """The weights multiplied by the mask."""
        return self.weights * self.mask

    @property
    def threshold(self) -> float | None:
        """The magnitude on the edge between kept and cut (for blocks the mean), or None."""
        return self._ranking.threshold(self.sparsity)

    @property
    def realised_sparsity(self) -> float:
        """The fraction of zeros in the masked weights."""
        return 1 - facts(self._ranking, self.sparsity)["live"] / self.weights.size

    @property
    def loss(self) -> float | None:
        """The loss measured at the sparsity nearest to the one on show, or None."""
        point = loss_at(self._shown, self.plain_state)
        return None if point is None else point[2]

    @property
    def caption(self) -> str:
        """What the picture shows, in words."""
        return describe(self._shown, self.plain_state, facts(self._ranking, self.sparsity))

    @property
    def code(self) -> str:
        """Code for the mask in NumPy, and in tfmot if it can make it; it expects `weights`."""
        return code_for(self.plain_state, self.data["seed"], self._shown.get("kernel"))

    def facts(self) -> str:
        """The matrix, the state, what stays and the measured loss, in one line."""
        found, size = facts(self._ranking, self.sparsity), self.weights.size
        state = f"sparsity={self.sparsity!r}, pattern={self.pattern!r}"
        loss = ""
        if self.loss is not None:
            loss = f", {self._shown['losses']['measured_on']} MSE {short(self.loss)}"
        rows, columns = self.weights.shape
        return (
            f"{self._shown['name']} {rows} × {columns}; {state}, criterion={self.criterion!r}; "
            f"{found['kept']:,} of {size:,} kept, {percent(1 - found['live'] / size)} zeros{loss}"
        )

    def draw(self, figure: Figure) -> None:
        """Draw heatmap, histogram and losses on an empty matplotlib Figure."""
        draw_still(figure, self)

    def page_state(self) -> dict[str, Any]:
        """The data and the state, as plain values."""
        return super().page_state() | {"data": as_text(self.data)}

    @property
    def _ranking(self):
        return self._rank(self.layer, self.pattern, self.criterion)

    @property
    def _shown(self):
        return shown_values(self.data, self.layer)
