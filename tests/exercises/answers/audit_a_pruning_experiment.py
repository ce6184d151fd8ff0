"""Right answers and known mistakes of the chapter on auditing an experiment."""

import numpy as np

from prunelab.exercises import audit_a_pruning_experiment as audit
from prunelab.schedules import PolynomialDecay, preflight
from tests.exercises.answers.common import Column, no_letters, ramp


def stopping(patience, start_from_epoch, restore_best_weights=True):
    return dict(
        patience=patience,
        start_from_epoch=start_from_epoch,
        restore_best_weights=restore_best_weights,
    )


RIGHT = [
    (audit.q1, [
        preflight(audit.CLAIM, total_steps=3128).realised_sparsity, 0.6973,
        float(audit.CLAIM.sparsity(3100)),
    ]),
    (audit.q2, ["c", "C", " c ", "(c)", "c)", "C."]),
    (audit.q3, [ramp(0.75, 400, 1200), ramp(0.75, 0, 1400), ramp(0.75, 1000, 1400, power=1)]),
    (audit.q4, [
        lambda ws: sum((w == 0).sum() for w in ws if w.ndim == 2)
        / sum(w.size for w in ws if w.ndim == 2),
        lambda ws: 1 - np.concatenate([w.ravel() for w in ws if w.ndim > 1]).astype(bool).mean(),
        lambda ws: np.mean(np.concatenate([w.ravel() for w in ws[::2]]) == 0),
    ]),
    (audit.q5, [9, 9.0, np.int64(9), [9], (9,), np.array([[9]]), "9", Column([9])]),
    (audit.q6, [
        stopping(20, 150), stopping(1, 149), stopping(20, 178), stopping(np.int64(20), 150.0),
    ]),
]  # fmt: skip


WRONG = [
    (audit.q1, 0.8, "what was asked"),
    (audit.q1, 69.73, "fraction"),
    (audit.q1, float(audit.CLAIM.sparsity(3128)), "masks change on the grid"),
    (audit.q1, float(audit.CLAIM.sparsity(3000)), "goes on after 3000"),
    (audit.q1, 0.0, "How many steps"),
    (audit.q1, 0.4, "How many steps"),
    (audit.q1, float(audit.CLAIM.sparsity(3124)), "How many steps"),
    (audit.q1, "70 %", "not a text"),
    (audit.q1, float(audit.CLAIM.sparsity(781)), "one epoch"),
    (audit.q1, 0.8 * 3100 / 6256, "straight line"),
    (audit.q1, 0.8 * (3100 / 6256) ** 3, "rises slowly at first"),
    (audit.q1, 1 - preflight(audit.CLAIM, total_steps=3128).realised_sparsity, "is left"),
    (audit.q2, "a", "two changes"),
    (audit.q2, "b", "no network in it is pruned"),
    (audit.q2, "d", "Another seed"),
    *no_letters(audit.q2, "e", "ca"),
    (audit.q3, ramp(0.75, 1000, 5000), "ends at step 5000"),
    (audit.q3, ramp(0.75, 1000, 1600), "under 25 epochs"),
    (audit.q3, ramp(0.75, 1000, 1500), "under 25 epochs"),
    (audit.q3, ramp(0.75, 1000, 1350), "does not divide"),
    (audit.q3, ramp(0.2894, 1000, 1400), "Keep the claim"),
    (audit.q3, PolynomialDecay(0.5, 0.75, 400, 1200), "Keep the claim"),
    (audit.q3, ramp(0.75, 400, 1200, power=0), "power=0"),
    (audit.q3, ramp(0.75, 1000, 1300), "only 4 times"),
    (audit.q4, lambda ws: np.mean(np.concatenate([w.ravel() for w in ws]) == 0), "Biases"),
    (audit.q4, lambda ws: sum((w == 0).sum() for w in ws) / sum(w.size for w in ws[::2]),
     "leave both out"),
    (audit.q4, lambda ws: sum((w == 0).sum() for w in ws[::2]) / sum(w.size for w in ws),
     "sizes of kernels too"),
    (audit.q4, lambda ws: np.mean([np.mean(w == 0) for w in ws[::2]]), "mean over layers"),
    (audit.q4, lambda ws: np.mean(np.concatenate([w.ravel() for w in ws[::2]]) != 0), "left"),
    (audit.q4, lambda ws: 100 * np.mean(np.concatenate([w.ravel() for w in ws[::2]]) == 0),
     "fraction"),
    (audit.q4, lambda ws: sum((w == 0).sum() for w in ws[::2]), "counts zeros"),
    (audit.q4, lambda ws: (ws[0] == 0).mean(), "first layer alone"),
    (audit.q4, lambda ws: np.mean(np.concatenate([w.ravel() for w in ws[::2]]).round(1) == 0),
     "is no zero"),
    (audit.q4, lambda ws: sum(np.isclose(w, 0, atol=1e-3).sum() for w in ws[::2])
     / sum(w.size for w in ws[::2]), "no zero"),
    (audit.q4, lambda ws: np.isclose(np.concatenate([w.ravel() for w in ws[::2]]), 0).mean(),
     "no zero"),
    (audit.q4, lambda ws: 0.75, "by hand"),
    (audit.q4, lambda ws: ws[0].shape, "one number should come back"),
    (audit.q4, lambda ws: (ws[2] == 0).mean(), "raises IndexError"),
    (audit.q4, lambda ws: ws.clear(), "changes the list"),
    (audit.q4, lambda ws: [w.fill(0) for w in ws] and 1.0, "changes the"),
    (audit.q4, 0.5, "Give the function"),
    (audit.q5, 18, "as they are"),
    (audit.q5, 40, "reach their target"),
    (audit.q5, 3, "never prune"),
    (audit.q5, 19, "a hair below"),
    (audit.q5, 12, "twice the steps"),
    (audit.q5, 49, "total_steps=2"),
    (audit.q5, 1, "total_steps=2"),
    (audit.q5, "nine", "not a text"),
    (audit.q5, [9, 9], "Give one number"),
    (audit.q6, dict(patience=20, restore_best_weights=True), "epoch 150"),
    (audit.q6, stopping(20, 120), "weights of epoch 121"),
    (audit.q6, stopping(20, 148), "start_from_epoch=149"),
    (audit.q6, stopping(20, 150, False), "keep restore_best_weights"),
    (audit.q6, stopping(200, 150), "from 1 to 20"),
    (audit.q6, stopping(0, 150), "from 1 to 20"),
    (audit.q6, stopping(20, 179), "always go on"),
    (audit.q6, stopping(20, 150.5), "whole number"),
    (audit.q6, stopping(20, -1), "whole number"),
    (audit.q6, dict(patience=20, start_from_step=1200), "Give a dict"),
    (audit.q6, 150, "Give a dict"),
]  # fmt: skip
