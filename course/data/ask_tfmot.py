"""Ask tfmot for its schedule's sparsity and updates, and print them as JSON."""

import json
from importlib.metadata import version

from prunelab.networks import tfmot

schedule = tfmot.sparsity.keras.PolynomialDecay(0.0, 0.75, begin_step=400, end_step=1200)
steps = list(range(0, 1601, 50))
updates, sparsity = zip(*map(schedule, steps), strict=True)
answer = {
    "tfmot": version("tensorflow-model-optimization"),
    "steps": steps,
    "updates": list(map(bool, updates)),
    "sparsity": list(map(float, sparsity)),
}
print(json.dumps(answer))
