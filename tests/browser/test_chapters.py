"""Each chapter as a reader meets it: opened in JupyterLab, run from top to bottom, looked at."""

import shutil
from pathlib import Path

import pytest

from tests.browser.lab import reopen_notebook

COURSE = Path(__file__).resolve().parents[2] / "course"
CHAPTERS = sorted(path.name for path in COURSE.glob("*.ipynb"))
RUN_ALL = """
async () => {
  const app = window.jupyterapp;
  await app.commands.execute("notebook:run-all-cells");
  const cells = [...app.shell.currentWidget.content.model.cells];
  return cells.filter((cell) => cell.type === "code").map((cell) => ({
    count: cell.executionCount,
    source: cell.sharedModel.getSource().split("\\n")[0],
    outputs: cell.outputs.toJSON().map((output) => ({
      kind: output.output_type,
      what: output.evalue ?? output.name ?? "",
      forms: Object.keys(output.data ?? {}),
    })),
  }));
}
"""

pytestmark = pytest.mark.browser


def test_there_are_chapters():
    assert CHAPTERS


@pytest.fixture(scope="module")
def course(lab):
    """A copy of the course in the folder that JupyterLab serves, for a reader to write in."""
    address, root = lab
    shutil.copytree(COURSE, root / "course", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    return address


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_runs_from_top_to_bottom(browser, course, name):
    context = browser.new_context(viewport={"width": 1280, "height": 1400})
    opened = reopen_notebook(context.new_page(), course, f"course/{name}")
    opened.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".connectionStatus === 'connected'"
    )
    cells = opened.page.evaluate(RUN_ALL)
    assert [cell["count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [(cell["source"], output) for cell in cells for output in cell["outputs"]]
    assert not [pair for pair in outputs if pair[1]["kind"] == "error"]
    assert not [pair for pair in outputs if pair[1]["what"] == "stderr"]
    explorers = sum("Explorer(" in cell["source"] for cell in cells)
    views = [o for _, o in outputs if "application/vnd.jupyter.widget-view+json" in o["forms"]]
    assert len(views) >= explorers
    assert opened.errors == []
    context.close()
