"""Which of our modules knows how to prune a reader's model, and what arrays hold rows.

Two engines answer the same few questions: `networks.engine` of tf_keras and tfmot, and
`pruning.engine` of Keras 3. They are imported where a model of theirs is handed over.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from prunelab.base.checks import shown

ENGINES = {"tf_keras": "prunelab.networks.engine", "keras": "prunelab.pruning.engine"}


def engine_of(model: object, what: str = "model") -> Any:
    """The module that knows how to prune `model`; TypeError where there is none."""
    for kind in type(model).__mro__:
        name = ENGINES.get(kind.__module__.partition(".")[0])
        if name is not None and hasattr(model, "layers"):
            return import_module(name)
    raise TypeError(f"{what}: {shown(model)} is no model of Keras; write a compiled model of Keras")


def arrays_in(part: Any) -> list[Any]:
    """The arrays in an array, a list, a tuple or a dict of them, in order."""
    if isinstance(part, dict):
        return [leaf for value in part.values() for leaf in arrays_in(value)]
    if isinstance(part, tuple) or (isinstance(part, list) and part and hasattr(part[0], "shape")):
        return [leaf for value in part for leaf in arrays_in(value)]
    return [part]
