"""The identity of an experiment: digests of its network, how it is compiled, and its data.

A plan, a search and their stored results are compared by it, so that numbers of one network and one
data set are never taken for those of another. Keras is not imported: a model describes itself.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from prunelab.base.checks import shown
from prunelab.base.engines import arrays_in
from prunelab.base.json_files import only_fields, sha256
from prunelab.experiments.record_checks import check_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Identity = Mapping[str, str]

WORDS = {  # a part of an identity: what is said where it differs
    "settings": "other settings of the experiment",
    "network": "another network",
    "optimizer": "another optimizer",
    "compile": "another loss or other metrics",
    "data": "other data",
}
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
# What differs between two processes, or says how fast it runs and not what is computed.
_PASSING = {
    *("module", "registered_name", "build_config", "compile_config", "shared_object_id"),
    *("run_eagerly", "steps_per_execution", "jit_compile", "auto_scale_loss", "optimizer"),
}
_CODE = {"Lambda": ("function", "function_type"), "__lambda__": ("value", "code")}


def model_identity(model: Any, names: Iterable[str] = ()) -> dict[str, str]:
    """The parts "network", "optimizer" and "compile" of a compiled Keras model.

    names: of Keras' own layers; a layer or model of such a name bears a running number, which is
    not part of the identity. The values of weights are not part of it either.
    """
    own = {name.lower() for name in names} | {"model", "functional", "sequential"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a lambda is described, and never loaded again
        try:
            layers = model.get_config()
        except Exception:  # a subclass need not be able to describe itself
            layers = [[type(layer).__name__, layer.name] for layer in model.layers]
        try:
            compiled = model.get_compile_config()
        except Exception:  # a loss or a metric that cannot be written down
            compiled = name_of(model.loss)
    shapes = [list(weight.shape) for weight in model.weights]
    settings = type(model.optimizer).__name__, model.optimizer.get_config() | {"name": ""}
    found = {"network": [layers, shapes], "optimizer": settings, "compile": compiled}
    return {part: sha256(_plain(value, own)) for part, value in found.items()}


def data_identity(data: Any) -> str:
    """sha256 of all arrays in `data`, a tuple, list or dict, and of the form of its data sets.

    Floats count by their size and by a weighted sum, so that the same data on another kind of
    processor, whose products differ in the last bits, are the same.
    """
    return sha256([_of_array(leaf) for leaf in _leaves(data)])


def settings_identity(values: Any) -> str:
    """sha256 of plain values."""
    return sha256(_plain(values, set()))


def checked_identity(values: Any) -> dict[str, str]:
    """A stored identity; ValueError if it is none."""
    only_fields("identity", values, set(WORDS) & set(values) if isinstance(values, dict) else ())
    for part, digest in values.items():
        check_digest(f"identity.{part}", digest)
    return dict(values)


def differences(stored: Identity | None, now: Identity | None) -> str:
    """What differs, in words: "another network and other data"; "" if nothing does.

    Only parts that both have are compared: what was stored before has fewer, or none.
    """
    if not stored or not now:
        return ""
    both = [part for part in WORDS if part in stored and part in now]
    return listed([WORDS[part] for part in both if stored[part] != now[part]])


def listed(words: list[str]) -> str:
    """Words as a list in a sentence: "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def name_of(loss: Any) -> Any:
    """The name of a loss, the same in every process."""
    if isinstance(loss, dict):
        return {str(name): name_of(each) for name, each in loss.items()}
    if isinstance(loss, list | tuple):
        return [name_of(each) for each in loss]
    return loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)


def _leaves(data):
    """The arrays and data sets in `data`, each dict with its keys."""
    if isinstance(data, dict):
        return [leaf for key, part in data.items() for leaf in (str(key), *_leaves(part))]
    if isinstance(data, tuple | list) and any(map(_is_part, data)):
        return [leaf for part in data for leaf in ("(", *_leaves(part))]
    return arrays_in(data)


def _is_part(value):
    return hasattr(value, "__len__") or hasattr(value, "shape") or hasattr(value, "__iter__")


def _of_array(leaf):
    if isinstance(leaf, str):
        return leaf
    if not hasattr(leaf, "shape") and not isinstance(leaf, list | tuple):
        return _of_data_set(leaf)
    values = np.ascontiguousarray(leaf)
    if values.dtype.hasobject:
        return [str(values.shape), _ADDRESS.sub("", repr(values.tolist()))]
    form = [values.dtype.str, list(values.shape)]
    if values.dtype.kind == "f" and np.isfinite(values).all():
        return [*form, *_of_floats(values.ravel().astype(float))]
    return [*form, hashlib.sha256(values.tobytes()).hexdigest()]


def _of_floats(values):
    """The norm of the values, and their weighted sum over it, in as many digits as last.

    One value that changes by its own size moves the sum by about 1/√n: far more than rounding.
    """
    largest = np.abs(values).max(initial=0.0)
    if largest == 0:
        return ["0"]
    scaled = values / largest
    norm = np.linalg.norm(scaled)
    weights = np.random.default_rng(0).standard_normal(len(values))
    return [f"{float(norm) * float(largest):.4g}", f"{weights @ scaled / norm + 100:.4f}"]


def _of_data_set(given):
    """Its form: a data set may be shuffled, so that its rows are other ones each time."""
    form = [type(given).__name__, _ADDRESS.sub("", str(getattr(given, "element_spec", "")))]
    try:
        return [*form, len(given)]
    except TypeError:
        return form


def _plain(value, own):
    """`value` as plain values that are the same in every process."""
    numbers: dict[str, list[str]] = {}

    def text(value):
        kind = re.sub(r"_\d+$", "", value)
        if kind.replace("_", "") not in own:
            return _ADDRESS.sub("", value)
        seen = numbers.setdefault(kind, [])
        if value not in seen:
            seen.append(value)
        return f"{kind} {seen.index(value)}"

    def plain(value):
        if isinstance(value, dict):
            left = _PASSING.union(_CODE.get(value.get("class_name"), ()))
            inner = dict(value)
            if value.get("class_name") in _CODE and isinstance(value.get("config"), dict):
                inner["config"] = {k: v for k, v in value["config"].items() if k not in left}
            return {str(k): plain(v) for k, v in inner.items() if k not in _PASSING}
        if isinstance(value, list | tuple):
            return [plain(each) for each in value]
        if isinstance(value, str):
            return text(value)
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, np.generic | np.ndarray):
            return plain(value.tolist())
        return repr(value) if isinstance(value, float) else text(_shown(value))

    return plain(value)


def _shown(value):
    name = getattr(value, "__qualname__", None)
    return name if isinstance(name, str) else shown(value)
