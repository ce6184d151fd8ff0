"""On a single core a training ends: JAX's callbacks would wait there for a second thread."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import keras, numpy as np
from prunelab.pruning import PruneLowMagnitude
from prunelab.schedules import ConstantSparsity
dense = keras.layers.Dense
model = keras.Sequential([keras.Input((512,)), dense(1024), dense(1)])
model.compile(keras.optimizers.SGD(1e-4), "mse")
x = np.ones((64, 512), "float32")
pruner = PruneLowMagnitude(ConstantSparsity(0.75, 0, frequency=1))
model.fit(x, x[:, :1], batch_size=16, verbose=0, callbacks=[pruner])
print(pruner.report().sparsity)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="only Linux can ask for one core")
def test_a_training_on_one_core_ends():
    environ = os.environ | {"KERAS_BACKEND": keras.backend.backend(), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=environ, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split()[-1] == "0.75"
