"""A progress bar for training: epochs, loss, sparsity and time left, in a notebook or a shell."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from prunelab.base.text import percent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self, TextIO


class EpochBar:
    """Hand it to `train` or `run` as `progress`; a run's second phase begins the bar anew.

    Use as a context manager. Where `file` is no terminal, as in a log, it writes a line every
    half minute. Nothing appears until the first epoch is over.
    """

    def __init__(self, title: str, file: TextIO | None = None) -> None:
        self.title, self.file, self.bar = title, file, None

    def __call__(self, done: int, epochs: int, values: Mapping[str, float]) -> None:
        """Show that `done` of `epochs` are over, with `values` loss, val_loss and sparsity.

        Where it cannot be shown any more, the training goes on.
        """
        with suppress(OSError, UnicodeError):
            self._show(done, epochs, values)

    def _show(self, done, epochs, values):
        if self.bar is None:
            self.bar = self._new_bar(epochs)
        elif done <= self.bar.n:
            self.bar.reset(total=epochs)
        self.bar.set_postfix_str(
            f"loss {values['loss']:.2e}, val_loss {values['val_loss']:.2e}, "
            f"sparsity {percent(values['sparsity'])}",
            refresh=False,
        )
        self.bar.update(done - self.bar.n)

    def _new_bar(self, epochs):
        options = {"total": epochs, "desc": self.title, "unit": "epoch"}
        if self.file is not None or "ipykernel" not in sys.modules:
            options["file"] = sys.stderr if self.file is None else self.file
            if not options["file"].isatty():
                options |= {"mininterval": 30, "miniters": 1, "ascii": True}
        return tqdm(**options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            with suppress(OSError, UnicodeError):
                self.bar.close()
