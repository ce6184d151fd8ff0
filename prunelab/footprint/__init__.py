"""The footprint of a network: its bytes in every format and its milliseconds in every runtime.

Importing this does not import TensorFlow; functions that need it import it when they are called.
Every file is read back, and every runtime's predictions are compared with the network's own, before
a result counts as right.

For any model, `weigh` gives bytes and `time` gives milliseconds, as rows; `cost` gives its
parameters and multiply-adds, `tensors` the contents of a model's file; `export` writes a .tflite
file and compares its predictions. For the course's MLP, `break_even` finds the sparsity at which
pruning begins to pay; `pruned` makes one network in every pattern; `remove_neurons` makes it
smaller; `load` reads the measurement stored with the course, `stored_network` the trained network
stored with it.
"""

from prunelab.base.host import machine, threads_there_are
from prunelab.footprint.break_evens import (
    BreakEven,
    beaten,
    break_even,
    clear_from,
    even_of,
    gain_limits,
    gains,
    size_gain,
    spread,
    time_gain,
)
from prunelab.footprint.codecs import CODECS, decode, encode, entropy_bound
from prunelab.footprint.formats import FILE_FORMATS, FORMATS
from prunelab.footprint.machine_limits import Limits, measure_limits
from prunelab.footprint.measurement import BreakEvenRow, Measurement, SizeRow, TimeRow, noise
from prunelab.footprint.models.cost import Cost, LayerCost, cost
from prunelab.footprint.models.exporting import ExportReport, export
from prunelab.footprint.models.files import TensorRow, tensors
from prunelab.footprint.networks import as_network, shape_of, to_model, zeros_of
from prunelab.footprint.patterns import PATTERNS, pruned, remove_neurons, units_for
from prunelab.footprint.resident import MemoryRow, memory
from prunelab.footprint.runtimes import RUNTIMES
from prunelab.footprint.store import (
    CutRun,
    load,
    load_cut_runs,
    network_of_run,
    save,
    save_cut_runs,
    store_network,
    stored_network,
    stored_run,
)
from prunelab.footprint.text_table import table
from prunelab.footprint.timing import BATCHES, time
from prunelab.footprint.weighing import weigh

__all__ = [
    "BATCHES",
    "CODECS",
    "FILE_FORMATS",
    "FORMATS",
    "PATTERNS",
    "RUNTIMES",
    "BreakEven",
    "BreakEvenRow",
    "Cost",
    "CutRun",
    "ExportReport",
    "LayerCost",
    "Limits",
    "Measurement",
    "MemoryRow",
    "SizeRow",
    "TensorRow",
    "TimeRow",
    "as_network",
    "beaten",
    "break_even",
    "clear_from",
    "cost",
    "decode",
    "encode",
    "entropy_bound",
    "even_of",
    "export",
    "gain_limits",
    "gains",
    "load",
    "load_cut_runs",
    "machine",
    "measure_limits",
    "memory",
    "network_of_run",
    "noise",
    "pruned",
    "remove_neurons",
    "save",
    "save_cut_runs",
    "shape_of",
    "size_gain",
    "spread",
    "store_network",
    "stored_network",
    "stored_run",
    "table",
    "tensors",
    "threads_there_are",
    "time",
    "time_gain",
    "to_model",
    "units_for",
    "weigh",
    "zeros_of",
]
