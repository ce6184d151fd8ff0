"""Four claims of "ten times smaller" about the stored network, each true of some quantity."""

import gzip
from dataclasses import dataclass

import numpy as np

from prunelab.base.host import give_back

READINGS = {  # the quantities that the ten may refer to
    "training_file": "what training keeps, which nobody deploys, and half of each number",
    "nonzeros": "weights that are not 0; each 0 still has its four bytes everywhere",
    "transfer": "the file alone; unpacked, the network is as large and as slow as before",
    "network": "the network itself: file, memory and multiplications",
    "bits": "fewer bits for each weight, all of them kept",
}
GZIPPED = 0.957  # sparsity at which gzip makes the stored network ten times smaller
MEGA = 1_000_000


@dataclass(frozen=True)
class Claim:
    """Before and after of four quantities. file: bytes on disk. memory: bytes of the weights that a
    runtime holds to predict. nonzeros: weights that are not 0. products: multiplications a row."""

    letter: str
    file: tuple
    memory: tuple
    nonzeros: tuple
    products: tuple


def claims():
    """The four `Claim`s, computed now, except for the training file, whose size is stored."""
    from prunelab import footprint
    from prunelab.footprint import networks

    network = footprint.stored_network()
    size = networks.n_weights(network)
    kept = networks.n_nonzero(network)
    whole = len(footprint.encode(network, "raw"))
    all_zeros_in = footprint.pruned(network, "unstructured", 0.9)
    gzipped = footprint.pruned(network, "unstructured", GZIPPED)
    small = footprint.pruned(network, "small_dense", 0.9)
    products = networks.n_weights(small)
    return (
        Claim(
            "A", (_training_file(), _halves(network)), (whole, whole), (kept, kept), (size, size)
        ),
        Claim(
            "B",
            (whole, len(footprint.encode(all_zeros_in, "raw"))),
            (whole, whole),
            (size, networks.n_nonzero(all_zeros_in)),
            (size, size),
        ),
        Claim(
            "C",
            (whole, len(gzip.compress(footprint.encode(gzipped, "raw"), 6, mtime=0))),
            (whole, whole),
            (size, networks.n_nonzero(gzipped)),
            (size, size),
        ),
        Claim(
            "D",
            (whole, len(footprint.encode(small, "raw"))),
            (whole, len(footprint.encode(small, "raw"))),
            (size, networks.n_nonzero(small)),
            (size, products),
        ),
    )


def claims_table():
    """The claims as lines of text: megabytes, thousands of weights and of multiplications."""
    lines = ["   file, MB        memory, MB      not 0, thousands  multiplications, thousands"]
    for claim in claims():
        cells = [
            f"{one / MEGA:5.2f} → {other / MEGA:<5.2f}" for one, other in (claim.file, claim.memory)
        ]
        cells += [
            f"{one / 1000:5.0f} → {other / 1000:<5.0f}"
            for one, other in (claim.nonzeros, claim.products)
        ]
        lines.append(f"{claim.letter}  {'   '.join(cells)}".rstrip())
    give_back()
    return "\n".join(lines)


def _training_file():
    """Bytes of the network in pruning wrappers with Adam's averages, as we measured Keras' file."""
    from prunelab import footprint

    rows = footprint.load().sizes
    return next(row.bytes for row in rows if row.format == "wrapped" and row.bytes)


def _halves(network):
    """Bytes of all weights and biases as float16."""
    arrays = [*network.kernels, *network.biases]
    return sum(array.astype(np.float16).nbytes for array in arrays)
