"""Prune a network of Keras 3 while it trains, on TensorFlow, JAX or PyTorch, with tfmot's masks.

`PruneLowMagnitude` is a callback; `docs/pruning.md` begins with the shortest example. Keras itself
is imported only once the class is asked for: it takes seconds, and its backend, chosen by
KERAS_BACKEND, with it. Where `prunelab.networks` is used in the same process, import that first:
it must choose legacy Keras before TensorFlow is loaded.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prunelab.pruning.callback import PruneLowMagnitude
    from prunelab.pruning.report import Report

__all__ = ["PruneLowMagnitude", "Report"]


def __getattr__(name: str) -> object:
    if name == "PruneLowMagnitude":
        from prunelab.pruning.callback import PruneLowMagnitude

        return PruneLowMagnitude
    if name == "Report":
        from prunelab.pruning.report import Report

        return Report
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
