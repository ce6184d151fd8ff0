"""The progress bar, on a file that is no terminal."""

import io

import pytest

from prunelab.base.bars import Bar
from prunelab.networks import EpochBar

VALUES = {"loss": 0.1, "val_loss": 0.2, "sparsity": 0.75}


def test_the_bar_shows_epochs_losses_and_sparsity():
    out = io.StringIO()
    with EpochBar("twin", file=out) as bar:
        for done in (1, 2, 3):
            bar(done, 3, VALUES)
    last = out.getvalue().replace("\n", "\r").strip("\r").split("\r")[-1]
    assert last.startswith("twin: 100%")
    assert "3/3" in last
    assert "sparsity 75.00 %" in last


def test_a_second_phase_begins_the_bar_anew():
    out = io.StringIO()
    with EpochBar("run", file=out) as bar:
        for epochs in (2, 5):
            for done in range(1, epochs + 1):
                bar(done, epochs, VALUES)
        assert (bar.bar.n, bar.bar.total) == (5, 5)
    assert "5/5" in out.getvalue()


def test_no_epoch_no_bar():
    out = io.StringIO()
    with EpochBar("stored", file=out):
        pass
    assert out.getvalue() == ""


@pytest.mark.parametrize(("text", "initial"), [("found, already run", 3), ("the third", 2)])
def test_what_was_there_before_is_no_part_of_the_estimate(text, initial, capsys):
    out = io.StringIO()
    with Bar("plan", 9, "run", file=out) as bar:
        bar.say("epoch 1 of 40")
        bar.log(3, 9, text)
        bar.log(5, 9, "the fifth")
        assert (bar.bar.n, bar.bar.initial) == (5, initial)
    assert capsys.readouterr().out == f"3/9 {text}\n5/9 the fifth\n"
    assert "epoch 1 of 40" in out.getvalue()


def test_a_report_stands_behind_the_bar(capsys):
    out = io.StringIO()
    with Bar("weigh", 2, file=out) as bar:
        bar.report(2, 2, "gzip")
    assert capsys.readouterr().out == ""
    assert "2/2" in out.getvalue()
    assert "gzip" in out.getvalue()
