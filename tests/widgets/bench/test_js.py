"""The TuningBench's scripts: they fit into one module, and name and count as the kernel does."""

import pytest

from prunelab.live.records import LONGEST
from prunelab.widgets.bench.panel import BUTTONS, TuningChart, TuningTable
from prunelab.widgets.bench.saved_runs import SORTS
from prunelab.widgets.shared.explorer import one_module
from tests.helpers.node import run_module


@pytest.mark.parametrize(
    ("view", "name"), [(TuningChart, "bench/chart.js"), (TuningTable, "bench/table.js")]
)
def test_the_scripts_read_the_traits_that_are_sent(view, name):
    text = one_module(name)
    listed = text.rpartition("const STATE = [")[2].partition("]")[0]
    names = set(listed.replace('"', "").replace(",", " ").split())
    own = {trait for trait in view.class_own_traits(sync=True) if not trait.startswith("_")}
    assert names == own


def test_the_table_sorts_by_what_the_kernel_can_sort():
    text = one_module("bench/table.js")
    columns = text.partition("const COLUMNS = {")[2].partition("};")[0]
    assert all(f"{column}: " in columns for column in SORTS)
    assert columns.count(": ") == len(SORTS)


def test_the_table_takes_no_longer_words_than_are_stored():
    text = one_module("bench/table.js")
    found = text.partition('maxlength: kind === "name" ? ')[2].partition(",")[0]
    assert [int(part) for part in found.split(" : ")] == [LONGEST["name"], 1000]
    assert LONGEST["note"] >= 1000


def test_runs_keep_their_look_by_their_number(tmp_path):
    looks = run_module(
        tmp_path,
        'import { counted, dashOf, runColour } from "widgets/bench/style.js";\n'
        "answer([given.map((number) => [runColour({ number }), dashOf({ number })]),\n"
        "  [0, 950, 1000, 12345, 2075649].map(counted)]);",
        list(range(1, 19)),
    )
    assert len({tuple(look) for look in looks[0]}) == 18
    assert looks[1] == ["0", "950", "1 k", "12.3 k", "2.08 M"]


def test_buttons_are_what_the_panel_promises():
    assert list(BUTTONS) == ["start", "pause", "stop", "steer", "fit"]
    assert all(explained for _, _, explained in BUTTONS.values())
