"""Which inputs does a network listen to, and are they the ones that matter?"""

import numpy as np

from prunelab.results import InputSelection
from prunelab.validate import real_array


def input_selection(kernel, coef):
    """The `InputSelection` of a first kernel [inputs, units] against the true weights [inputs].

    For a linear model give its coefficients as a kernel of one column. Raises ValueError where
    shapes differ, or where all inputs matter or none does: there is nothing to pick then.
    """
    from sklearn.metrics import roc_auc_score

    kernel, coef = real_array("kernel", kernel), real_array("coef", coef)
    if kernel.ndim != 2 or coef.shape != kernel.shape[:1]:
        raise ValueError(
            f"kernel has shape {kernel.shape} and coef {coef.shape}: "
            "[inputs, units] and [inputs] are needed"
        )
    matters = coef != 0
    k = int(matters.sum())
    if k in (0, len(coef)):
        raise ValueError(f"coef: {k} of {len(coef)} inputs matter, so there is nothing to pick")
    norms = np.linalg.norm(kernel.astype(np.float64), axis=1)
    survives = norms > 0
    hits = int((survives & matters).sum())
    largest = np.argsort(-norms, kind="stable")[:k]
    return InputSelection(
        surviving=int(survives.sum()),
        precision=hits / max(int(survives.sum()), 1),
        recall=hits / k,
        auc=float(roc_auc_score(matters, norms)),
        precision_at_k=float(matters[largest].mean()),
    )
