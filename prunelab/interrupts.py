"""An interrupt stays an interrupt, whatever the library it hits makes of it."""

import signal
import threading
from contextlib import contextmanager


@contextmanager
def as_interrupts():
    """Raise KeyboardInterrupt where an interrupt ends the block with another exception.

    Compiled code that calls back into Python may turn the KeyboardInterrupt raised there into an
    exception of its own: TensorFlow's `nest.flatten` gives a TypeError without a word. Outside the
    main thread, and where interrupts are ignored, nothing is changed. Use it as a decorator or in
    a `with`; one may stand within another.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    heard = []

    def hear(number, frame):
        heard.append(number)
        before(number, frame)

    signal.signal(signal.SIGINT, hear)
    try:
        yield
    except Exception as error:
        if heard:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, before)
