"""The Prediction without a browser: kinds, lock, reveal, memory, picture and page."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from prunelab.predictions import POINTS
from prunelab.progress.book import ProgressBook
from prunelab.widgets import Prediction, calibration
from prunelab.widgets.prediction import explorer as module

KINDS = {
    "number": lambda **more: Prediction(
        "How many zeros?", low=0, high=100, unit="%", label="zeros", **more
    ),
    "choice": lambda **more: Prediction("Which is lower?", options=["a", "b"], **more),
    "curve": lambda **more: Prediction(
        "Draw it.", x=(0, 320), y=(0.001, 1), xlabel="step", ylabel="loss", log=True, **more
    ),
}
LOCKS = {
    "number": (70, {"low": 60, "high": 80}),
    "choice": ("a", {"sure": 0.75}),
    "curve": ([1.0] + [None] * (POINTS - 2) + [0.01], {}),
}
ANSWERS = {"number": 28.94, "choice": "b", "curve": ([0, 320], [1, 0.01])}
SAID = {
    "number": "It is 28.94 %. That lies below your range, 60 % to 80 %.\n",
    "choice": "It is “b”. You said “a”, 75 % sure.\n",
    "curve": "Your curve is near: 0 % of the axis from the measured one, on average.\n",
}


@pytest.fixture(autouse=True)
def new_reader(tmp_path, monkeypatch):
    """A reader with an empty folder and a fresh session."""
    monkeypatch.setenv("PRUNELAB_PROGRESS", str(tmp_path / "progress"))
    monkeypatch.setattr(module, "_ASKED", {})
    monkeypatch.setattr(module, "_TOLD", set())


@pytest.mark.parametrize("kind", KINDS)
def test_locked_then_revealed(kind, capsys):
    made = KINDS[kind]()
    value, how_sure = LOCKS[kind]
    made.lock(value, **how_sure)
    assert made.locked
    assert made.outcome is None
    made.reveal(ANSWERS[kind])
    assert capsys.readouterr().out == SAID[kind]
    assert made.outcome.held is (kind == "curve")


@pytest.mark.parametrize("kind", KINDS)
def test_where_nobody_answers_it_says_what_was_measured(kind, capsys):
    made = KINDS[kind]()
    made.reveal(ANSWERS[kind])
    wanted = {"number": "28.94 %.", "choice": "“b”.", "curve": "A curve from 1 to 0.01."}[kind]
    assert capsys.readouterr().out == f"{wanted} No guess was locked.\n"
    assert made.outcome is None
    assert not ProgressBook().path.exists()
    assert repr(calibration()) == "0 of 1 predictions locked and revealed."


@pytest.mark.parametrize(
    ("text", "asks"), [("Which?", "Which? Answer"), ("The error is", "The error is: Answer")]
)
def test_a_text_that_is_no_question_ends_in_a_colon(text, asks):
    assert Prediction(text, options=["a", "b"]).caption.startswith(f"Predict: {asks} with one of 2")


@pytest.mark.parametrize("kind", KINDS)
def test_the_repr_is_the_same_for_every_reader(kind):
    asked = repr(KINDS[kind]())
    made = KINDS[kind](answer=ANSWERS[kind])
    made.lock(LOCKS[kind][0], **LOCKS[kind][1])
    assert repr(made) == repr(KINDS[kind]()) == asked
    assert "\n" not in asked
    assert "28.94" not in asked


@pytest.mark.parametrize("kind", KINDS)
def test_a_locked_guess_is_there_in_the_next_session(kind):
    first = KINDS[kind]()
    first.lock(LOCKS[kind][0], **LOCKS[kind][1])
    again = KINDS[kind](answer=ANSWERS[kind])
    assert again.locked
    assert again.guess == first.guess
    assert again.outcome is not None
    stored = ProgressBook().read()["predictions"]
    assert [entry["truth"] is not None for entry in stored.values()] == [True]


def test_another_question_has_no_guess_yet():
    KINDS["number"]().lock(70, low=60, high=80)
    assert not Prediction("How many zeros?", low=0, high=1).locked


def test_a_locked_guess_stays():
    made = KINDS["number"]()
    made.lock(70, low=60, high=80)
    with pytest.raises(ValueError, match="locked already"):
        made.lock(28.94, low=28, high=29)
    made.set_state({"guess": {"value": 28, "low": 28, "high": 29}, "locked": False})
    assert made.guess["value"] == 70
    assert made.locked


def test_a_guess_stored_for_another_question_is_passed_over():
    made = KINDS["choice"]()
    ProgressBook().change("predictions", made._asks.key, lambda _: {"guess": {"option": "z"}})
    assert not KINDS["choice"]().locked


# ---- what a browser sends ---------------------------------------------------------------------


def test_a_draft_arrives_and_is_not_stored():
    made = KINDS["number"]()
    made.set_state({"guess": {"value": 5, "low": 0, "high": 10}})
    assert made.guess["value"] == 5
    assert not ProgressBook().path.exists()
    made.set_state({"guess": None})
    assert made.guess is None


def test_the_lock_arrives_and_is_stored():
    made = KINDS["choice"](answer="b")
    made.set_state({"guess": {"option": "b", "sure": 0.9}})
    made.set_state({"locked": True})
    assert made.outcome.held
    (entry,) = ProgressBook().read()["predictions"].values()
    assert entry["guess"] == {"option": "b", "sure": 0.9}
    assert entry["truth"] == {"option": "b"}


@pytest.mark.parametrize(
    "sent",
    [
        {"locked": True}, {"locked": 1}, {"guess": {"value": 3}, "locked": True},
        {"guess": {"value": 3, "low": 4, "high": 5}, "locked": True},
        {"guess": [1], "locked": "yes"}, {"guess": {"value": 1e999, "low": 0, "high": 1}},
        {"question": {}}, {"truth": {"value": 3}}, {"points": 4}, {},
    ],
)  # fmt: skip
def test_what_cannot_be_is_passed_over(sent):
    made = KINDS["number"]()
    before = made.page_state()
    made.set_state(sent)
    assert made.page_state() == before


def test_what_a_random_browser_sends_never_raises():
    rng = np.random.default_rng(5)
    junk = [None, 3, "x", [], {}, {"value": 3, "low": 1, "high": 4}, {"heights": [1] * POINTS},
            {"option": "a", "sure": 0.7}, True, float("nan")]  # fmt: skip
    for _ in range(200):
        made = KINDS[rng.choice(list(KINDS))]()
        names = rng.choice(["guess", "locked", "notice", "truth", "question"], size=2)
        made.set_state({str(name): junk[rng.integers(len(junk))] for name in names})
        assert made.guess is None or made._asks.guess(made.guess) == made.guess


def test_a_folder_that_cannot_be_written_is_a_notice(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRUNELAB_PROGRESS", str(tmp_path / "file" / "progress"))
    made = KINDS["number"]()
    made.lock(70, low=60, high=80)
    assert made.locked
    assert made.notice.startswith("Not kept for the next session: ")


# ---- what it refuses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "keywords",
    [
        {}, {"low": 0}, {"options": ["a", "b"], "low": 0}, {"x": (0, 1)}, {"x": 3, "y": (0, 1)},
        {"x": (0, 1), "y": (0, 1), "high": 3}, {"low": 0, "high": 1, "answer": "a"},
        {"options": ["a", "b"], "answer": "c"}, {"low": 0, "high": 1, "log": True},
        {"low": 0, "high": 1, "unit": "a\nb"},
    ],
)  # fmt: skip
def test_odd_arguments_get_one_sentence(keywords):
    with pytest.raises((TypeError, ValueError)) as raised:
        Prediction("How many?", **keywords)
    assert 10 < len(str(raised.value)) < 300
    assert "\n" not in str(raised.value)


def test_nothing_to_reveal_is_said():
    with pytest.raises(ValueError, match="nothing is measured yet"):
        KINDS["number"]().reveal()


# ---- pictures and pages -----------------------------------------------------------------------


def colours(png):
    return len(Image.open(io.BytesIO(png)).convert("RGB").getcolors(100_000))


@pytest.mark.parametrize("kind", KINDS)
def test_the_picture_hides_the_answer_until_the_lock(kind):
    hidden = KINDS[kind](answer=ANSWERS[kind]).picture()
    assert hidden == KINDS[kind]().picture()
    assert len(hidden) < 12_000  # a chapter shows six of them, in 400 kB
    locked = KINDS[kind](answer=ANSWERS[kind])
    locked.lock(LOCKS[kind][0], **LOCKS[kind][1])
    assert locked.picture() != hidden
    assert colours(locked.picture()) > 10


def test_a_notebook_gets_the_picture_and_the_repr():
    bundle, _ = KINDS["curve"]()._repr_mimebundle_()
    assert bundle["image/png"][:4] == b"\x89PNG"


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_holds_the_question(kind, tmp_path):
    page = KINDS[kind](answer=ANSWERS[kind]).save_html(tmp_path / "p.html").read_text("utf-8")
    start = page.index('id="state">') + len('id="state">')
    state = json.loads(page[start : page.index("</script>", start)])
    assert state["question"]["kind"] == kind
    assert state["locked"] is False


def test_calibration_counts_this_session_once_per_question():
    for _ in range(2):
        KINDS["number"](answer=75)
    KINDS["choice"](answer="b").lock("b", sure=1)
    KINDS["number"](answer=75).lock(70, low=60, high=80)
    found = calibration()
    assert (found.asked, len(found.outcomes)) == (2, 2)
    assert "1 of 1; 80 % sure means four in five." in repr(found)


@pytest.mark.parametrize("way", ["a cell", "the browser"])
def test_what_is_locked_after_it_was_revealed_does_not_count(monkeypatch, capsys, way):
    asked = KINDS["number"]()
    asked.reveal(75)
    if way == "a cell":
        asked.lock(75, low=70, high=80)
    else:
        asked.set_state({"guess": {"value": 75, "low": 70, "high": 80}, "locked": True})
    asked.reveal(75)
    assert "locked after the answer was out" in capsys.readouterr().out
    assert asked.outcome is not None
    assert (calibration().asked, len(calibration().outcomes)) == (1, 0)
    monkeypatch.setattr(module, "_TOLD", set())  # the next session
    assert KINDS["number"](answer=75).late
    assert len(calibration().outcomes) == 0
    in_time = KINDS["choice"]()
    in_time.lock("b", sure=1)
    in_time.reveal("b")
    assert "locked after" not in capsys.readouterr().out
    assert len(calibration().outcomes) == 1


def test_an_interval_without_an_answer_is_refused():
    with pytest.raises(ValueError, match="interval: it belongs to an answer"):
        Prediction("How many?", low=0, high=1, interval=(0, 1))
    with pytest.raises(ValueError, match="interval: it belongs to an answer"):
        Prediction("How many?", low=0, high=1).reveal(None, (0, 1))
