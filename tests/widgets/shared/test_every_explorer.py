"""What holds of every explorer alike, a row of a table each: refusals, messages, picture, page."""

import base64
import io
import json
import re
import subprocess
import sys
from functools import partial

import pytest
import traitlets
from PIL import Image

from prunelab.widgets import FootprintExplorer, PlanExplorer, ScheduleExplorer
from tests.helpers import tree_cases
from tests.helpers.made_footprint import made_measurement
from tests.helpers.made_plans import made_results
from tests.helpers.mask_cases import coarse, measured

RESULTS, MEASURED = made_results(), made_measurement()
NAN = float("nan")
MAKERS = {
    "schedule": ScheduleExplorer,
    "mask": measured,
    "mask of ties": coarse,
    **{f"tree of {make.__name__}": partial(make, cv=4) for make in tree_cases.EVERY},
    "plan": partial(PlanExplorer, RESULTS),
    "footprint": partial(FootprintExplorer, MEASURED),
}
# Width and height of the picture, the bytes it may take, and a class of the explorer's own style.
LOOKS = {
    "schedule": ((800, 440), 40_000, ".pl-"),
    "mask": ((960, 640), 90_000, ".pl-heatmap"),
    "tree": ((960, 720), 90_000, ".pl-branches"),
    "plan": ((1060, 500), 60_000, ".pl-"),
    "footprint": ((1060, 560), 90_000, ".pl-foot"),
}


@pytest.fixture
def explorer(request):
    made = MAKERS[request.param]()
    yield made
    made.close()


every_explorer = pytest.mark.parametrize(("explorer", "kind"), [
    (name, name.split()[0]) for name in MAKERS
], indirect=["explorer"])  # fmt: skip


# ---- what is refused --------------------------------------------------------------------------

NONSENSE = [
    ("schedule", "final_sparsity", 75, ValueError, "for 75 % write 0.75"),
    ("schedule", "final_sparsity", "0.75", TypeError, "final_sparsity='0.75'"),
    ("schedule", "initial_sparsity", -0.1, ValueError, "write 0 or more"),
    ("schedule", "begin_step", 1.5, ValueError, "write 1 or 2"),
    ("schedule", "end_step", -1, ValueError, "end_step=-1"),
    ("schedule", "power", NAN, ValueError, "power=nan"),
    ("schedule", "frequency", 0, ValueError, "from 1 to"),
    ("schedule", "batch_size", None, TypeError, "batch_size=None"),
    ("schedule", "epochs", True, TypeError, "epochs=True"),
    ("schedule", "n_samples", 10**10, ValueError, "n_samples=10000000000"),
    ("schedule", "axis", "minutes", ValueError, "'steps' or 'epochs'"),
    ("mask", "sparsity", 75, ValueError, "for 75 % write 0.75"),
    ("mask", "sparsity", "0.5", TypeError, "sparsity='0.5'"),
    ("mask", "pattern", "8x8", ValueError, "write one of unstructured, 4x1"),
    ("mask", "pattern", (4, 1), ValueError, "pattern=(4, 1)"),
    ("mask", "criterion", "l1", ValueError, "write one of magnitude, random, largest"),
    ("mask", "criterion", None, ValueError, "criterion=None"),
    ("tree of moons", "step", 99, ValueError, "step=99"),
    ("tree of moons", "step", 1.5, ValueError, "write 1 or 2"),
    ("tree of moons", "step", "2", TypeError, "step='2'"),
    ("tree of moons", "step", None, TypeError, "set folded instead"),
    ("tree of moons", "folded", [999], ValueError, "node=999"),
    ("tree of moons", "folded", [-1], ValueError, "node=-1"),
    ("tree of moons", "folded", "root", TypeError, "node='root'"),
    ("tree of moons", "pruner", "magic", ValueError, "write cost_complexity or reduced_error"),
    ("tree of moons", "pruner", 3, ValueError, "pruner=3"),
    ("tree of moons", "points", "test", ValueError, "'training' or 'validation'"),
    ("plan", "arms", ["control", "x"], ValueError, "'x' is not among the arms dense, control"),
    ("plan", "arms", "control", TypeError, "write a list of the names dense, control"),
    ("plan", "arms", 3, TypeError, "write a list of the names"),
    ("plan", "sparsity", 75, ValueError, "for 75 % write 0.75"),
    ("plan", "sparsity", "0.5", TypeError, "sparsity='0.5'"),
    ("plan", "measure", "mse", ValueError, "the measures are train_mse, validation_mse"),
    ("plan", "measure", "test_mse", ValueError, "write show_test=True then"),
    ("plan", "measure", 3, ValueError, "measure=3"),
    ("plan", "sort", "mse", ValueError, "write one of arm, seeds"),
    ("plan", "sort", "--arm", ValueError, "sort='--arm'"),
    ("footprint", "sparsity", "much", TypeError, "sparsity="),
    ("footprint", "sparsity", 75, ValueError, "sparsity=75"),
    ("footprint", "sparsity", NAN, ValueError, "sparsity"),
    ("footprint", "batch", 0, ValueError, "batch=0"),
    ("footprint", "batch", 1.5, (TypeError, ValueError), "batch=1.5"),
    ("footprint", "threads", 7, ValueError, "threads=7: choose one of 1, 2"),
    ("footprint", "format", "zip", ValueError, "format='zip': choose one of wrapped, compiled"),
    ("footprint", "runtime", None, ValueError, "runtime=None: choose one of keras_predict"),
    ("footprint", "runtime", ["numpy"], ValueError, "runtime="),
    ("footprint", "pattern", "stripes", ValueError, "pattern='stripes': choose one of dense"),
    ("footprint", "source", "there", ValueError, "source='there': choose one of stored, here"),
    ("footprint", "source", "here", ValueError, "nothing was measured here yet; call measure()"),
]
NO_ARGUMENTS = ("source", "folded", "pruner")  # they can be set, and are none of the arguments


@pytest.mark.parametrize(
    ("explorer", "name", "value", "error", "words"), NONSENSE, indirect=["explorer"]
)
def test_nonsense_is_refused_in_one_sentence_and_changes_nothing(
    explorer, name, value, error, words, request
):
    before, make = repr(explorer), MAKERS[request.node.callspec.params["explorer"]]
    ways = [lambda: setattr(explorer, name, value)]
    if name not in NO_ARGUMENTS:
        ways.append(lambda: make(**{name: value}))
    for way in ways:
        with pytest.raises(error, match=re.escape(words)) as caught:
            way()
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 300
        assert str(caught.value).startswith((name, "node="))
        assert not isinstance(caught.value, traitlets.TraitError)
    assert repr(explorer) == before


# ---- what a browser sends ---------------------------------------------------------------------

TAKEN = [
    ("schedule", {"end_step": 1600, "notice": ""}),
    ("mask", {"sparsity": 0.4, "notice": ""}),
    ("mask", {"pattern": "neurons", "criterion": "largest", "notice": ""}),
    ("tree of moons", {"points": "validation"}),
    ("plan", {"arms": ["dense", "control"], "sparsity": 0.5, "measure": "seconds", "notice": ""}),
    ("footprint", {"pattern": "neurons", "sparsity": 0.9, "batch": 1024, "threads": 2}),
    ("footprint", {"format": "raw", "notice": "told"}),
]


@pytest.mark.parametrize(("explorer", "message"), TAKEN, indirect=["explorer"])
def test_what_a_browser_sends_is_taken_and_not_answered(explorer, sent, message):
    explorer.set_state(message)
    assert json.loads(json.dumps({name: getattr(explorer, name) for name in message})) == message
    assert sent == []


SAID = "sparsity cannot be 75: it is set to 0.99."
MENDED = [
    (
        "schedule",
        {"final_sparsity": 75, "frequency": "often", "epochs": 12.6},
        {"final_sparsity": 0.99, "frequency": 100, "epochs": 13, "notice": f"final_{SAID}"},
    ),
    (
        "schedule",
        {"end_step": 300},
        {
            "begin_step": 300,
            "notice": "begin_step moves along to 300: a schedule cannot end before it begins.",
        },
    ),
    ("mask", {"sparsity": 75}, {"sparsity": 0.99, "notice": SAID}),
    (
        "plan",
        {"sparsity": 75, "measure": "test_mse", "sort": 3},
        {"sparsity": 0.99, "notice": SAID, "measure": "validation_mse", "sort": "arm"},
    ),
    ("plan", {"arms": ["x"]}, {"arms": tuple(PlanExplorer(RESULTS).arms)}),
]


@pytest.mark.parametrize(("explorer", "message", "made"), MENDED, indirect=["explorer"])
def test_the_impossible_is_mended_and_the_page_hears_of_it(explorer, sent, message, made):
    explorer.set_state(message)
    assert {name: getattr(explorer, name) for name in made} == made
    assert set.union(*sent) >= set(made)


CELLS = [
    ("mask", {"sparsity": 0.1, "pattern": "inputs"}, {"sparsity", "pattern"}),
    ("tree of moons", {"pruner": "pessimistic"}, {"pruner", "folded", "step"}),
    ("plan", {"sparsity": 0.1, "measure": "train_mse"}, {"sparsity", "measure"}),
    ("footprint", {"pattern": "2:4"}, {"pattern", "sparsity", "notice"}),
]


@pytest.mark.parametrize(("explorer", "change", "names"), CELLS, indirect=["explorer"])
def test_a_cell_moves_the_page_without_sending_the_data_again(explorer, sent, change, names):
    for name, value in change.items():
        setattr(explorer, name, value)
    assert names <= set.union(*sent)
    assert "data" not in set.union(*sent)


# ---- picture and page -------------------------------------------------------------------------


@every_explorer
def test_the_mimebundle_has_the_view_a_picture_and_the_facts(explorer, kind):
    size, most, _ = LOOKS[kind]
    data, _ = explorer._repr_mimebundle_()
    assert data["text/plain"] == repr(explorer)
    assert "\n" not in repr(explorer)
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == explorer.model_id
    png = data["image/png"]
    png = base64.b64decode(png) if isinstance(png, str) else png
    assert png == explorer.picture()
    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        assert picture.size == size
        assert len(picture.convert("RGB").getcolors(10**6)) > 20
    assert len(png) < most


CHANGES = [
    ("schedule", {"end_step": 1600, "axis": "epochs"}),
    ("mask", {"sparsity": 0.3, "pattern": "2:4", "criterion": "random"}),
    ("tree of moons", {"step": 5, "points": "validation"}),
    ("plan", {"sparsity": 0.9, "arms": ["control", "dense"]}),
    ("footprint", {"sparsity": 0.9}),
]


@pytest.mark.parametrize(("explorer", "changes"), CHANGES, indirect=["explorer"])
def test_the_picture_follows_the_state_and_repeats_byte_for_byte(explorer, changes):
    seen = {explorer.picture()}
    assert {explorer.picture()} == seen
    for name, value in changes.items():
        setattr(explorer, name, value)
        seen.add(explorer.picture())
    assert len(seen) == 1 + len(changes)
    for notes in (b"tEXt", b"zTXt", b"iTXt", b"tIME", b"atplotlib"):
        assert not any(notes in png for png in seen)


STATES = [
    ("schedule", {"begin_step": 0, "end_step": 0}),
    ("schedule", {"begin_step": 100, "end_step": 100}),
    ("schedule", {"epochs": 1, "n_samples": 1, "batch_size": 1}),
    ("schedule", {"power": 0}),
    ("schedule", {"initial_sparsity": 0.9, "final_sparsity": 0.1}),
    ("schedule", {"begin_step": 0, "end_step": 2**31 - 1, "frequency": 1, "epochs": 10**6}),
    ("schedule", {"axis": "epochs", "final_sparsity": 0.0}),
    ("plan", {"sparsity": 0.99}),
    ("plan", {"measure": "validation_r2", "arms": ["dense"]}),
    ("plan", {"measure": "train_mse"}),
    ("plan", {"measure": "input_auc", "arms": ["ridge", "lasso"]}),
    ("plan", {"measure": "seconds", "control": "dense", "arms": ["control", "ridge"]}),
    ("footprint", {"pattern": "small_dense", "sparsity": 0.25}),
    ("footprint", {"threads": 2, "batch": 1024}),
]


@pytest.mark.parametrize(("name", "state"), STATES)
def test_every_state_can_be_drawn_and_told(name, state):
    made = MAKERS[name](**state)
    assert made.picture().startswith(b"\x89PNG")
    assert made.caption


@every_explorer
def test_save_html_writes_one_page_whole(explorer, kind, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("older", encoding="utf-8")
    assert explorer.save_html(path) == path
    assert [entry.name for entry in tmp_path.iterdir()] == ["page.html"]
    page = path.read_text(encoding="utf-8")
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
    assert not re.search(r"\b(src|href)=|^import |^export |\{\{", page, re.MULTILINE)
    state = json.loads(re.search(r'id="state">(.*?)</script>', page)[1])
    assert state == json.loads(json.dumps(explorer.page_state()))
    assert set(explorer.from_page) <= set(state)
    assert f"<title>{explorer.page_title}</title>" in page
    assert LOOKS[kind][2] in page, "the explorer's own style is missing"


@pytest.mark.parametrize("folder", ["schedule", "mask", "tree", "plan", "footprint"])
def test_importing_an_explorer_brings_no_heavy_package(folder):
    program = (
        "import sys, time; started = time.process_time()\n"
        f"import prunelab.widgets.{folder}.explorer\n"
        "spent = time.process_time() - started\n"
        "heavy = {'tensorflow', 'tf_keras', 'matplotlib', 'sklearn', 'scipy'} & set(sys.modules)\n"
        "print(spent, sorted(heavy))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    seconds, heavy = done.stdout.strip().split(" ", 1)
    assert heavy == "[]"
    assert float(seconds) < 1.5
