"""Measured losses against the network run layer by layer, and against Keras itself."""

from itertools import pairwise

import numpy as np
import pytest

from prunelab.masks import PATTERNS, Network, mask_losses, sensitivity_scan
from prunelab.masks.losses import kernel_digest
from prunelab.masks.patterns import CRITERIA, rank

GRID = (0.0, 0.3, 0.5, 0.75, 0.95)


def _layers(seed=0, widths=(12, 16, 8, 1)):
    rng = np.random.default_rng(seed)
    shapes = pairwise(widths)
    return [part for a, b in shapes for part in (rng.normal(size=(a, b)), rng.normal(size=b))]


def _data(rows=40, inputs=12, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(rows, inputs)), rng.normal(size=rows)


def _plain_loss(layers, x, y, masks):
    """The same in float64, with nothing cached: kernels times masks, ReLU, mean of squares."""
    for at in range(0, len(layers), 2):
        x = x @ (layers[at] * masks.get(at // 2, 1.0)) + layers[at + 1]
        x = np.maximum(x, 0) if at + 2 < len(layers) else x
    return float(np.mean((x[:, 0] - y) ** 2))


@pytest.mark.parametrize("layer", [0, 1, 2, -1, None])
def test_each_loss_is_that_of_the_masked_network(layer):
    layers, (x, y) = _layers(), _data()
    found = mask_losses(
        layers, x, y, layer=layer, sparsities=GRID, patterns=PATTERNS, seed=4, draws=2
    )
    masked = range(3) if layer is None else [layer % 3]
    compared = 0
    for curve in found.curves:
        for sparsity, realised, loss in zip(
            curve.sparsities, curve.realised, curve.losses, strict=True
        ):
            rankings = {
                at: rank(
                    np.float32(layers[2 * at]), curve.pattern, curve.criterion,
                    seed=4 + (at if layer is None else 0),
                )
                for at in masked
            }  # fmt: skip
            masks = {at: ranking.mask(sparsity) for at, ranking in rankings.items()}
            assert loss == pytest.approx(_plain_loss(layers, x, y, masks), rel=1e-4)
            zeros = sum((~mask).sum() for mask in masks.values())
            assert realised == pytest.approx(zeros / sum(mask.size for mask in masks.values()))
            compared += 1
    assert compared == (len(PATTERNS) - 1) * 3 * len(GRID) + 3, (
        "2:4 has one point, the others one a sparsity"
    )
    assert found.dense == pytest.approx(_plain_loss(layers, x, y, {}), rel=1e-5)
    assert found.constant == pytest.approx(np.var(y))


def test_nothing_masked_is_the_dense_loss_and_a_dead_network_predicts_its_bias():
    layers, (x, y) = _layers(), _data()
    found = mask_losses(layers, x, y, layer=2, sparsities=[0.0, 0.99])
    assert all(curve.losses[0] == found.dense for curve in found.curves)
    last = found.curve()
    assert last.realised == (0.0, 1 - 1 / 8), "one weight always stays"


def test_the_random_line_has_a_band_of_its_draws():
    layers, (x, y) = _layers(), _data()
    many = mask_losses(layers, x, y, layer=0, sparsities=GRID, seed=7, draws=6)
    one = mask_losses(layers, x, y, layer=0, sparsities=GRID, seed=7, draws=1)
    random = many.curve(criterion="random")
    assert random.losses == one.curve(criterion="random").losses, "the first draw is the mask shown"
    for low, loss, high in zip(random.low, random.losses, random.high, strict=True):
        assert low <= loss <= high
    assert random.low[2] < random.high[2]
    for criterion in ("magnitude", "largest"):
        curve = many.curve(criterion=criterion)
        assert curve.low == curve.losses == curve.high


def test_keras_computes_the_same_loss():
    from prunelab import networks

    x, y = _data(200)
    model = networks.build(12, (16, 8), seed=3)
    found = mask_losses(model.get_weights(), x, y, layer=1, sparsities=[0.0, 0.6])
    wanted = networks.evaluate(model, np.float32(x), np.float32(y)).mse
    assert found.dense == pytest.approx(wanted, rel=1e-5)
    weights = model.get_weights()
    weights[2] *= rank(weights[2]).mask(0.6)
    model.set_weights(weights)
    masked = networks.evaluate(model, np.float32(x), np.float32(y)).mse
    assert found.curve().losses[1] == pytest.approx(masked, rel=1e-5)


def test_a_scan_masks_each_layer_alone():
    layers, (x, y) = _layers(), _data()
    scan = sensitivity_scan(layers, x, y, GRID)
    assert scan.shapes == ((12, 16), (16, 8), (8, 1))
    for at, curve in enumerate(scan.curves):
        alone = mask_losses(layers, x, y, layer=at, sparsities=GRID)
        assert curve == alone.curve()
        assert scan.dense == pytest.approx(alone.dense, rel=1e-6)
    assert "SensitivityScan(unstructured magnitude; kernels 12 × 16, 16 × 8, 8 × 1" in repr(scan)
    assert "\n" not in repr(scan)


def test_a_table_says_what_it_is():
    layers, (x, y) = _layers(), _data()
    found = mask_losses(
        layers, x, y, layer=1, sparsities=GRID, patterns=["4x4", "2:4"], criteria="random"
    )
    assert repr(found).startswith(
        "MaskLosses(only kernel 2 of 3 masked; 4x4, 2:4; random; 5 sparsities, 40 validation rows;"
    )
    assert "\n" not in repr(found)
    assert found.digests == (kernel_digest(layers[2]),)
    with pytest.raises(KeyError, match="4x4 magnitude was not measured; there is 4x4 random"):
        found.curve("4x4")
    every = mask_losses(layers, x, y, layer=None, sparsities=0.5, criteria=["magnitude"])
    assert every.masked == "all 3 kernels masked alike"
    assert every.seeds == (0, 1, 2)


def test_the_nearest_measured_sparsity_is_the_lower_of_two_as_near():
    layers, (x, y) = _layers(), _data()
    curve = mask_losses(layers, x, y, layer=0, sparsities=[0.5, 0.25, 0.25]).curve()
    assert curve.sparsities == (0.25, 0.5)
    assert [curve.nearest(s) for s in (0.0, 0.3, 0.375, 0.4, 0.99)] == [0, 0, 0, 1, 1]


def test_pairs_and_several_outputs_are_taken():
    layers, (x, _) = _layers(widths=(12, 6, 3)), _data()
    y = np.random.default_rng(0).normal(size=(40, 3))
    pairs = list(zip(layers[::2], layers[1::2], strict=True))
    flat = mask_losses(layers, x, y, layer=0, sparsities=GRID)
    assert mask_losses(pairs, x, y, layer=0, sparsities=GRID) == flat
    assert flat.constant == pytest.approx(np.var(y, axis=0).mean())


def test_the_given_weights_are_untouched():
    layers, (x, y) = _layers(), _data()
    before = [part.copy() for part in layers]
    mask_losses(layers, x, y, layer=None, patterns=PATTERNS, criteria=CRITERIA, sparsities=GRID)
    for part, old in zip(layers, before, strict=True):
        np.testing.assert_array_equal(part, old)


def test_layers_before_the_masked_one_are_computed_once(monkeypatch):
    layers, (x, y) = _layers(), _data()
    firsts, forward = [], Network.forward

    def counted(self, activations, *, first=0, **options):
        firsts.append(first)
        return forward(self, activations, first=first, **options)

    monkeypatch.setattr(Network, "forward", counted)
    mask_losses(layers, x, y, layer=2, sparsities=GRID, criteria=["magnitude"])
    assert firsts == [0] + [2] * (1 + len(GRID))


def _nan(array):
    array = np.array(array)
    array.flat[0] = np.nan
    return array


REFUSED = {
    "no layers": (lambda w, x, y: (([], x, y), {"layer": 0}), "layers holds 0 arrays"),
    "odd": (lambda w, x, y: ((w[:-1], x, y), {"layer": 0}), "layers holds 5 arrays"),
    "not a list": (lambda w, x, y: ((3, x, y), {"layer": 0}), r"model.get_weights\(\)"),
    "order": (lambda w, x, y: ((w[2:] + w[:2], x, y), {"layer": 0}), "layer 2 has a kernel"),
    "bias first": (lambda w, x, y: ((w[1::-1] + w[2:], x, y), {"layer": 0}), "kernel 0 has shape"),
    "NaN kernel": (lambda w, x, y: (([_nan(w[0]), *w[1:]], x, y), {"layer": 0}), "kernel 0 holds"),
    "NaN x": (lambda w, x, y: ((w, _nan(x), y), {"layer": 0}), "x holds NaN"),
    "NaN y": (lambda w, x, y: ((w, x, _nan(y)), {"layer": 0}), "y holds NaN"),
    "columns": (lambda w, x, y: ((w, x[:, :3], y), {"layer": 0}), "takes rows of 12 inputs"),
    "no rows": (lambda w, x, y: ((w, x[:0], y[:0]), {"layer": 0}), r"x has shape \(0, 12\)"),
    "two columns": (lambda w, x, y: ((w, x, np.c_[y, y]), {"layer": 0}), r"y has shape \(40, 2\)"),
    "words": (lambda w, x, y: ((w, x, list("ab" * 20)), {"layer": 0}), "y=.*real numbers"),
    "layer": (lambda w, x, y: ((w, x, y), {"layer": 3}), "layer=3"),
    "layer name": (lambda w, x, y: ((w, x, y), {"layer": "hidden_1"}), "count the kernels from 0"),
    "percent": (
        lambda w, x, y: ((w, x, y), {"layer": 0, "sparsities": [50]}),
        "for 50 % write 0.5",
    ),
    "no sparsity": (lambda w, x, y: ((w, x, y), {"layer": 0, "sparsities": []}), "write one or mo"),
    "pattern": (lambda w, x, y: ((w, x, y), {"layer": 0, "patterns": "8x8"}), "patterns='8x8'"),
    "no pattern": (lambda w, x, y: ((w, x, y), {"layer": 0, "patterns": []}), "patterns is empty"),
    "criterion": (lambda w, x, y: ((w, x, y), {"layer": 0, "criteria": [3]}), "criteria='3'"),
    "draws": (lambda w, x, y: ((w, x, y), {"layer": 0, "draws": 0}), "draws=0"),
    "name": (lambda w, x, y: ((w, x, y), {"layer": 0, "measured_on": ""}), "measured_on=''"),
    "overflow": (
        lambda w, x, y: (([1e30 * p for p in w], x, y), {"layer": 0}),
        "overflows float32",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_impossible_input_gets_one_sentence(case):
    arguments, sentence = REFUSED[case]
    given, options = arguments(_layers(), *_data())
    with pytest.raises((TypeError, ValueError), match=sentence) as raised:
        mask_losses(*given, **options)
    assert "\n" not in str(raised.value)


def test_a_network_runs_in_parts():
    network, (x, _) = Network(_layers()), _data()
    x = np.float32(x)
    half = network.forward(x, until=1)
    np.testing.assert_array_equal(network.forward(half, first=1), network.forward(x))
