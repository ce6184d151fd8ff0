"""Where a result comes from: versions, threads and processor; no host, user or path."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "prunelab",
    "numpy",
    "scikit-learn",
    "tensorflow",
    "tensorflow-model-optimization",
    "tf-keras",
)
# The instruction sets that TensorFlow's kernels are chosen by: they change the last digits.
INSTRUCTION_SETS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "asimd")


def provenance(threads):
    """Versions, TensorFlow's `threads`, its oneDNN flag and the processor, as a plain dict."""
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "system": platform.system(),
        "machine": platform.machine(),
        "instruction_sets": instruction_sets(),
        "threads": threads,
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
    }


def instruction_sets(cpuinfo="/proc/cpuinfo"):
    """Which of `INSTRUCTION_SETS` the processor has; empty where the system does not say."""
    try:
        with open(cpuinfo, encoding="utf-8", errors="replace") as lines:
            flags = next((line for line in lines if line.startswith(("flags", "Features"))), "")
    except OSError:
        return []
    present = set(flags.split())
    return [name for name in INSTRUCTION_SETS if name in present]


def _version(package):
    try:
        return version(package)
    except PackageNotFoundError:
        return None
