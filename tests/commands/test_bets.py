"""`prunelab bets`: every locked guess of a class on one picture, and nobody's name."""

import io

import pytest
from PIL import Image

from prunelab.commands.bets import picture
from prunelab.commands.cli import main
from prunelab.grading.bets import class_bets
from prunelab.predictions import Axis, ChoiceQuestion, CurveQuestion, NumberQuestion
from prunelab.predictions.curve import POINTS
from prunelab.progress.book import empty
from tests.helpers.made_class import text_of

NUMBER = NumberQuestion("How many zeros, $x_1$ of them?", Axis(0, 100, "zeros", "%"))
CHOICE = ChoiceQuestion("Which is lower?", ["a", "b"])
CURVE = CurveQuestion("Which way?", Axis(0, 1600, "step"), Axis(0.1, 100, "error", log=True))
GUESS = {"value": 50, "low": 40, "high": 60}


def hand_in(folder, name, *bets, made="2026-01-31T12:00:00Z", **more):
    progress = empty()
    for question, guess, truth in bets:
        guess = question.guess(guess)
        made_up = {"question": question.to_dict(), "guess": guess, "truth": truth, "locked": "x"}
        progress["predictions"][question.key] = made_up | more
    (folder / f"{name}-{made[8:10]}.json").write_text(text_of(name, progress, made=made))


@pytest.fixture
def handed_in(tmp_path):
    curve = {"heights": [1.0] * POINTS}
    truth = NUMBER.truth(28.94)
    hand_in(tmp_path, "Ada", (NUMBER, GUESS, None), (CURVE, curve, None))
    hand_in(tmp_path, "Eve", (NUMBER, GUESS, truth), (CHOICE, {"option": "a", "sure": 1}, None))
    hand_in(tmp_path, "Ada", (NUMBER, GUESS | {"value": 45}, None), made="2026-02-01T12:00:00Z")
    hand_in(tmp_path, "Late", (NUMBER, GUESS, truth), late=True)
    (tmp_path / "broken.json").write_text("{")
    return tmp_path


def test_one_guess_a_learner_the_latest_and_none_that_came_late(handed_in):
    bets, refused = class_bets(handed_in)
    assert [(bet.question.text, len(bet.guesses)) for bet in bets] == [
        (NUMBER.text, 2),
        (CHOICE.text, 1),
    ]
    assert {guess["value"] for guess in bets[0].guesses} == {45, 50}
    assert bets[0].truth["value"] == 28.94
    assert bets[1].truth is None
    assert len(refused) == 1
    assert refused[0].startswith("broken.json: not read: ")


def test_every_kind_is_drawn_with_and_without_a_truth():
    curve = CURVE.guess({"heights": [None, *[2.0] * (POINTS - 1)]})
    kinds = [
        (NUMBER, NUMBER.guess(GUESS), NUMBER.truth(28.94)),
        (CHOICE, CHOICE.guess({"option": "a", "sure": 1}), CHOICE.truth("b")),
        (CURVE, curve, CURVE.truth(([0, 1600], [1, 2]))),
    ]
    from prunelab.grading.bets import Bets

    with_truth = picture([Bets(question, (guess,), truth) for question, guess, truth in kinds])
    without = picture([Bets(question, (guess,), None) for question, guess, _ in kinds])
    assert with_truth != without
    for png in (with_truth, without):
        image = Image.open(io.BytesIO(png))
        assert image.width > image.height > 300
        assert len(image.convert("RGB").getcolors(10_000)) > 10


def test_the_command_says_what_it_drew(handed_in, tmp_path_factory, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
    assert main(["bets", str(handed_in)]) == 0
    said = capsys.readouterr().out
    assert "3 bets on 2 questions: bets.png is written" in said
    assert Image.open("bets.png").format == "PNG"
    assert main(["bets", str(handed_in), "--question", "LOWER", "--output", "one.png"]) == 0
    assert "1 bets on 1 questions: one.png" in capsys.readouterr().out
    assert main(["bets", str(handed_in), "--question", "nothing of the kind"]) == 2
    assert "nobody has locked a prediction with 'nothing of the kind'" in capsys.readouterr().err
