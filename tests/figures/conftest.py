"""What tests of several pictures share."""

import pytest

from prunelab import figures


@pytest.fixture
def ax():
    """Axes; whatever a test asks of them has to be possible to draw."""
    figure = figures.new_figure()
    yield figure.subplots()
    figure.canvas.draw()
