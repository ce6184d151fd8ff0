"""Neurons removed: the output stays where they were dead, and the weights that go are counted."""

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunelab.footprint import PATTERNS, pruned, remove_neurons, shape_of, units_for, zeros_of
from prunelab.masks import Network
from tests.footprint.test_codecs import network


def killed(net, rng, share=0.4):
    """`net` with some neurons deaf (no fan-in) and others unheard (no fan-out)."""
    layers = [(k.copy(), b.copy()) for k, b in zip(net.kernels, net.biases, strict=True)]
    dead = 0
    for at in range(len(layers) - 1):
        for neuron in range(layers[at][0].shape[1]):
            if rng.random() < share:
                dead += 1
                if rng.random() < 0.5:
                    layers[at][0][:, neuron] = 0
                else:
                    layers[at + 1][0][neuron] = 0
    return Network(layers), dead


@given(st.integers(0, 10_000), st.lists(st.integers(1, 12), min_size=3, max_size=5))
def test_removing_the_dead_leaves_the_output(seed, widths):
    rng = np.random.default_rng(seed)
    net, _ = killed(network(widths, seed), rng)
    smaller, x = remove_neurons(net), rng.normal(size=(20, widths[0]))
    assert np.allclose(smaller.forward(x), net.forward(x), rtol=1e-4, atol=1e-5)
    assert shape_of(smaller)[0] == widths[0]
    assert shape_of(smaller)[-1] == widths[-1]
    assert all(units <= before for units, before in zip(shape_of(smaller), widths, strict=True))
    for at in range(len(smaller) - 1):
        alive = smaller.kernels[at].any(axis=0) & smaller.kernels[at + 1].any(axis=1)
        assert alive.all() or len(alive) == 1
    again = remove_neurons(smaller)
    assert shape_of(again) == shape_of(smaller)


def test_a_deaf_neuron_leaves_its_constant_behind():
    net = network((5, 4, 3))
    net.kernels[0][:, 2] = 0
    net.biases[0][2] = 7.0
    smaller = remove_neurons(net)
    assert shape_of(smaller) == (5, 3, 3)
    wanted = net.biases[1] + 7 * net.kernels[1][2]
    assert np.allclose(smaller.biases[1], wanted, rtol=1e-6)
    net.biases[0][2] = -7.0  # ReLU lets nothing through
    assert np.array_equal(remove_neurons(net).biases[1], net.biases[1])


def test_one_that_only_a_dead_one_heard_goes_too():
    net = network((5, 4, 3, 1))
    net.kernels[1][1, :2] = 0  # neuron 1 of the first layer speaks to neuron 2 of the second alone
    net.kernels[2][2] = 0  # which nobody hears
    assert shape_of(remove_neurons(net)) == (5, 3, 2, 1)


def test_a_layer_keeps_one_neuron_at_least():
    net = network((5, 4, 3, 2))
    for kernel in net.kernels:
        kernel[:] = 0
    smaller = remove_neurons(net)
    assert shape_of(smaller) == (5, 1, 1, 2)
    x = np.ones((3, 5))
    assert np.allclose(smaller.forward(x), net.forward(x))


def test_the_given_network_stays_as_it_is():
    net = network()
    before = [array.copy() for array in (*net.kernels, *net.biases)]
    remove_neurons(net, units=3)
    assert all(
        np.array_equal(a, b) for a, b in zip(before, (*net.kernels, *net.biases), strict=True)
    )


def test_the_weakest_by_fan_in_times_fan_out_go_first():
    net = network((6, 5, 1))
    scores = np.linalg.norm(net.kernels[0], axis=0) * np.linalg.norm(net.kernels[1], axis=1)
    strongest = np.sort(np.argsort(scores)[-2:])
    smaller = remove_neurons(net, units=2)
    assert np.array_equal(smaller.kernels[0], net.kernels[0][:, strongest])
    assert np.array_equal(smaller.biases[0], net.biases[0][strongest])
    assert np.array_equal(smaller.kernels[1], net.kernels[1][strongest])


@given(st.floats(0, 0.999), st.lists(st.integers(2, 300), min_size=1, max_size=3))
def test_units_leave_no_more_weights_than_asked(sparsity, hidden):
    net = network((50, *hidden, 1))
    units = units_for(net, sparsity)

    def weights(units):
        widths = [50, *units, 1]
        return sum(a * b for a, b in pairwise(widths))

    budget = (1 - sparsity) * weights(hidden)
    assert weights(units) <= budget or set(units) == {1}
    one_more = [min(n + 2, most) for n, most in zip(units, hidden, strict=True)]
    assert weights(one_more) >= budget - 1 or tuple(units) == tuple(hidden)


def test_three_quarters_of_the_articles_weights_leave_376_units():
    article = Network(
        [(np.ones(s, np.float32), np.ones(s[1])) for s in ((1000, 1024), (1024, 1024), (1024, 1))]
    )
    assert units_for(article, 0.75) == (376, 376)
    assert units_for(article, 0.0) == (1024, 1024)


@pytest.mark.parametrize("units", [0, 25, "3", (3,), (3, 4, 5), 2.5, (None, 2)])
def test_impossible_units(units):
    with pytest.raises((TypeError, ValueError), match="units") as caught:
        remove_neurons(network(), units=units)
    assert "\n" not in str(caught.value)


# --- patterns


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_pattern_leaves_as_many_weights(pattern):
    net = network((64, 48, 32, 1), seed=1)
    sparsity = {"dense": 0.0, "2:4": 0.5}.get(pattern, 0.75)
    made = pruned(net, pattern, sparsity)
    kept = sum(np.count_nonzero(kernel) for kernel in made.kernels)
    total = sum(kernel.size for kernel in net.kernels)
    assert kept == pytest.approx((1 - sparsity) * total, rel=0.05)
    if PATTERNS[pattern].smaller:
        assert zeros_of(made) == 0
        assert shape_of(made)[1:3] == units_for(net, sparsity)
    else:
        assert shape_of(made) == shape_of(net)


def test_blocks_lie_along_the_inputs_and_spare_the_output():
    net = network((64, 48, 32, 1), seed=1)
    for pattern, length in (("4x1", 4), ("16x1", 16)):
        made = pruned(net, pattern, 0.5)
        for kernel in made.kernels[:-1]:
            counts = (kernel != 0).reshape(-1, length, kernel.shape[1]).sum(axis=1)
            assert set(np.unique(counts)) == {0, length}
        assert made.kernels[-1].all()
    two = pruned(net, "2:4", 0.5).kernels[0]
    assert set(((two != 0).reshape(-1, 4, 48).sum(axis=1)).ravel()) == {2}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("blocks", 0.5), "the patterns are dense"),
        (("dense", 0.5), "has a sparsity of 0.0"),
        (("2:4", 0.75), "has a sparsity of 0.5"),
        (("unstructured", 1), "fraction in [0, 1)"),
        (("unstructured", 75), "for 75 % write 0.75"),
    ],
)
def test_impossible_patterns(arguments, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        pruned(network(), *arguments)
