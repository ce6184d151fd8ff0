"""Prune a Keras 3 network while it trains, on TensorFlow, JAX or PyTorch, with tfmot's masks.

`PruneLowMagnitude` is a callback; `docs/pruning.md` begins with the shortest example. Keras is
imported only when the class is first used: the import takes seconds and loads the backend chosen
by KERAS_BACKEND. If `prunelab.networks` is used in the same process, import it first: it must
choose legacy Keras before TensorFlow is loaded.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prunelab.pruning.callback import PruneLowMagnitude, Report
    from prunelab.pruning.live import live_trainer

__all__ = ["PruneLowMagnitude", "Report", "live_trainer"]


def __getattr__(name: str) -> object:
    if name == "PruneLowMagnitude":
        from prunelab.pruning.callback import PruneLowMagnitude

        return PruneLowMagnitude
    if name == "Report":
        from prunelab.pruning.callback import Report

        return Report
    if name == "live_trainer":
        from prunelab.pruning.live import live_trainer

        return live_trainer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
