"""Hostile answers: whatever is passed to a check ends in one line, soon, and harms nothing."""

import contextlib
import io
import signal
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from prunelab.exercises import sandbox
from prunelab.exercises.exercise import STOPPED, Exercise
from prunelab.exercises.sandbox import OutOfTime, one_line, within, words_of
from prunelab.grading.grade import exercises
from tests.exercises.answers import RIGHT

ALL = exercises()
for exercise, answers in RIGHT:  # what a check loads or computes once is not in the time below
    assert exercise.verdict(answers[0])[0]
SECONDS = 0.1
OPEN = io.TextIOWrapper(io.BytesIO())


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    """Ten seconds are a tenth of one here."""
    monkeypatch.setattr(sandbox, "SECONDS", SECONDS)


# ---- answers that no check was written for ------------------------------------------------------


class Raises:
    """Whatever is asked of it, it raises what no `except Exception` catches."""

    def _refuse(self, *_):
        raise SystemExit("go away")

    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __float__ = __len__ = __iter__ = __bool__ = _refuse
    __repr__ = __str__ = __getitem__ = __array__ = __abs__ = __sub__ = __hash__ = __call__ = _refuse


class RaisesAnywhere:
    """As Raises, wherever Python looks for an attribute."""

    def __getattribute__(self, name):
        raise ValueError("no attribute for you")


class Words(Exception):  # noqa: N818
    """An error whose own words raise."""

    def __str__(self):
        raise RuntimeError("no words for you")


class Giant:
    """Its repr is a million characters, over many lines and with colours."""

    def __repr__(self):
        return "\x1b[31mx\n\ud800\u202e" * 200_000


class Array:
    """It says that it is an array, and takes for ever to become one."""

    def __array__(self, *_, **__):
        while True:
            pass


class CannotBeCopied:
    def __deepcopy__(self, memo):
        raise KeyError("mine")


class CopiesForEver:
    def __deepcopy__(self, memo):
        while True:
            pass


def nested(depth=5_000):
    made = []
    for _ in range(depth):
        made = [made]
    return made


def itself():
    made = {}
    made["me"] = made
    return made


VALUES = {
    "raises": Raises, "raises_anywhere": RaisesAnywhere, "giant": Giant, "array": Array,
    "nested": nested, "itself": itself, "cannot_be_copied": CannotBeCopied,
    "copies_for_ever": CopiesForEver, "generator": lambda: (x for x in "ab"),
    "lock": threading.Lock, "open_file": lambda: OPEN, "module": lambda: sys,
    "thread": threading.Thread, "nan": lambda: float("nan"), "many_digits": lambda: 10**5000,
    "complex": lambda: 1j, "surrogate": lambda: "\ud800", "long_text": lambda: "x" * 10**6,
    "nul": lambda: "\0", "bytes": lambda: b"\xff", "masked": lambda: np.ma.masked,
    "objects": lambda: np.array([object()]), "dates": lambda: np.array(["2026-01-01"], "M8[D]"),
    "record": lambda: np.zeros(2, [("a", int)]), "nans": lambda: np.full((3, 3), np.nan),
    "large": lambda: np.zeros(10**6), "not_implemented": lambda: NotImplemented,
    "type": lambda: type, "exception": lambda: Words(), "dict_of_nan": lambda: {np.nan: np.nan},
    "set": lambda: {1, 2}, "range": lambda: range(10**9), "memory": lambda: memoryview(b"abc"),
}  # fmt: skip


# ---- functions that no check was written for ----------------------------------------------------


def loops(*_):
    while True:
        pass


def swallows(*_):
    while True:
        try:  # noqa: SIM105
            time.sleep(0.001)
        except:  # noqa: E722
            pass


NAPS = []  # for each time that an answer went to sleep, whether it slept to the end


def sleeps(*_):
    NAPS.append(False)
    at = len(NAPS) - 1
    time.sleep(30)
    NAPS[at] = True


def recurses(*_):
    return recurses(*_)


def prints(*_):
    while True:
        print("and so on")


def raises(error):
    def answer(*_):
        raise error

    return answer


def makes_threads(*_):
    for _ in range(3):
        threading.Thread(target=time.sleep, args=(0.2,), daemon=True).start()
    return 1


def yields(*_):
    yield 1


async def awaits(*_):
    return 1


def wrecks(*given):
    for value in given:
        with contextlib.suppress(Exception):
            value[...] = 0
        with contextlib.suppress(Exception):
            value.clear()
    return given


FUNCTIONS = {
    "loops": loops, "swallows": swallows, "sleeps": sleeps, "recurses": recurses,
    "prints": prints, "makes_threads": makes_threads, "yields": yields, "wrecks": wrecks,
    "awaits": awaits,
    "exits": raises(SystemExit(3)), "closes": raises(GeneratorExit()), "wordless": raises(Words()),
    "stop": raises(StopIteration()), "memory": raises(MemoryError()),
    "multi": raises(OSError("a\nb")),
    "colours": raises(ValueError("\x1b[31m\ud800\u202e")), "deep": lambda *_: nested(),
    "hostile": lambda *_: Raises(), "for_ever": lambda *_: Array(), "giant": lambda *_: Giant(),
    "warns": lambda *_: warnings.warn("look here", stacklevel=1), "type": dict, "builtin": print,
    "no_arguments": lambda: 1, "keywords": lambda *, x: 1, "itself": lambda *given: given,
    "nan": lambda *_: float("nan"), "inf": lambda *_: [np.inf] * 3, "none": lambda *_: None,
    "ragged": lambda *_: [[1], [1, 2]], "partial": (lambda a: lambda *_: a)(0.5),
    "instance": type("Callable", (), {"__call__": lambda self, *_: 0.5})(),
}  # fmt: skip


HOSTILE = [pytest.param(made, id=name) for name, made in VALUES.items()]
HOSTILE += [
    pytest.param(lambda answer=answer: answer, id=f"{name}_function")
    for name, answer in FUNCTIONS.items()
]


def checked(exercise, answer):
    """(the mark, the sentence, seconds, all that is printed) of an answer that is made anew.

    Seconds of this process: what others do on the machine is nothing to it. Nor is a wait any, so
    what sleeps must not have slept to its end.
    """
    began = time.process_time()
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exercise.check(answer())
    seconds, said = time.process_time() - began, out.getvalue()
    assert not any(NAPS[-1:])
    mark, sentence = said.splitlines()[-1].removeprefix(f"{exercise.name}: ").split(". ", 1)
    return mark, sentence, seconds, said


# The mark on top counts most.
@pytest.mark.filterwarnings("ignore:coroutine:RuntimeWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("made", HOSTILE)
def test_whatever_is_passed_ends_in_a_line(made, capfd):
    for key, exercise in ALL.items():
        mark, sentence, seconds, said = checked(exercise, made)
        assert mark == "✘ Not yet", (key, said)
        assert 10 < len(sentence) <= 400, (key, sentence)
        assert sentence.isprintable(), (key, sentence)
        assert seconds < SECONDS + 3, (key, seconds)
        assert len(said) < sandbox.CHARACTERS + 500
        said.encode("utf-8")
    assert capfd.readouterr() == ("", "")
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert sys.gettrace() is None or "coverage" in sys.modules


def test_stopped_by_the_reader_is_neither_right_nor_wrong():
    for exercise in ALL.values():
        right, sentence = exercise.verdict(raises(KeyboardInterrupt()))
        assert right in (None, False)
        assert sentence.startswith("Stopped before") or right is False
    made = Exercise("q", lambda answer: answer(), ["a", "b"], "")
    assert made.verdict(raises(KeyboardInterrupt()))[0] is None


# ---- time ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [loops, sleeps, recurses, prints, raises(SystemExit(1))])
def test_whatever_it_does_it_ends_and_why_is_said(answer):
    made = Exercise("q", lambda answer: (answer() is None, "."), ["a", "b"], "")
    began = time.process_time()
    right, sentence = made.verdict(answer)
    assert time.process_time() - began < 3
    assert not any(NAPS[-1:])
    assert right is False
    assert "longer than 0.1 seconds" in sentence or "cannot be used" in sentence


@pytest.fixture
def no_alarms(monkeypatch):
    """As on Windows, and in a browser, which has no threads either."""
    for name in ("setitimer", "SIGALRM"):
        monkeypatch.delattr(signal, name)
    monkeypatch.setattr(sandbox, "ALARMS", False)
    monkeypatch.setattr(threading.Thread, "start", raises(RuntimeError("no threads")))


def judged():
    """What every exercise says of a right and of a wrong answer."""
    said = {key: exercise.verdict(0.25) for key, exercise in ALL.items()}
    return said | {exercise: exercise.verdict(answers[0]) for exercise, answers in RIGHT}


def test_in_another_thread_answers_are_judged_as_ever(monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 10)
    found = []
    thread = threading.Thread(target=lambda: found.append(judged()))
    thread.start()
    thread.join(120)
    assert found == [judged()]


def test_without_alarms_or_threads_answers_are_judged_as_ever(request, monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 10)
    wanted = judged()
    request.getfixturevalue("no_alarms")
    assert judged() == wanted


@pytest.mark.usefixtures("no_alarms", "interrupts_heard")
def test_without_alarms_an_interrupt_ends_what_never_ends():
    def answer(*_):
        signal.raise_signal(signal.SIGINT)
        loops()

    verdicts = [exercise.verdict(answer) for exercise in ALL.values()]
    assert verdicts.count((None, STOPPED)) > 10
    assert all(right is False for right, sentence in verdicts if sentence != STOPPED)


def test_an_alarm_in_a_finalizer_is_not_told(capfd, monkeypatch):
    told = []
    tell = lambda lost: told.append(lost.exc_type)  # noqa: E731
    monkeypatch.setattr(sys, "unraisablehook", tell)
    mortal = type("Mortal", (), {"__del__": loops})

    def answer():
        for _ in range(3):
            mortal()
        loops()

    with pytest.raises(OutOfTime):
        within(SECONDS, answer)
    assert told == []
    assert sys.unraisablehook is tell
    assert capfd.readouterr() == ("", "")


def test_what_is_lost_besides_is_told_in_full(monkeypatch):
    told = []

    def tell(lost):
        while time.monotonic() < began + 3 * SECONDS:  # past the alarm
            pass
        told.append(lost.exc_type)

    def answer():
        type("Mortal", (), {"__del__": lambda self: 1 / 0})()
        loops()

    monkeypatch.setattr(sys, "unraisablehook", tell)
    began = time.monotonic()
    with pytest.raises(OutOfTime):
        within(SECONDS, answer)
    assert told == [ZeroDivisionError]


def test_an_alarm_that_was_set_before_goes_on():
    before = signal.getsignal(signal.SIGALRM)
    signal.setitimer(signal.ITIMER_REAL, 500)
    try:
        assert within(5, lambda: 3) == 3
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 500
        assert signal.getsignal(signal.SIGALRM) is before
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_an_error_of_the_work_comes_through():
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 / 0)


# ---- output and words ---------------------------------------------------------------------------


def test_what_an_answer_prints_is_shown_up_to_a_screen(capsys):
    made = Exercise("q", lambda answer: (answer() is None, "."), ["a", "b"], "")
    made.check(lambda: print("a line of mine"))
    assert capsys.readouterr().out == "a line of mine\nq: ✔ Right. .\n"
    made.check(lambda: print("x" * 10**6))
    out = capsys.readouterr().out
    assert len(out) < sandbox.CHARACTERS + 100
    assert "(your function prints more than is shown)\nq: ✔" in out


def test_words_are_one_line_that_can_be_printed():
    assert one_line("a\n b\x1b[31m \ud800\u202e") == "a b [31m"
    assert one_line("x" * 1000, 20) == "x" * 19 + "…"
    assert words_of(Words()) == "Words: no words"
    assert words_of(KeyError()) == "KeyError: no words"
    assert words_of(ValueError("a\nb")) == "ValueError: a b"
