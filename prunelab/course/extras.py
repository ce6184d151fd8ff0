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
# {extra: its slow module, which is imported in the background}
BROUGHT_IN = {"tensorflow": "prunelab.networks"}


class NeedsMoreError(ImportError):
    """An extra is not installed; in a notebook it shows its one sentence and no traceback."""

    def _render_traceback_(self):
        return [str(self)]


def missing(extra: str) -> list[str]:
    """The import names of an extra's packages that are not installed."""
    return [name for name in EXTRAS[extra] if find_spec(name) is None]


def needs(*extras: str) -> None:
    """Raise an error that says what to install, or begin to import the packages in the background.

    A later cell that imports the package waits only until the background import is finished.
    extras: names in EXTRAS. Raises NeedsMoreError, in one sentence, for missing packages, and
    ValueError for an unknown extra.
    """
    if unknown := sorted(set(extras) - set(EXTRAS)):
        raise ValueError(f"extras={unknown[0]!r}: write some of {', '.join(EXTRAS)}")
    if lacking := [extra for extra in extras if missing(extra)]:
        packages = ", ".join(name for extra in lacking for name in missing(extra))
        if "tensorflow" in lacking and _is_an_intel_mac():
            raise NeedsMoreError(
                f"This needs {packages}, and there is no TensorFlow for Macs with an Intel "
                "processor: read it in the reference, or run it on Colab; docs/install.md says how."
            )
        raise NeedsMoreError(
            f"This needs {packages}, not installed here: type  pip install "
            f"'prunelab[{','.join(lacking)}]'  in a terminal, then start again."
        )
    for module in (BROUGHT_IN[extra] for extra in extras if extra in BROUGHT_IN):
        if module not in sys.modules:
            threading.Thread(target=_bring_in, args=(module,), daemon=True).start()


def _bring_in(module):
    with suppress(Exception):  # the next import raises the error again
        import_module(module)


def _is_an_intel_mac():
    return sys.platform == "darwin" and platform.machine() == "x86_64"
