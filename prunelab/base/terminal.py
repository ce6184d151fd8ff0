"""Output that does not fail on a terminal that lacks a character, or on a closed pipe."""

import errno
import os
import sys
from contextlib import ExitStack, contextmanager, suppress

from prunelab.base.files import in_words


class _Patient:
    """A text stream whose write errors never end the work.

    A character that the stream's encoding lacks is written as a backslash escape. Text that cannot
    be written at all (a closed pipe, a full disk) is dropped; `lost` says why.
    """

    def __init__(self, stream):
        self._stream, self.lost = stream, None
        if hasattr(stream, "reconfigure"):
            with suppress(OSError, ValueError):
                stream.reconfigure(errors="backslashreplace")

    def write(self, text):
        """Write as much of `text` as possible; return its length."""
        try:
            self._stream.write(text)
        except UnicodeError:  # a stream whose error handling cannot be changed
            shown = text.encode("ascii", "backslashreplace").decode()
            self._try(self._stream.write, shown)
        except OSError as error:
            self.lost = error
        return len(text)

    def flush(self):
        """Flush the stream."""
        self._try(self._stream.flush)

    def _try(self, act, *values):
        try:
            act(*values)
        except OSError as error:
            self.lost = error

    def __getattr__(self, name):
        return getattr(self._stream, name)


@contextmanager
def any_terminal():
    """A context in which standard output and error survive missing characters and closed pipes.

    If output was lost for another reason than a closed pipe, a sentence on standard error says so
    at the end. Yields a function that flushes and returns the reason for such a loss, else None.
    """
    before = sys.stdout, sys.stderr
    with ExitStack() as closing:  # a stream that the caller closed is None
        streams = [_Patient(_nowhere(closing) if each is None else each) for each in before]
        sys.stdout, sys.stderr = streams
        try:
            yield lambda: _loss(streams)
        finally:
            _loss(streams)
            sys.stdout, sys.stderr = before
            for stream in streams:
                if stream.lost is not None:
                    _silence(stream)


def _nowhere(closing):
    return closing.enter_context(open(os.devnull, "w", encoding="utf-8"))


def _loss(streams):
    """Why standard output is incomplete; None if it is complete or its pipe was closed."""
    for stream in streams:
        stream.flush()
    lost = streams[0].lost
    return None if lost is None or lost.errno in (errno.EPIPE, errno.EINVAL) else lost


def _silence(stream):
    """Keep the interpreter's own flush at exit from failing: it goes to the null device."""
    with suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


class OptionError(Exception):
    """An unusable argument on a command line; the message is one sentence.

    It is not a ValueError, since argparse replaces the message of a ValueError with its own.
    """


def refusal(command, error, goes_on=False):
    """Print what is wrong with a command, in one sentence; return the exit code 2.

    goes_on: whether the same command, run again, continues after an error such as a full disk.
    """
    on = goes_on and isinstance(error, OSError) and not isinstance(error, FileExistsError)
    more = "; the same command then goes on from here" if on and "goes on" not in str(error) else ""
    print(f"prunelab {command}: {in_words(error)}{more}", file=sys.stderr)
    return 2
