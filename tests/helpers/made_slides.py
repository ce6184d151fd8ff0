"""Small notebooks whose cells are slides, for the tests of the slides."""

import nbformat

from tests.helpers.sample_chapter import GRADIENT, code, show, words
from tools.slides import page
from tools.stored_form import ROOT

COURSE = ROOT / "course"
PATHS = sorted(path for path in COURSE.glob("*.ipynb") if not path.name.startswith("."))
FORMULA = r"$$s(t) = s_f + (s_i - s_f)\left(1 - \frac{t - t_0}{t_e - t_0}\right)^{p}$$"
PICTURE = show("<Figure size 800x400 with 1 Axes>", GRADIENT)


def tagged(cell, *tags):
    """The cell with tags of its own."""
    cell.metadata["tags"] = list(tags)
    return cell


def notebook(*cells):
    """A notebook of the cells given, with ids that count."""
    nb = nbformat.v4.new_notebook(cells=list(cells))
    for number, cell in enumerate(nb.cells, 1):
        cell.id = f"cell-{number}"
    return nb


def small_deck():
    """Four slides: words, a formula with what was printed, a figure, code."""
    return notebook(
        tagged(words("# Count the zeros\n\nIs 1 < 2?"), "slide"),
        words("Not on a slide: 0.123"),
        tagged(words(f"## Formula\n\n{FORMULA}\n\nSee [trees](01_trees.ipynb#top)."), "slide"),
        tagged(code("print(1)", "28.94 %. No guess was locked.\n"), "slide-more"),
        tagged(code("draw(net)", PICTURE), "slide"),
        words("## Seen\n\nA **wall** stands at `463`. It is high. It is wide. <!-- numbers: x -->"),
        tagged(code("def half(x):\n    return x / 2"), "slide"),
    )


def deck_of(path):
    """The page of a chapter's slides, None where none of its cells is tagged."""
    return page(nbformat.read(path, as_version=4), path.parent)
