"""Explorers under the mouse with ipywidgets 7, as Colab has, in JupyterLab 3, which shows them.

    python -m tools.ways.widgets7               in a temporary folder, removed afterwards
    python -m tools.ways.widgets7 --keep DIR    work there, and leave the venv and a picture

What has to hold: a slider that the mouse drags changes the explorer in Python, and a value that
Python sets moves the slider; a prediction is locked; the saved notebook holds the picture of each
widget beside its view; and the page logs no error.
"""

import sys

import nbformat

from tests.browser.lab import Card, Notebook, drag, watch_console
from tools.ways.notebook import READY
from tools.ways.trial import chromium, free_port, page, run_trial, served
from tools.ways.wheel import Inside, build, make_venv

VERSIONS = ("ipywidgets==7.7.1", "jupyterlab>=3.6,<4", "jupyterlab_widgets<2", "notebook<7")
CELLS = (
    "from prunelab.widgets import Prediction, ScheduleExplorer\n"
    "explorer = ScheduleExplorer(end_step=1200)\nexplorer",
    "guess = Prediction('How many zeros?', low=0, high=100, unit='%')\nguess",
)


def _try(folder, args):
    browser = chromium()
    python = make_venv(folder / "venv", args.python, build(folder / "dist"), *VERSIONS)
    inside = Inside(python, folder / "home")
    written = inside.home / "explorers.ipynb"
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), written)
    port = free_port()
    at = f"http://127.0.0.1:{port}"
    line = [python, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    line += [f"--ServerApp.port={port}", "--ServerApp.token=t"]
    line += ["--LabApp.expose_app_in_browser=True"]
    with (
        served(line, f"{at}/api", cwd=inside.home, env=inside.environment, log=folder / "log"),
        page(browser) as opened,
    ):
        errors = watch_console(opened)
        opened.goto(f"{at}/lab/tree/{written.name}?token=t")
        opened.wait_for_function(READY)
        opened.wait_for_selector(".jp-Notebook .jp-Cell")
        _use(opened, Notebook(opened, errors))
        opened.screenshot(path=folder / "dragged.png")
        assert not errors, errors
    for cell in nbformat.read(written, 4).cells:
        (output,) = cell.outputs
        assert {"image/png", "application/vnd.jupyter.widget-view+json"} <= set(output.data)
    print(f"ipywidgets {inside.version('ipywidgets')}: the slider moved both ways")


def _use(opened, notebook):
    notebook.command("notebook:run-all-cells")
    notebook.eventually("'guess' in globals()", True, seconds=60)
    card = Card(notebook)
    drag(opened, card.slider("end_step"), 0.3, 0.8)
    assert notebook.value("explorer.end_step") > 1200, "the drag has not arrived in Python"
    notebook.kernel("explorer.assign({'begin_step': 100, 'end_step': 900})")
    card.card.get_by_text("steps 100 to 900").first.wait_for()
    assert card.shown("end_step") == 900
    for slider in opened.locator(".pl-predict .pl-range").all():
        slider.press("ArrowRight")
    opened.get_by_text("Lock it in").click()
    notebook.eventually("guess.locked", True)
    notebook.command("docmanager:save")
    opened.wait_for_timeout(1000)


if __name__ == "__main__":
    sys.exit(run_trial(_try, __doc__))
