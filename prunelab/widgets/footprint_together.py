"""What was measured here, put together with what was measured before; a network to measure."""

from datetime import date
from itertools import pairwise

import numpy as np

from prunelab.footprint import Measurement, SizeRow, as_network, machine, shape_of
from prunelab.footprint.networks import checked_rows
from prunelab.mlp import Network


def together(earlier, here, about):
    """A `Measurement` of what `here` has so far and an earlier one, or None while both are empty.

    Rows measured again replace those from before.
    """
    rows = {kind: {} for kind in here.rows}
    if earlier is not None:
        for kind in rows:
            rows[kind] |= {_key(row): row for row in getattr(earlier, kind)}
    for kind, found in here.rows.items():
        rows[kind] |= {_key(row): row for row in list(found)}
    if not any(rows.values()):
        return None
    return Measurement(
        network=about,
        shape=shape_of(here.network),
        machine=machine([here.limits] if here.limits else []),
        created=date.today().isoformat(),
        **{kind: tuple(found.values()) for kind, found in rows.items()},
    )


def _key(row):
    what = (row.format,) if isinstance(row, SizeRow) else (row.runtime, row.batch, row.threads)
    return (row.pattern, row.sparsity, *what)


def drawn_like(shape, seed=0):
    """A network of a shape with weights drawn anew (He normal), and rows to compare predictions."""
    rng = np.random.default_rng(seed)
    layers = [
        (rng.normal(scale=(2 / inputs) ** 0.5, size=(inputs, units)), np.zeros(units))
        for inputs, units in pairwise(shape)
    ]
    return Network(layers), rng.normal(size=(64, shape[0])).astype(np.float32)


def network_here(network, x):
    """(network, rows) that were handed over, or (None, None); rows are drawn where they lack."""
    if network is None:
        if x is not None:
            raise TypeError("x: these rows belong to a network; hand it over as network=")
        return None, None
    network = as_network(network)
    _, drawn = drawn_like(shape_of(network)[:2])
    return network, checked_rows(network, drawn if x is None else x)
