"""The optional packages that a chapter needs, checked in its first cell."""

from __future__ import annotations

import platform
import sys
import threading
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

# {extra in pyproject.toml: the modules that are imported from it}
EXTRAS = {
    "lab": ("jupyterlab",),
    "tensorflow": ("tensorflow", "tensorflow_model_optimization", "tf_keras"),
    "search": ("optuna",),
    "cluster": ("distributed",),
}
# {extra: (module, function)}: imported in the background, with its packages, and then called
BROUGHT_IN = {"tensorflow": ("prunelab.networks.first_training", "warm_up")}
_begun: set[str] = set()  # what has been brought in, or is on its way
_begins = threading.Lock()


class NeedsMoreError(ImportError):
    """An extra is not installed; in a notebook it shows its one sentence and no traceback."""

    def _render_traceback_(self):
        return [str(self)]


def missing(extra: str) -> list[str]:
    """The import names of an extra's packages that are not installed."""
    return [name for name in EXTRAS[extra] if find_spec(name) is None]


def needs(*extras: str) -> None:
    """Raise an error that says what to install, or bring the packages in while the reader reads.

    TensorFlow is imported in the background and trains two tiny networks, because the first
    training of a process takes longer than the next ones. A later cell that imports the package
    waits only until the import is finished. No result depends on it, what goes wrong there is
    raised by the cell that uses the package, and a second call begins nothing.
    extras: names in EXTRAS. Raises NeedsMoreError, in one sentence, for missing packages, and
    ValueError for an unknown extra.
    """
    if unknown := sorted(set(extras) - set(EXTRAS)):
        raise ValueError(f"extras={unknown[0]!r}: write some of {', '.join(EXTRAS)}")
    if lacking := [extra for extra in extras if missing(extra)]:
        raise _needs_more(lacking)
    for extra in (extra for extra in extras if extra in BROUGHT_IN):
        with _begins:
            begun = extra in _begun
            _begun.add(extra)
        if not begun:
            threading.Thread(target=_bring_in, args=BROUGHT_IN[extra], daemon=True).start()


def _needs_more(lacking):
    """The NeedsMoreError for extras of which packages are missing."""
    packages = ", ".join(name for extra in lacking for name in missing(extra))
    if "tensorflow" in lacking and _is_an_intel_mac():
        return NeedsMoreError(
            f"This needs {packages}, and there is no TensorFlow for Macs with an Intel "
            "processor: read it in the reference, or run it on Colab; docs/install.md says how."
        )
    return NeedsMoreError(
        f"This needs {packages}, not installed here: type  pip install "
        f"'prunelab[{','.join(lacking)}]'  in a terminal, then start again."
    )


def named(error: BaseException) -> BaseException:
    """The NeedsMoreError for an import that failed because an extra is missing; else `error`."""
    package = (getattr(error, "name", None) or "").partition(".")[0]
    extra = next((extra for extra, packages in EXTRAS.items() if package in packages), None)
    if not isinstance(error, ImportError) or extra is None or not missing(extra):
        return error
    return _needs_more([extra])


def _bring_in(module, function):
    with suppress(Exception):  # the reader's own import, or training, raises the error again
        getattr(import_module(module), function)()


def _is_an_intel_mac():
    return sys.platform == "darwin" and platform.machine() == "x86_64"
