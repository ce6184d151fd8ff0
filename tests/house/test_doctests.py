"""The examples in docstrings: that there are some, beside `--doctest-modules`, which runs them."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize("name", ["schedules.schedule", "schedules.flight", "masks.magnitude"])
def test_the_core_shows_how_it_is_used(name):
    module = importlib.import_module(f"prunelab.{name}")
    tests = doctest.DocTestFinder().find(module)
    assert sum(len(test.examples) for test in tests) >= 1
    assert doctest.testmod(module).failed == 0
