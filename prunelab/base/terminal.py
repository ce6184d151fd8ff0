"""Output on any terminal, also one that lacks a letter, and to a pipe that was closed."""

import errno
import os
import sys
from contextlib import ExitStack, contextmanager, suppress

from prunelab.base.files import in_words


class _Patient:
    """A text stream that shows what it can, and whose failures never end the work.

    A letter that the stream's encoding lacks is written as a backslash and its number. What cannot
    be written at all, as nobody reads or the disk is full, is dropped; `lost` says why.
    """

    def __init__(self, stream):
        self._stream, self.lost = stream, None
        if hasattr(stream, "reconfigure"):
            with suppress(OSError, ValueError):
                stream.reconfigure(errors="backslashreplace")

    def write(self, text):
        """Write `text` as far as it can be; how many letters it has."""
        try:
            self._stream.write(text)
        except UnicodeError:  # of a stream that cannot be told otherwise
            shown = text.encode("ascii", "backslashreplace").decode()
            self._try(self._stream.write, shown)
        except OSError as error:
            self.lost = error
        return len(text)

    def flush(self):
        """Hand on what was written."""
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
    """`with` standard output and error that no letter and no closed pipe stops.

    Where output was lost for another reason than that nobody reads it, a sentence on standard
    error says so at the end. Gives a function that tells, after a flush, whether that is so.
    """
    before = sys.stdout, sys.stderr
    with ExitStack() as closing:  # a stream that the caller closed is None: it goes nowhere
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
    """Why standard output is not complete, apart from a closed pipe; else None."""
    for stream in streams:
        stream.flush()
    lost = streams[0].lost
    return None if lost is None or lost.errno in (errno.EPIPE, errno.EINVAL) else lost


def _silence(stream):
    """Let the interpreter's own flush, when it ends, go nowhere instead of failing."""
    with suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


class OptionError(Exception):
    """A word on a command line that cannot be used, in one sentence.

    No ValueError: of one that is raised while it reads, argparse makes a sentence of its own.
    """


def refusal(command, error, goes_on=False):
    """Print what is wrong with a command, in one sentence; the exit code 2.

    goes_on: whether the same command goes on where the disk, or the like, has stopped it.
    """
    on = goes_on and isinstance(error, OSError) and not isinstance(error, FileExistsError)
    more = "; the same command then goes on from here" if on and "goes on" not in str(error) else ""
    print(f"prunelab {command}: {in_words(error)}{more}", file=sys.stderr)
    return 2
