"""What an answer may take and say: ten seconds, a screen of output, one line where it fails.

A reader's function may loop, swallow, print or exit. It is ended from inside, wherever Python code
runs; one call into compiled code that never returns is beyond that, and wants a restart.
"""

import contextlib
import ctypes
import io
import signal
import sys
import threading
import time

SECONDS = 10
IMPORTS = 120  # seconds beside those, in which modules may be imported: a disk may be slow
TICKS = 50  # in which the time is counted
GRACE = 0.5  # seconds, twice: what a thread gets to end in, once it was told to
CHARACTERS = 2_000  # of what an answer prints


class OutOfTime(BaseException):
    """Not an Exception, so that a loop which catches those ends as well."""


def within(seconds, work):
    """What `work()` returns; OutOfTime is raised in it after `seconds`, and again if need be.

    While a module is imported the clock stands still, and nothing is raised: a first answer would
    pay for the disk, and half a module would spoil every answer after it.

    In the main thread an alarm does it, which also ends a wait. In another thread, or where the
    system has no alarms, the work goes on in a thread of its own; one that waits in compiled code
    is left behind, to end by itself.
    """
    if hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread():
        return _by_alarm(seconds, work)
    return _in_a_thread(seconds, work)


class _Clock:
    """Counts the seconds of an answer, and apart from them those of the modules it imports."""

    def __init__(self, seconds):
        self.tick = seconds / TICKS
        self._left, self._imports, self._seen = seconds, IMPORTS, time.monotonic()

    def is_over(self, frame):
        """Whether the time is up, where `frame` is at work now."""
        now = time.monotonic()
        passed, self._seen = now - self._seen, now
        if _imports(frame):
            self._imports -= passed
            return self._imports <= 0
        self._left -= passed
        return self._left <= 0


def _imports(frame):
    """Whether a module is being imported in `frame`, which is at work on an answer."""
    while frame is not None and frame.f_code not in (_by_alarm.__code__, _in_a_thread.__code__):
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


def _by_alarm(seconds, work):
    over, lost, clock = False, _Lost(), _Clock(seconds)

    def ring(number, frame):
        if over or lost.telling or not clock.is_over(frame):
            return
        signal.setitimer(signal.ITIMER_REAL, 1, 1)  # it rings again
        _chase(frame)
        raise OutOfTime

    began, tracing = time.monotonic(), sys.gettrace()
    handler = signal.signal(signal.SIGALRM, ring)
    left, every = signal.setitimer(signal.ITIMER_REAL, clock.tick, clock.tick)
    try:
        try:
            with lost:
                return work()
        finally:  # an alarm may ring between the answer's last step and this one
            over = True
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.settrace(tracing)
        signal.signal(signal.SIGALRM, signal.SIG_DFL if handler is None else handler)
        if left:
            left = max(left - (time.monotonic() - began), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, left, every)


class _Lost:
    """While it is entered, nothing is said of an OutOfTime that was lost, as another follows.

    Python drops what is raised in a finalizer, and tells `sys.unraisablehook`.
    """

    telling = False

    def __enter__(self):
        self._before = sys.unraisablehook
        sys.unraisablehook = self._tell

    def __exit__(self, *_):
        sys.unraisablehook = self._before

    def _tell(self, lost):
        self.telling, tracing = True, sys.gettrace()
        sys.settrace(None)  # the chase is for the answer, and this is none of it
        try:
            if not issubclass(lost.exc_type, OutOfTime):
                self._before(lost)
        finally:
            sys.settrace(tracing)
            self.telling = False


def _chase(frame):
    """Raise OutOfTime once more in the next line of the answer, which may be an `except: pass`."""

    def again(frame, event, argument):
        if _is_ours(frame):
            return None
        if event == "line":
            raise OutOfTime
        return again

    while frame is not None and not _is_ours(frame):
        frame.f_trace, frame = again, frame.f_back
    sys.settrace(again)


def _is_ours(frame):
    return str(frame.f_globals.get("__name__")).startswith("prunelab.")


def _in_a_thread(seconds, work):
    found = {}

    def run():
        try:
            found["value"] = work()
        except BaseException as error:
            found["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    clock = _Clock(seconds)
    thread.start()
    try:
        while thread.is_alive() and not clock.is_over(sys._current_frames().get(thread.ident)):
            thread.join(clock.tick)
    finally:
        for _ in range(2):
            if thread.is_alive():
                _raise_in(thread, OutOfTime)
                thread.join(GRACE)
        if thread.is_alive():
            _take_back(thread)
    if "error" in found:
        raise found["error"]
    if "value" not in found:
        raise OutOfTime
    return found["value"]


def _raise_in(thread, error):
    """Raise `error` in the next line of Python that the thread runs; None takes it back."""
    given = ctypes.py_object() if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), given)


def _take_back(thread):
    """Leave no exception waiting for a thread that does not come round to it.

    Python 3.11 goes on asking every thread whether the exception is for it, until one takes one;
    under a debugger that is for ever. So one is raised, and taken, here.
    """
    _raise_in(thread, None)
    with contextlib.suppress(_Taken):
        _raise_in(threading.current_thread(), _Taken)
        for _ in range(1000):
            pass


class _Taken(Exception):  # noqa: N818
    """Raised here, and caught here."""


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
    """A context in which what is printed goes no further than a screen."""
    return contextlib.redirect_stdout(_Screen(sys.stdout))


def one_line(text, most=200):
    """`text` on one line, printable and short."""
    words = " ".join("".join(c if c.isprintable() else " " for c in str(text)[:10_000]).split())
    return words if len(words) <= most else words[: most - 1] + "…"


def words_of(error, most=200):
    """The kind of an exception and what it says, safe even where its own words are not."""
    try:
        words = one_line(error, most)
    except Exception:
        words = ""
    return f"{type(error).__name__}: {words or 'no words'}"
