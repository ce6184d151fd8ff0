"""The limits of an answer: ten seconds, a screen of output, one line of error message.

A reader's function may loop, catch everything, print or exit. An alarm ends it, in the main thread
of a system that has alarms; elsewhere the kernel's interrupt does. Compiled code that hangs needs
a restart of the kernel.
"""

import contextlib
import io
import signal
import sys
import threading
import time

SECONDS = 10
IMPORTS = 120  # seconds for importing modules, counted separately: a disk may be slow
TICKS = 50  # alarms within the time limit
CHARACTERS = 2_000  # of an answer's output that are shown
ALARMS = hasattr(signal, "setitimer") and sys.platform != "emscripten"  # a browser's wait for us


class OutOfTime(BaseException):
    """Not an Exception, so that a loop which catches exceptions ends as well."""


def within(seconds, work):
    """The result of `work()`; an alarm raises OutOfTime in it after `seconds`, again if needed.

    Importing a module does not count as the answer's time, and nothing is raised during it: a slow
    disk is not the answer's fault, and an interrupted import would spoil all later answers.
    """
    if not ALARMS or threading.current_thread() is not threading.main_thread():
        return work()
    left = {False: seconds, True: IMPORTS}  # keys: whether a module is being imported
    began = seen = time.monotonic()
    tracing, tell = sys.gettrace(), sys.unraisablehook

    def ring(number, frame):
        nonlocal seen
        frames = []  # of the work; none before it begins and after it ends
        while frame is not None and frame.f_code is not within.__code__:
            frames.append(frame)
            frame = frame.f_back
        codes = [frame.f_code for frame in frames]
        imports = any(code.co_filename == "<frozen importlib._bootstrap>" for code in codes)
        before, seen = seen, time.monotonic()
        left[imports] -= seen - before
        if frames and left[imports] <= 0 and tell_others.__code__ not in codes:
            signal.setitimer(signal.ITIMER_REAL, 1, 1)  # the alarm repeats
            _raise_in_next_line(frames)
            raise OutOfTime

    def tell_others(lost):  # Python drops errors raised in a finalizer, and calls this
        if not issubclass(lost.exc_type, OutOfTime):
            tell(lost)

    handler = signal.signal(signal.SIGALRM, ring)
    due, every = signal.setitimer(signal.ITIMER_REAL, seconds / TICKS, seconds / TICKS)
    try:
        sys.unraisablehook = tell_others
        return work()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.settrace(tracing)
        sys.unraisablehook = tell
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
        if due:
            signal.setitimer(signal.ITIMER_REAL, max(due - time.monotonic() + began, 1e-3), every)


def _raise_in_next_line(frames):
    """Raise OutOfTime once more in the next line of the answer, which may be an `except: pass`."""

    def trace(frame, event, argument):
        if event == "line":
            raise OutOfTime
        return trace

    for frame in frames:
        if not str(frame.f_globals.get("__name__")).startswith("prunelab."):
            frame.f_trace = trace
    sys.settrace(lambda *_: None)  # newly called functions are not traced


class _Screen(io.TextIOBase):
    """Passes on the first CHARACTERS that are written, then says that there were more."""

    def __init__(self, out):
        self._out, self._left = out, CHARACTERS

    def write(self, text):
        if self._left > 0:
            self._out.write(text[: self._left])
            self._left -= len(text)
            if self._left <= 0:
                self._out.write("\n… (your function prints more than is shown)\n")
        return len(text)

    def flush(self):
        self._out.flush()


def one_screen():
    """`with`: printed output is cut off after about a screen."""
    return contextlib.redirect_stdout(_Screen(sys.stdout))


def one_line(text, most=200):
    """`text` on one line, printable and short."""
    words = " ".join("".join(c if c.isprintable() else " " for c in str(text)[:10_000]).split())
    return words if len(words) <= most else words[: most - 1] + "…"


def words_of(error, most=200):
    """An exception's class and message, safe even if its message cannot be made."""
    try:
        words = one_line(error, most)
    except Exception:
        words = ""
    return f"{type(error).__name__}: {words or 'no words'}"
