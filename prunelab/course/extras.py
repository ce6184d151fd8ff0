"""What a chapter needs that not every install has, said in its first cell."""

from __future__ import annotations

import platform
import sys
import threading
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec

# {extra of pyproject.toml: what is imported of it}
EXTRAS = {
    "lab": ("jupyterlab",),
    "tensorflow": ("tensorflow", "tensorflow_model_optimization", "tf_keras"),
    "search": ("optuna",),
    "cluster": ("distributed",),
}
# {extra: what takes long to import of it, and is imported while the reader reads on}
BROUGHT_IN = {"tensorflow": "prunelab.networks"}


class NeedsMoreError(ImportError):
    """An extra is not installed; in a notebook it shows its one sentence and no traceback."""

    def _render_traceback_(self):
        return [str(self)]


def missing(extra: str) -> list[str]:
    """The packages of an extra that are not installed, as they are imported."""
    return [name for name in EXTRAS[extra] if find_spec(name) is None]


def needs(*extras: str) -> None:
    """Say what is not installed, and the line to type; where all is there, begin to import it.

    That goes on while the reader reads: the cell that then imports it waits for the rest only.
    extras: of EXTRAS. Raises NeedsMoreError, in one sentence, and ValueError for an extra that
    there is not.
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
    with suppress(Exception):  # whoever imports it next is told
        import_module(module)


def _is_an_intel_mac():
    return sys.platform == "darwin" and platform.machine() == "x86_64"
