"""Interrupts stay interrupts: also where compiled code makes something else of them."""

import os
import signal
import threading

import pytest

from prunelab.base.host import as_interrupts

pytestmark = pytest.mark.usefixtures("interrupts_heard")


def interrupt():
    os.kill(os.getpid(), signal.SIGINT)
    for _ in range(1000):  # the handler runs between two steps of Python
        pass


def interrupted_in_a_library():
    try:
        interrupt()
    except KeyboardInterrupt:
        raise TypeError from None


def test_an_interrupt_that_was_turned_into_something_else_is_one_again():
    with pytest.raises(TypeError):
        interrupted_in_a_library()
    with pytest.raises(KeyboardInterrupt) as caught, as_interrupts():
        interrupted_in_a_library()
    assert isinstance(caught.value.__cause__, TypeError)
    with pytest.raises(KeyboardInterrupt), as_interrupts():
        interrupt()


def test_one_may_stand_within_another_and_decorate():
    inner = as_interrupts()(interrupted_in_a_library)
    with pytest.raises(KeyboardInterrupt), as_interrupts():
        inner()


def test_an_error_without_an_interrupt_is_left_alone():
    with pytest.raises(TypeError, match="mine"), as_interrupts():
        raise TypeError("mine")
    with as_interrupts():
        pass


def test_other_threads_and_ignored_interrupts_change_nothing():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with as_interrupts():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        interrupt()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    seen = []

    def elsewhere():
        with as_interrupts():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]
