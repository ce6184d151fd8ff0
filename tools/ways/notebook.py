"""The learner's copy in Notebook 7: folded answers, an explorer under the mouse, Run All.

    python -m tools.ways.notebook               in a temporary folder, removed afterwards
    python -m tools.ways.notebook --keep DIR    work there, and leave the venv and two pictures

The wheel and `notebook>=7` are installed in a venv of their own; a headless Chromium opens the
first page of a copy. What has to hold: what follows a prediction is hidden, and says *look only
after you have locked*; *Run All* of the menu runs it all the same and leaves it hidden; a click
opens it; and a slider that the mouse drags changes the explorer in Python.
"""

import sys

import nbformat

from tests.browser.lab import Card, Notebook, drag, watch_console
from tools.ways.trial import chromium, free_port, page, run_trial, served
from tools.ways.wheel import Inside, build, install

CELLS = """
() => jupyterapp.shell.currentWidget.content.widgets
  .map((cell) => [cell.isHidden, cell.model.sharedModel.getSource()])
"""
READY = "() => window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"


def _try(folder, args):
    browser = chromium()
    python = install(folder / "venv", args.python, build(folder / "dist"), "notebook>=7,<8")
    inside = Inside(python, folder / "home")
    inside.run("-m", "prunelab", "course", "course")
    port = free_port()
    at = f"http://127.0.0.1:{port}"
    line = [python, "-m", "notebook", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    line += [f"--ServerApp.port={port}", "--IdentityProvider.token=t"]
    line += ["--JupyterNotebookApp.expose_app_in_browser=True"]
    home = inside.home
    with (
        served(line, f"{at}/api", cwd=home / "course", env=inside.environment, log=home / "log"),
        page(browser) as opened,
    ):
        errors = watch_console(opened)
        bare = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
        bare.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(bare, home / "course" / "bare.ipynb")
        _open(opened, f"{at}/notebooks/bare.ipynb?token=t")
        own = set(errors)  # which Notebook 7 writes whatever it opens
        _open(opened, f"{at}/notebooks/00_start_here.ipynb?token=t")
        _use(opened, Notebook(opened, errors), folder)
        assert set(errors) <= own, errors
    print(f"Notebook {inside.version('notebook')}: folded, run, opened; the slider moved")


def _open(opened, address):
    opened.goto(address)
    opened.wait_for_function(READY)
    opened.wait_for_selector(".jp-Notebook .jp-Cell")


def _use(opened, notebook, folder):
    heading = opened.get_by_role("heading", name="What happens: look only after you have locked")
    heading.wait_for(state="attached")
    sources = [source for _, source in opened.evaluate(CELLS)]
    (answer,) = [at for at, source in enumerate(sources) if "guess.reveal(" in source]
    assert opened.evaluate(CELLS)[answer][0], "what happens is in sight before it is opened"
    heading.scroll_into_view_if_needed()
    opened.screenshot(path=folder / "folded.png")
    opened.get_by_role("menuitem", name="Run", exact=True).click()
    opened.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    notebook.eventually("'doctor' in globals()", True, seconds=120)
    assert round(notebook.value("flight.realised_sparsity"), 4) == 0.2894
    assert opened.evaluate(CELLS)[answer][0], "Run All has opened what happens"
    card = Card(notebook)
    card.card.scroll_into_view_if_needed()
    before = notebook.value("first.end_step")
    drag(opened, card.slider("end_step"), 0.3, 0.8)
    after = notebook.value("first.end_step")
    assert after > before, f"end_step stays {before}, though the mouse has dragged it"
    assert card.shown("end_step") == after
    opened.screenshot(path=folder / "dragged.png")
    heading.scroll_into_view_if_needed()
    heading.locator("xpath=ancestor::*[contains(@class,'jp-MarkdownCell')]").locator(
        ".jp-collapseHeadingButton"
    ).click()
    opened.wait_for_function(f"() => !({CELLS})()[{answer}][0]")


if __name__ == "__main__":
    sys.exit(run_trial(_try, __doc__))
