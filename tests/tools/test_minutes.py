"""Minutes of a chapter, against a count by hand."""

from nbformat import v4

from tests.helpers.sample_chapter import GRADIENT, code, show, words
from tools import minutes


def test_each_part_counts_and_solutions_do_not():
    cells = [
        words("one two three " * 60),  # a minute
        code("a = 1\n\nb = 2\nc = 3"),  # 24 s
        code("guess = Prediction('?')", show("Prediction(?)", GRADIENT)),  # 8 s and 2 minutes
        code("draw()", show("<Figure>", GRADIENT)),  # 8 s and a minute
        code("ScheduleExplorer()", show("ScheduleExplorer()", GRADIENT), tags=["explorer"]),
        code("q1.check(...)", tags=["exercise"]),
        code("q1.confirm(1)\n" * 60, tags=["solution"]),
    ]
    found = minutes.estimate(v4.new_notebook(cells=cells))
    assert found == minutes.Estimate(180, 7, 1, 2, 1)
    assert found.minutes == 1 + 7 * 8 / 60 + 2 + 2 * 6 + 1
    assert found.stated == 20


def test_it_prints_a_line_a_chapter(capsys):
    minutes.main(["00"])
    assert capsys.readouterr().out.startswith("00_start_here ")
