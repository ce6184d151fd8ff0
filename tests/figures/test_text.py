"""Texts of figures stand there letter by letter, whatever a reader's names hold."""

import logging
import warnings

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from sklearn.tree import DecisionTreeClassifier

from prunelab import figures
from prunelab.figures import footprint, mask, plan, search
from prunelab.figures.text import literal
from prunelab.widgets import MaskExplorer, Prediction, TreeExplorer

NAMES = (
    "Is it $ 3 % $?",
    "from $5 to $10",
    "$x^$",
    r"$\frac{1}{0",
    r"\$ and \\$ and $$",
    "剪枝 $_$ 프루닝",
    "🌳 ✂️ $",
    "é ß – עברית $",
)


@pytest.fixture(autouse=True)
def _nothing_is_said_in_the_cell(caplog):
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING, "matplotlib"):
        warnings.simplefilter("error")
        yield
    assert not caplog.records


def texts(figure):
    return [text.get_text() for text in figure.findobj(Text) if not text.get_parse_math()]


@pytest.mark.parametrize("name", NAMES)
def test_every_figure_that_takes_names_shows_them_as_they_are(name):
    """Drawn and turned into a PNG: no error, no warning, no formula."""
    draws = {
        "curves": lambda ax: figures.draw_curves(ax, [0, 1], {name: [0, 1]}, title=name),
        "arms": lambda ax: plan.draw_arms(
            ax, {name: [1.0, 2.0], "b": [2.0, 3.0]}, title=name, xlabel=name, control="b"
        ),
        "choices": lambda ax: footprint.draw_choices(
            ax, {name: [(3, [1.0, 2.0], name)]}, title=name
        ),
        "weights": lambda ax: mask.draw_weights(ax, np.arange(9.0), title=name),
        "mask": lambda ax: mask.draw_mask(ax, np.eye(3), np.eye(3), title=name),
        "front": lambda ax: search.draw_pareto_front(
            ax, [(1.0, 2.0), (2.0, 1.0)], [0, 1], title=name, xlabel=name, ylabel=name
        ),
    }
    for draw in draws.values():
        figure = figures.new_figure()
        draw(figure.subplots())
        assert name in texts(figure)
        assert figures.png_bytes(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", NAMES)
def test_every_explorer_shows_them_as_they_are(name):
    x = np.random.default_rng(0).normal(size=(60, 2))
    y = np.where(x[:, 0] > 0, name, "other")
    tree = DecisionTreeClassifier(max_depth=2, random_state=0).fit(x, y)
    for made in (
        Prediction(name, low=0, high=1, label=name, unit=name),
        Prediction(name, options=[name, "b"]),
        MaskExplorer(np.arange(24.0).reshape(4, 6), name=name),
        TreeExplorer(tree, x, y, feature_names=[name, "b"], class_names=[name, "other"]),
    ):
        assert made._repr_mimebundle_()[0]["image/png"]


def test_what_is_between_dollars_is_not_swallowed():
    """Two prices: matplotlib drew the words between them as a formula, without their spaces."""
    pictures = {
        words: Prediction(words, low=0, high=1).picture()
        for words in ("from $5 to $10 per hour?", "from 5to10 per hour?", "from 5 to 10 per hour?")
    }
    assert len(set(pictures.values())) == 3


def test_a_formula_of_the_callers_stays_a_formula():
    ax = Figure().subplots()
    ax.set_xlabel("$x^2$")
    own = ax.text(0, 0, "$y$")
    figures.draw_curves(ax, [0, 1], {"$a$": [0, 1]}, title="$t$")
    assert own.get_parse_math()
    assert not ax.get_legend().get_texts()[0].get_parse_math()


def test_powers_of_ten_stay_powers():
    figure = figures.new_figure()
    ax = figure.subplots()
    ax.set(xscale="log", xlim=(1e-6, 1e6))
    figures.png_bytes(figure)
    assert all(tick.label1.get_parse_math() for tick in ax.xaxis.get_major_ticks())


def test_letters_that_nobody_can_see_are_shown_harmlessly():
    @literal
    def draw(ax, name):
        ax.set_title(name)

    figure = figures.new_figure()
    ax = figure.subplots()
    draw(ax, "a\x1b[31m\tb\0\ud800\nc")
    assert ax.get_title() == "a�[31m b��\nc"
    assert figures.png_bytes(figure)
