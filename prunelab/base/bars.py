"""Progress bars for a notebook, a shell or a log: over the steps of any work, or over epochs."""

import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self, TextIO

from tqdm.auto import tqdm

from prunelab.base.text import percent


class Bar:
    """A progress bar with the steps done, the time left and a text; use it as a context manager.

    If `file` is not a terminal (a log, for example), the bar writes one line every half minute.
    Without `total` the bar appears only when `begin` is called.
    """

    def __init__(
        self, title: str, total: int | None = None, unit: str = "it", file: TextIO | None = None
    ) -> None:
        self.title, self.unit, self.file = title, unit, file
        self.bar: Any = None  # tqdm's bar; made once the total is known
        if total is not None:
            self.begin(total)

    def begin(self, total: int) -> None:
        """Show the bar at 0 of `total`; a bar that is already shown starts again at 0."""
        if self.bar is not None:
            self.bar.reset(total=total)
            return
        options: dict[str, Any] = {"total": total, "desc": self.title, "unit": self.unit}
        if self.file is not None or "ipykernel" not in sys.modules:
            options["file"] = sys.stderr if self.file is None else self.file
            if not options["file"].isatty():
                options |= {"mininterval": 30, "miniters": 1, "ascii": True}
        self.bar = tqdm(**options)

    def report(self, done: int, total: int, text: str) -> None:
        """Advance to `done`, with `text` behind the bar."""
        self.bar.set_postfix_str(text, refresh=False)
        self._advance(done, found=0)

    def log(self, done: int, total: int, text: str) -> None:
        """Advance to `done` and write a line above the bar; "found …" does not count as work."""
        self._advance(done, found=done if text.startswith("found") else 0)
        tqdm.write(f"{done}/{total} {text}")

    def say(self, text: str) -> None:
        """Put `text` behind the bar, at once where it is a terminal."""
        self.bar.set_postfix_str(text, refresh=self.bar.fp.isatty())

    def _advance(self, done, found):
        if self.bar.n == 0:  # exclude what was done before from the time estimate
            self.bar.initial = max(found, done - 1)
        self.bar.update(done - self.bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            with suppress(OSError, UnicodeError):
                self.bar.close()


class EpochBar(Bar):
    """A bar of epochs, with losses, sparsity and time left.

    Pass it to `train` or `run` as `progress`; the second phase of a run starts the bar again at 0.
    The bar appears after the first epoch.
    """

    def __init__(self, title: str, file: TextIO | None = None) -> None:
        super().__init__(title, unit="epoch", file=file)

    def __call__(self, done: int, epochs: int, values: Mapping[str, float]) -> None:
        """Show `done` of `epochs` finished epochs; `values` holds loss, val_loss and sparsity.

        If the bar cannot be shown any more, the training goes on.
        """
        with suppress(OSError, UnicodeError):
            if self.bar is None or done <= self.bar.n:
                self.begin(epochs)
            self.report(
                done,
                epochs,
                f"loss {values['loss']:.2e}, val_loss {values['val_loss']:.2e}, "
                f"sparsity {percent(values['sparsity'])}",
            )
