"""What a chapter needs that not every install has, said in its first cell."""

from __future__ import annotations

from importlib.util import find_spec

# {extra of pyproject.toml: what is imported of it}
EXTRAS = {
    "lab": ("jupyterlab",),
    "tensorflow": ("tensorflow", "tensorflow_model_optimization", "tf_keras"),
    "search": ("optuna",),
    "cluster": ("distributed",),
}


class NeedsMoreError(ImportError):
    """An extra is not installed; in a notebook it shows its one sentence and no traceback."""

    def _render_traceback_(self):
        return [str(self)]


def missing(extra: str) -> list[str]:
    """The packages of an extra that are not installed, as they are imported."""
    return [name for name in EXTRAS[extra] if find_spec(name) is None]


def needs(*extras: str) -> None:
    """Say what is not installed, and the line to type; nothing where all is there.

    extras: of EXTRAS. Raises NeedsMoreError, in one sentence, and ValueError for an extra that
    there is not.
    """
    if unknown := sorted(set(extras) - set(EXTRAS)):
        raise ValueError(f"extras={unknown[0]!r}: write some of {', '.join(EXTRAS)}")
    if lacking := [extra for extra in extras if missing(extra)]:
        packages = ", ".join(name for extra in lacking for name in missing(extra))
        raise NeedsMoreError(
            f"This needs {packages}, not installed here: type  pip install "
            f"'prunelab[{','.join(lacking)}]'  in a terminal, then restart the kernel."
        )
