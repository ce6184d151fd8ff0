"""A learner's copy in a real JupyterLab: what happens is folded, opens, and runs with the rest."""

import json

import pytest

from prunelab.course import copies
from prunelab.course.editions import LOOK_LATER
from tests.browser.lab import reopen_notebook

pytestmark = pytest.mark.browser
CHAPTER = "00_start_here.ipynb"


@pytest.fixture(scope="module")
def chapter(lab, browser):
    """The first page of a copy, opened and not run."""
    address, root = lab
    copies.make(root / "copy")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield reopen_notebook(context.new_page(), address, f"copy/{CHAPTER}"), root / "copy" / CHAPTER
    context.close()


def cells(opened):
    """What JupyterLab knows of each cell: (whether it is hidden, its source)."""
    return opened.page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.widgets"
        ".map((cell) => [cell.isHidden, cell.model.sharedModel.getSource()])"
    )


def test_the_answer_is_hidden_until_it_is_opened_and_runs_all_the_same(chapter):
    opened, path = chapter
    heading = opened.page.get_by_role("heading", name="What happens")
    heading.wait_for()
    assert LOOK_LATER.strip(": ") in heading.text_content()
    answer = next(at for at, (_, source) in enumerate(cells(opened)) if "guess.reveal(" in source)
    question = next(at for at, (_, source) in enumerate(cells(opened)) if "= Prediction(" in source)
    assert [cells(opened)[at][0] for at in (question, answer)] == [False, True]
    after = next(
        at for at, (_, source) in enumerate(cells(opened)) if at > answer and source[:3] == "## "
    )
    assert not cells(opened)[after][0]  # the fold ends where the next heading begins
    opened.command("notebook:run-all-cells")
    opened.eventually("'flight' in globals()", True, seconds=60)
    assert opened.value("flight.realised_sparsity") == pytest.approx(0.2894, abs=1e-4)
    assert cells(opened)[answer][0]
    opened.command("notebook:expand-all-headings")
    opened.page.wait_for_function(
        "(at) => !jupyterapp.shell.currentWidget.content.widgets[at].isHidden", arg=answer
    )
    stored = json.loads(path.read_text("utf-8"))
    assert not any(cell.get("outputs") for cell in stored["cells"])
