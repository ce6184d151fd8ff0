"""Printable pages: a cheat sheet for each chapter, and the glossary that slides link to.

    python -m tools.sheets [NN …]     writes course/sheets/SUBJECT.html; each prints on one A4 page

A sheet is the cell of a chapter tagged `sheet`; the pages fetch nothing.
"""

import argparse
import sys
from html import escape

import nbformat
from nbconvert.filters import markdown2html

from prunelab.base.files import write_atomically
from prunelab.base.terminal import any_terminal
from prunelab.course.editions import subject
from tools import course
from tools.tex_mathml import with_mathml

FOLDER = course.COURSE / "sheets"
TAG = "sheet"
STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: #16191d;
       background: #fff; max-width: 44em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; } h2 { font-size: 1.25em; margin-top: 1.6em; }
h3 { font-size: 1em; margin: 1.1em 0 0; } h3 + p { margin-top: 0; }
h1, h2, h3 { break-after: avoid; } li, tr { break-inside: avoid; }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
code { font-size: 0.9em; } pre { background: #f2f4f6; padding: 0.6em 0.9em; white-space: pre-wrap; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid #d5dae0; padding: 0.2em 1em 0.2em 0; text-align: left; }
a { color: #0a58a6; } .anchor-link { display: none; }
@page { size: A4; margin: 16mm; }
@media print { body { margin: 0; padding: 0; max-width: none; font-size: 10.5pt; } }
"""


def page(title, source):
    """Markdown as the text of one HTML page, its formulas as MathML."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"{with_mathml(markdown2html(source)).strip()}\n</body>\n</html>\n"
    )


def sheet(path):
    """The page of a chapter's cheat sheet; None where no cell is tagged."""
    notebook = nbformat.read(path, as_version=4)
    tagged = [c.source for c in notebook.cells if TAG in c.metadata.get("tags", [])]
    if not tagged:
        return None
    title = path.stem.partition("_")[2].replace("_", " ").capitalize()
    head, _, rest = tagged[0].partition("\n")
    links = rest.replace("](glossary.ipynb", "](../glossary.ipynb")
    return page(f"{title}: cheat sheet", f"# {title}: {head.lstrip('# ').lower()}\n{links}")


def glossary(folder=course.COURSE):
    """The glossary as a page."""
    notebook = nbformat.read(folder / "glossary.ipynb", as_version=4)
    return page("Glossary", "\n\n".join(cell.source for cell in notebook.cells))


def file_of(path):
    """Where the sheet of the chapter at `path` lies."""
    return FOLDER / f"{subject(path.name)}.html"


def main(argv=None):
    """Write the sheets of the chapters named; exit code 1 where a chapter is not there."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("chapters", nargs="*", metavar="NN")
    try:
        paths = course.find(parser.parse_args(argv).chapters)
    except course.CourseError as error:
        print(error, file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    for path in paths:
        if (html := sheet(path)) is not None:
            write_atomically(file_of(path), lambda file, html=html: file.write(html.encode()))
            print(f"{file_of(path).name} is written")
    return 0


if __name__ == "__main__":
    with any_terminal():
        sys.exit(main())
