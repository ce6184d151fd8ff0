"""Each rule accepts a good chapter and rejects each of the chapters spoilt for it."""

import copy

import nbformat
import numpy as np
import pytest

from tests.helpers.notebook_rules import RULES, Chapter, numbers
from tests.helpers.sample_chapter import (
    GRADIENT,
    chapter,
    code,
    error,
    good_cells,
    png,
    show,
    words,
)

BY_NAME = {rule.__name__: rule for rule in RULES}
# Positions in the good chapter, from 0.
TITLE, DO, NEED, COMPUTE, CLAIM, FIGURE, SEEN, EXPLORER, QUESTION, RAISES = range(10)
DURATION, SHEET, STUB, SOLUTION, PRACTICE, FURTHER = 11, 12, 14, 16, 17, 18


@pytest.fixture
def folder(tmp_path):
    terms = nbformat.v4.new_notebook(cells=[words("# Glossary\n\n### Two words\n\nA pair.")])
    nbformat.write(terms, tmp_path / "glossary.ipynb")
    return tmp_path


def test_links_to_headings_are_followed(folder):
    cells = good_cells()
    say(SEEN, "See [it](glossary.ipynb#Two-words).")(cells)
    assert BY_NAME["links_lead_somewhere"](chapter(cells, folder=folder)) == []


def test_an_appendix_has_a_letter_and_start_here_no_sheet(folder):
    cells = good_cells()
    drop(SHEET)(cells)
    assert BY_NAME["cheat_sheet"](chapter(cells, name="00_start_here.ipynb", folder=folder)) == []
    for rule in ("file_name", "title"):
        assert BY_NAME[rule](chapter(name="01a_count_the_zeros.ipynb", folder=folder)) == []


def test_rules_have_names_of_their_own():
    assert len(BY_NAME) == len(RULES) > 30


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_accepts_a_good_chapter(rule, folder):
    assert rule(chapter(folder=folder)) == []


def put(at, cell):
    """Spoil by putting `cell` in place of the one at `at`."""

    def spoil(cells):
        cells[at] = cell

    return spoil


def add(at, *new):
    """Spoil by inserting cells before position `at`."""

    def spoil(cells):
        cells[at:at] = new

    return spoil


def drop(at):
    """Spoil by removing the cell at `at`."""

    def spoil(cells):
        del cells[at]

    return spoil


def say(at, text):
    """Spoil by adding words to a markdown cell."""

    def spoil(cells):
        cells[at].source += "\n\n" + text

    return spoil


def run(source, *outputs, **kw):
    """Spoil by adding a code cell, with words above it so that no other rule is broken."""
    return add(CLAIM + 1, code(source, *outputs, **kw), words("Then:"))


def tag(at, *tags):
    def spoil(cells):
        cells[at].metadata["tags"] = list(tags)

    return spoil


def unhide(cells):
    del cells[SOLUTION].metadata["jupyter"]


def much(cells):
    rng = np.random.default_rng(0)
    noise = png(rng.integers(0, 256, (700, 700)))
    cells[FIGURE].outputs = [show("<Figure>", noise)]


LONG = "\n".join(f"a{i} = {i}" for i in range(13))
MANY = "\n\n".join("a = 1" for _ in range(11))
DOWNLOAD = "from sklearn.datasets import fetch_openml\nfetch_openml('mnist')"
UNSEEDED = "from sklearn.datasets import make_regression\nx, y = make_regression(10)"
SPLIT = "from sklearn.model_selection import train_test_split\ntrain_test_split([1], shuffle=False)"

# Each is (rule, what is wrong, how to spoil the cells of the good chapter).
SPOILT = [
    ("title", "another H1", put(TITLE, words("# Count zeros"))),
    ("title", "no capital", put(TITLE, words("# count the zeros"))),
    ("title", "no H1", put(TITLE, words("## Count the zeros"))),
    ("title", "two H1", add(CLAIM, words("# Count the zeros"))),
    ("title", "not first", add(TITLE, words("Hello"))),
    ("opening", "no What you'll learn", put(DO, words("## What you'll do\nCount."))),
    ("opening", "after code", add(TITLE + 1, code("a = 1"))),
    ("opening", "out of order", put(DO, words("## What you'll learn\nA\n## What you'll do\nB"))),
    ("minutes", "no duration", put(NEED, words("## What you'll need\nPython."))),
    ("minutes", "another duration", put(NEED, words("## What you'll need\nPython; 45 minutes."))),
    ("minutes", "more than a sitting", say(SEEN, "So it is. " * 6_000)),
    ("places_to_stop", "none in an hour", say(SEEN, "So it is. " * 3_000)),
    ("cheat_sheet", "none", drop(SHEET)),
    ("cheat_sheet", "no tag", tag(SHEET)),
    ("cheat_sheet", "another heading", put(SHEET, words("## Sheet\nA", "sheet"))),
    ("cheat_sheet", "two", add(SHEET, words("## Cheat sheet\nA", "sheet"))),
    ("cheat_sheet", "elsewhere", add(SHEET + 1, words("So."))),
    ("cheat_sheet", "two pages", say(SHEET, "So it is. " * 75)),
    ("closing", "no In practice", put(PRACTICE, words("From a paper."))),
    ("closing", "a heading after", add(FURTHER + 1, words("## More"))),
    ("words_before_code", "four in a row", add(COMPUTE, *[code("a = 1")] * 4)),
    ("cell_length", "13 lines", add(COMPUTE, words("So:"), code(LONG))),
    ("cell_length", "long on average", add(COMPUTE, *[words("So:"), code(MANY)] * 8)),
    ("words_after_figure", "code below", drop(SEEN)),
    ("explorer_in_context", "no figure", put(FIGURE, code("draw(zeros)"))),
    ("explorer_in_context", "no question", put(QUESTION, words("Move it."))),
    ("explorer_in_context", "no tag", tag(EXPLORER)),
    ("explorer_in_context", "tag without explorer", tag(COMPUTE, "explorer")),
    (
        "compute_or_draw",
        "fits and draws",
        put(FIGURE, code("net.fit(x)\ndraw(net)", show("<Figure>", GRADIENT))),
    ),
    ("solutions", "no solution", drop(SOLUTION)),
    ("solutions", "no exercise", drop(STUB)),
    ("solutions", "too far", add(SOLUTION, *[words("Wait.")] * 3)),
    ("solutions", "in view", unhide),
    ("solutions", "recorded", put(SOLUTION, code("q.check(2)", tags=["solution"], hidden=True))),
    ("solutions", "not recorded", put(STUB, code("q.confirm(2)", tags=["exercise"]))),
    ("course_files", "a folder of this folder", run("plans.load('short', 'runs')")),
    ("course_files", "a file of this folder", run("print(Path('data/a.json').read_text())")),
    ("course_files", "somewhere to write", run("train(folder='runs/mine')")),
    ("course_files", "by another name", run("open('notes.txt', 'w')")),
    ("outputs_present", "printed nothing", run("print(1)")),
    ("outputs_present", "in a loop under with", run("with a:\n    for b in c:\n        print(1)")),
    ("volatile_share", "two of eight", run("print(1)", "1\n", tags=["nbval-ignore-output"])),
    ("errors_are_meant", "untagged error", run("int('x')", error("no"))),
    ("errors_are_meant", "tag without error", put(RAISES, code("1", tags=["raises-exception"]))),
    ("pictures", "corrupt", run("draw()", show("<Figure>", GRADIENT[:60] + GRADIENT[80:]))),
    ("pictures", "no picture at all", run("draw()", show("<Figure>", "abcd"))),
    ("pictures", "blank", run("draw()", show("<Figure>", png(np.full((8, 8), 255))))),
    ("picture_bytes", "half a megabyte", much),
    ("stable_text", "an address", run("a", show("<object at 0x7f1200ab>"))),
    ("stable_text", "a path", run("print(p)", "/home/someone/course\n")),
    ("tags", "unknown", tag(COMPUTE, "nbval-skip")),
    ("slide_tags", "on no slide yet", tag(TITLE, "slide-more")),
    ("slide_tags", "begins and goes on", tag(FIGURE, "slide", "slide-more")),
    ("slide_tags", "too much code", run(LONG, tags=["slide"])),
    ("slide_count", "seven", tag(PRACTICE)),
    ("slide_count", "twenty-six", add(CLAIM, *[words("So.", "slide")] * 18)),
    ("slide_count", "none", lambda cells: [c.metadata.pop("tags", None) for c in cells]),
    ("first_slide", "not the title", tag(TITLE)),
    ("is_python", "empty cell", run("  ")),
    ("is_python", "no Python", run("a b")),
    ("no_semicolon", "at the end", run("draw();")),
    ("no_semicolon", "between", run("a = 1; b = 2")),
    ("no_magics", "shell", run("!ls")),
    ("no_magics", "pip", run("%pip install numpy")),
    ("no_magics", "cell magic", run("%%time\na = 1")),
    ("no_magics", "assigned", run("files = !ls")),
    ("no_hidden_switch", "nbval comment", run("# NBVAL_SKIP\na = 1")),
    ("no_hidden_switch", "environment", run("import os\nfast = os.environ.get('CI')")),
    ("no_hidden_switch", "sys.path", run("import sys\nsys.path.append('..')")),
    ("no_star_import", "star", run("from numpy import *")),
    ("no_download", "urllib", run("import urllib.request")),
    ("no_download", "fetch", run(DOWNLOAD)),
    ("no_download", "address", run("x = read('https://example.org/x.csv')")),
    ("seeded", "global generator", run("x = np.random.rand(3)")),
    ("seeded", "default_rng()", run("rng = np.random.default_rng()")),
    ("seeded", "make_regression", run(UNSEEDED)),
    ("seeded", "split", run(SPLIT)),
    ("no_captured_output", "interact", run("interact(f, x=3)")),
    ("no_captured_output", "Output", run("out = widgets.Output()")),
    ("voice", "simply", say(SEEN, "Simply look.")),
    ("voice", "just", say(SEEN, "It is just a mask.")),
    ("voice", "obviously", put(TITLE, words("# Count the zeros\nObviously."))),
    ("chapters_by_subject", "by number", say(SEEN, "As chapter 3 shows.")),
    ("alt_text", "none", say(SEEN, "![](a.png)")),
    ("alt_text", "html", say(SEEN, '<img src="a.png">')),
    ("links_lead_somewhere", "no file", say(SEEN, "See [trees](02_no_such.ipynb#top).")),
    ("links_lead_somewhere", "no heading", say(SEEN, "See [it](glossary.ipynb#Weight).")),
    ("numbers_appear_above", "wrong digit", put(CLAIM, words("We see 28.93 % zeros."))),
    ("numbers_appear_above", "wrong fraction", put(CLAIM, words("We see 0.288."))),
    ("numbers_appear_above", "an integer", say(SEEN, "It took 1,800 steps.")),
    ("numbers_appear_above", "before its output", say(NEED, "We find 28.94 %.")),
    ("numbers_appear_above", "from an unchecked output", say(DURATION + 1, "It took 0.731.")),
    ("numbers_appear_above", "from a string", add(CLAIM, code("t = '0.77'"), words("0.77"))),
    ("numbers_appear_above", "from a comment", add(CLAIM, code("a = 1  # 0.77"), words("0.77"))),
    (
        "numbers_appear_above",
        "set two cells below",
        add(CLAIM, words("We take 77."), code("a = 1"), words("And then:"), code("b = 77")),
    ),
    ("exemptions", "no source", put(PRACTICE, words("## In practice\n61 % <!-- numbers: -->"))),
    ("exemptions", "not needed", put(PRACTICE, words("## In practice\n<!-- numbers: a paper -->"))),
    (
        "exemptions",
        "too many",
        say(SEEN, "Another paper has 62 %. <!-- numbers: Gale et al. 2019 -->"),
    ),
]


@pytest.mark.parametrize(
    ("name", "spoil"), [(n, s) for n, _, s in SPOILT], ids=[f"{n}: {w}" for n, w, _ in SPOILT]
)
def test_rejects_a_spoilt_chapter(name, spoil, folder):
    cells = good_cells()
    spoil(cells)
    failures = BY_NAME[name](chapter(cells, folder=folder))
    assert failures
    assert all(f.startswith("01_count_the_zeros.ipynb") and "\n" not in f for f in failures)


@pytest.mark.parametrize("name", ["1_count.ipynb", "01_Count_it.ipynb", "01-count-it.ipynb"])
def test_rejects_a_file_name(name, folder):
    assert BY_NAME["file_name"](chapter(name=name, folder=folder))


# What is wrong with the stored notebook rather than with what was written in it.
def _count(nb):
    nb.cells[COMPUTE].execution_count = None


def _order(nb):
    nb.cells[COMPUTE].execution_count, nb.cells[FIGURE].execution_count = 2, 1


def _stderr(nb):
    nb.cells[COMPUTE].outputs[0].name = "stderr"


def _svg(nb):
    nb.cells[FIGURE].outputs[0].data["image/svg+xml"] = "<svg/>"


def _view(nb):
    nb.cells[EXPLORER].outputs[0].data["application/vnd.jupyter.widget-view+json"] = {}


def _kernel(nb):
    nb.metadata.kernelspec.name = "tf"


def _state(nb):
    nb.metadata["widgets"] = {}


def _timing(nb):
    nb.cells[COMPUTE].metadata["execution"] = {}


def _attachment(nb):
    nb.cells[SEEN]["attachments"] = {"a.png": {"image/png": GRADIENT}}


def _same_id(nb):
    nb.cells[1].id = nb.cells[0].id


def _edited_code(nb):
    nb.cells[COMPUTE].source += "  # changed"


def _edited_tag(nb):
    nb.cells[COMPUTE].metadata["tags"] = ["nbval-ignore-output"]


def _edited_output(nb):
    nb.cells[COMPUTE].outputs[0].text = "30 %\n"


def _edited_picture(nb):
    nb.cells[FIGURE].outputs[0].data["image/png"] = png(np.eye(8))


def _no_stamp(nb):
    del nb.metadata["prunelab"]


def _language(nb):
    nb.metadata.language_info["version"] = "3.11.2"


STORED = [
    ("counts", _count),
    ("counts", _order),
    ("no_stderr", _stderr),
    ("pictures", _svg),
    ("output_types", _svg),
    ("output_types", _view),
    ("kernelspec", _kernel),
    ("no_widget_state", _state),
    ("cell_metadata", _timing),
    ("cell_metadata", _attachment),
    ("cell_ids", _same_id),
    *[
        ("stamped", spoil)
        for spoil in (
            _count,
            _view,
            _timing,
            _edited_code,
            _edited_tag,
            _edited_output,
            _edited_picture,
            _no_stamp,
            _language,
        )
    ],
]


@pytest.mark.parametrize(("name", "spoil"), STORED, ids=lambda v: getattr(v, "__name__", v))
def test_rejects_what_is_stored(name, spoil, folder):
    nb = copy.deepcopy(chapter(folder=folder).nb)
    spoil(nb)
    assert BY_NAME[name](Chapter("01_count_the_zeros.ipynb", nb, folder))


def test_choosing_slides_does_not_ask_for_another_run(folder):
    nb = copy.deepcopy(chapter(folder=folder).nb)
    for cell, name in ((COMPUTE, "slide"), (FIGURE, "slide-more"), (EXPLORER, "slide")):
        nb.cells[cell].metadata["tags"] = [*nb.cells[cell].metadata.get("tags", []), name]
    assert BY_NAME["stamped"](Chapter("01_count_the_zeros.ipynb", nb, folder)) == []


def test_every_rule_rejects_something():
    tried = {name for name, *_ in SPOILT} | {name for name, _ in STORED} | {"file_name"}
    assert tried == set(BY_NAME)


def test_an_empty_notebook_is_rejected(folder):
    empty = chapter([], folder=folder)
    assert BY_NAME["title"](empty)
    assert BY_NAME["opening"](empty)


@pytest.mark.parametrize(
    ("prose", "texts"),
    [
        ("We have 28.94 % and 0.0035.", ["28.94 %", "0.0035"]),
        ("2,075,649 weights, 40 + 40 epochs", ["2,075,649", "40", "40"]),
        ("From 50 to 75 % of it", ["50 %", "75 %"]),
        ("three of 12, cell 7, in 2017", []),
        ("after 2000 steps", ["2000"]),
        ("2-million weights", ["2"]),
        ("Python 3.11–3.13, TensorFlow 2.21, release 1.2.3", []),
        ("`0.5`, $0.25$, $$0.125$$, <!-- 0.7 -->", []),
        ("```\n0.5\n```\n0.75", ["0.75"]),
        ("## Step 100\n0.75", ["0.75"]),
        ("14. the list goes on\n15. and on", []),
        ("[page 99](https://example.org/0.77)", []),
        ("10⁶ steps, 1e-3, 2.5 × 10⁻³", ["10⁶", "1e-3", "2.5 × 10⁻³"]),
        ("the 3rd of 45 minutes, int8, R2, .5", [".5"]),
        ("| dense | 0.0080 |", ["0.0080"]),
        ("**75 %**, (0.4), –0.3", ["75 %", "0.4", "0.3"]),
    ],
)
def test_finds_the_claims(prose, texts):
    assert [claim.text for claim in numbers.claims(prose)] == texts


@pytest.mark.parametrize(
    ("prose", "above", "held"),
    [
        ("28.94 %", 0.28940625, True),
        ("28.94 %", 28.94, True),
        ("28.95 %", 0.28940625, False),
        ("0.29", 0.28940625, True),
        ("29 %", 0.28940625, True),
        ("30 %", 0.28940625, False),
        ("0.0035", 0.00352, True),
        ("0.0035", 0.0036, False),
        ("1,600", 1600.0, True),
        ("1,600", 1601.0, False),
        ("2.1 million", 2075649.0, True),
        ("2.2 million", 2075649.0, False),
        ("8.32 MB", 8_318_000.0, True),
        ("10⁶ steps", 1e6, True),
        ("10⁶ steps", 1_100_000.0, False),
        ("17 ms", 0.0168, True),
        ("2.5 × 10⁻³", 0.0025, True),
    ],
)
def test_holds_by_rounding_to_the_digits_printed(prose, above, held):
    seen = numbers.Above()
    seen.values.add(above)
    (claim,) = numbers.claims(prose)
    assert seen.holds(claim) is held
