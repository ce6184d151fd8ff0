"""Make slides of the chapters: one self-contained page each, in slides/, from the stored outputs.

    python -m tools.slides                  every chapter
    python -m tools.slides 03 04            those whose name begins so
    python -m tools.slides 03 --live        run the chapter, and put working explorers on its slides

A slide is what `tools.slide_cells` says. The pages fetch nothing, so they work without a network:
open one in a browser, turn slides by arrow keys, Space, Home, End, a number and Enter, or a swipe;
f fills the screen; print to PDF gives one slide a page. What stands behind a prediction on the same
slide is held back until the next key.
"""

import argparse
import re
import sys
from html import escape

import nbformat
from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter

from prunelab.base.files import write_atomically
from prunelab.base.terminal import any_terminal
from tools import course
from tools.sheets import glossary
from tools.slide_cells import SlideError, slides
from tools.stored_form import ROOT
from tools.tex_mathml import TexError, with_mathml

FOLDER = ROOT / "slides"
TEMPLATE = ROOT / "tools" / "slides_template"
NOTEBOOK_LINK = re.compile(r'(?<=href=")(\w+)\.ipynb(?=["#])')


def page(nb, folder=course.COURSE, live=None):
    """The slides of a notebook as the text of one HTML page; None where no cell is tagged.

    folder: where the pictures that its markdown names are found. live: {cell id: (title, page)} of
    explorers that are shown working. Raises SlideError or TexError.
    """
    found = slides(nb)
    if not found:
        return None
    cells = []
    for number, slide in enumerate(found, 1):
        for cell in slide.cells:
            if cell.id in (live or {}):
                title, html = live[cell.id]
                cell.metadata["live"] = {"title": title, "page": _fitted(html)}
        for cell in slide.held_back:
            cell.metadata["held_back"] = True
        slide.cells[0].metadata["opens"] = {
            "number": number,
            "title": slide.title,
            "headed": slide.headed,
        }
        slide.cells[-1].metadata["closes"] = True
        cells += slide.cells
    exporter = HTMLExporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        filters={"mathml": with_mathml},
        embed_images=True,
        exclude_anchor_links=True,
        exclude_output_prompt=True,
    )
    style = HtmlFormatter(style="friendly").get_style_defs(".highlight")
    deck = {
        "title": found[0].title,
        "count": len(found),
        "style": style + (TEMPLATE / "deck.css").read_text(encoding="utf-8"),
        "script": (TEMPLATE / "deck.js").read_text(encoding="utf-8"),
    }
    shown = nbformat.v4.new_notebook(cells=cells, metadata=nb.metadata)
    resources = {"deck": deck, "metadata": {"path": str(folder)}}
    html, _ = exporter.from_notebook_node(shown, resources)
    return NOTEBOOK_LINK.sub(r"\1.html", html)


def _fitted(html):
    """A page with what fits it to its frame; nobody outside can look into the frame."""
    style, script = (
        (TEMPLATE / f"fit.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")
    )
    fitting = f"<style>\n{style}</style>\n<script>\n{script}</script>\n</body>"
    return html.replace("</body>", fitting)


def contents(decks):
    """A page that lists the decks: (file name, title, number of slides) each."""
    rows = "\n".join(
        f'<li><a href="{escape(name)}">{escape(title)}</a> · {count} slides</li>'
        for name, title, count in decks
    )
    style = "body { font: 20px/1.6 system-ui, sans-serif; max-width: 40em; margin: 3em auto; }"
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>Slides</title>\n<style>{style}</style>\n</head>\n"
        f"<body>\n<h1>Slides</h1>\n<ul>\n{rows}\n</ul>\n</body>\n</html>\n"
    )


def make(path, folder, live=False):
    """Write the slides of the chapter at `path`; (title, how many), or None without any."""
    nb = course.read(path)
    working = None
    if live:
        from tools.slides_live import run

        nb, working = run(nb, path)
    html = page(nb, path.parent, working)
    if html is None:
        return None
    folder.mkdir(exist_ok=True)
    write_atomically(folder / f"{path.stem}.html", lambda file: file.write(html.encode()))
    found = slides(nb)
    return found[0].title, len(found)


def _write_contents(folder):
    """List every deck in the folder, also those made earlier; the glossary, which they link to."""
    decks = []
    for path in sorted(folder.glob("[0-9]*.html")):
        html = path.read_text(encoding="utf-8")
        title = re.search(r"<title>(.*?)</title>", html)[1]
        decks.append((path.name, title, html.count('aria-roledescription="slide"')))
    pages = {"index.html": contents(decks), "glossary.html": glossary()}
    for name, html in pages.items():
        write_atomically(folder / name, lambda file, html=html: file.write(html.encode()))


def main(argv=None):
    """Entry of `python -m tools.slides`; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.slides", description=__doc__.split("\n")[0]
    )
    parser.add_argument("names", nargs="*", help="chapters (how the name begins); default all")
    parser.add_argument(
        "--live", action="store_true", help="run the chapters, so that explorers work on the slides"
    )
    args = parser.parse_args(argv)
    try:
        paths = course.find(args.names)
    except course.CourseError as error:
        print(error, file=sys.stderr)
        return 1
    failed = 0
    for path in paths:
        try:
            made = make(path, FOLDER, live=args.live)
        except (SlideError, TexError, course.CourseError) as error:
            print(f"{path.stem}: {error}", file=sys.stderr)
            failed = 1
            continue
        print(f"{path.stem}: {made[1]} slides" if made else f"{path.stem}: no cell is tagged")
    if FOLDER.is_dir():
        _write_contents(FOLDER)
        print(f"open {FOLDER.name}/index.html")
    return failed


if __name__ == "__main__":
    with any_terminal():
        sys.exit(main())
