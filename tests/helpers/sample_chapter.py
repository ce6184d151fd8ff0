"""A small chapter that keeps every rule, and the means to spoil it."""

import base64
import copy
import io

import numpy as np
from nbformat import v4
from PIL import Image

from tests.helpers.notebook_rules import Chapter
from tools.stored_form import clean_metadata, stamp

NAME = "01_count_the_zeros.ipynb"


def png(pixels):
    """Base64 of a PNG of an array of grey values."""
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


GRADIENT = png(np.arange(64).reshape(8, 8))


def show(text, picture=None):
    """A displayed output: its text and, where given, a picture."""
    data = {"text/plain": text} | ({"image/png": picture} if picture else {})
    return v4.new_output("display_data", data=data)


def code(source, *outputs, tags=(), hidden=False):
    """A code cell; `str` outputs are printed text."""
    made = [v4.new_output("stream", text=o) if isinstance(o, str) else o for o in outputs]
    metadata = {"tags": list(tags)} if tags else {}
    if hidden:
        metadata["jupyter"] = {"source_hidden": True}
    return v4.new_code_cell(source, outputs=made, metadata=metadata)


def error(evalue):
    """The stored output of a cell that raised ValueError."""
    return v4.new_output("error", ename="ValueError", evalue=evalue, traceback=["Traceback"])


def words(source, *tags):
    """A cell of words."""
    return v4.new_markdown_cell(source, metadata={"tags": list(tags)} if tags else {})


def good_cells():
    """Cells of a chapter that keeps every rule; positions are used by the tests that spoil it."""
    return [
        words("# Count the zeros\n\nHow many weights are gone?", "slide"),
        words("## What you'll do\nCount.\n\n## What you'll learn\nSparsity.", "slide"),
        words("## What you'll need\nPython 3.11 and 10 minutes."),
        code("zeros, size = 463, 1_600\nprint(f'{zeros / size:.4%}')", "28.9375%\n"),
        words(
            "We see 28.94 % zeros, 0.289 as a fraction, 463 of 1,600. In 2017 it was 12.", "slide"
        ),
        code("draw(zeros)", show("<Figure size 100x100 with 1 Axes>", GRADIENT), tags=["slide"]),
        words("A wall at 463. It stands where training ends.", "slide-more"),
        code(
            "ScheduleExplorer()",
            show("ScheduleExplorer(end=5000)", GRADIENT),
            tags=["explorer", "slide"],
        ),
        words("Where must the end move to, from 5,000?", "slide"),
        code("int('x')", error("no number: 42"), tags=["raises-exception"]),
        words("The message names 42. A duration differs in each run:", "slide"),
        code("print(seconds)", "0.731\n", tags=["nbval-ignore-output"]),
        words("## Cheat sheet\nzeros = round(sparsity · weights)", "sheet"),
        words("## On your own\nHalve it."),
        code("answer = ...", tags=["exercise"]),
        words("A solution, folded away:"),
        code("answer = 2", tags=["solution"], hidden=True),
        words(
            "## In practice\nFrom a paper, 61 % <!-- numbers: Zhu & Gupta 2017, table 1 -->.",
            "slide",
        ),
        words("## Further reading\n- Some pages 1710-1725, [2017](https://example.org/99)"),
    ]


def chapter(cells=None, name=NAME, folder=None):
    """A Chapter of the given cells, with counts, ids, metadata and stamp as the tool makes them."""
    cells = [copy.deepcopy(cell) for cell in (good_cells() if cells is None else cells)]
    for i, cell in enumerate(cells):
        cell.id = f"cell-{i}"
    for i, cell in enumerate((c for c in cells if c.cell_type == "code"), 1):
        cell.execution_count = i
    nb = clean_metadata(v4.new_notebook(cells=cells))
    nb.metadata["prunelab"] = stamp(nb)
    return Chapter(name, nb, folder)
