"""What tests of several widgets share."""

import pytest


@pytest.fixture
def sent(explorer, monkeypatch):
    """The names of the traits that the kernel sends to the browser, message by message."""
    messages = []

    def send(key=None):
        messages.append({key} if isinstance(key, str) else set(key or ()))

    monkeypatch.setattr(explorer, "send_state", send)
    return messages
