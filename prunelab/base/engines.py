"""Find the module that prunes a reader's model, and the arrays in its data.

There are two engines with the same functions: `networks.engine` for tf_keras and tfmot, and
`pruning.engine` for Keras 3. An engine is imported only when a model of its kind is passed.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from prunelab.base.checks import shown

ENGINES = {"tf_keras": "prunelab.networks.engine", "keras": "prunelab.pruning.engine"}


def engine_of(model: object, what: str = "model") -> Any:
    """The module that can prune `model`; TypeError if there is none."""
    for kind in type(model).__mro__:
        name = ENGINES.get(kind.__module__.partition(".")[0])
        if name is not None and hasattr(model, "layers"):
            return import_module(name)
    raise TypeError(f"{what}: {shown(model)} is no model of Keras; write a compiled model of Keras")


def arrays_in(part: Any) -> list[Any]:
    """The arrays in `part`, in order; `part` is an array, or a list, tuple or dict of arrays."""
    if isinstance(part, dict):
        return [leaf for value in part.values() for leaf in arrays_in(value)]
    if isinstance(part, tuple) or (isinstance(part, list) and part and hasattr(part[0], "shape")):
        return [leaf for value in part for leaf in arrays_in(value)]
    return [part]
