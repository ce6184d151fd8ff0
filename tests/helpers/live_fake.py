"""A training function in NumPy: gradient descent on a linear model, masked by magnitude."""

import hashlib
import time

import numpy as np

from prunelab.live import TrainedRun
from prunelab.live.control import StopTraining
from prunelab.live.records import EpochReport, now
from prunelab.masks import magnitude_mask

LAYERS = {"first": 96, "second": 32}


def made_data(seed=0, n_train=160, n_val=80):
    """(x, y, x_val, y_val) of a linear truth in which half of the 128 features count."""
    rng = np.random.default_rng(seed)
    size = sum(LAYERS.values())
    truth = rng.standard_normal(size) * (rng.random(size) < 0.5)
    x = rng.standard_normal((n_train + n_val, size))
    y = x @ truth + 0.1 * rng.standard_normal(len(x))
    return x[:n_train], y[:n_train], x[n_train:], y[n_train:]


def fake_trainer(pause=0.004, fail_at=None, *, measured=False):
    """train(settings, data, control, report) whose epochs take `pause` seconds; it may fail.

    pause: a number, or a function that is asked for it after each epoch. measured: whether it
    reports an accuracy, the share of rows whose sign is found.
    """

    def train(settings, data, control, report):
        x, y, x_val, y_val = (np.asarray(part, dtype=float) for part in data)
        rng = np.random.default_rng(settings.seed)
        weights = 0.3 * rng.standard_normal(x.shape[1])
        edges = np.cumsum([0, *LAYERS.values()])
        parts = {name: slice(*edges[i : i + 2]) for i, name in enumerate(LAYERS)}
        chosen = settings.layers or tuple(LAYERS)
        masks = {name: np.ones(LAYERS[name], bool) for name in chosen}
        schedule, history, began, step = settings.schedule, [], time.monotonic(), 0
        network = hashlib.sha256(weights.tobytes()).hexdigest()
        scale = y.var()

        def metrics():
            return (
                {"accuracy": float(np.mean((x_val @ weights > 0) == (y_val > 0)))}
                if measured
                else {}
            )

        before = metrics()
        dense, stopped, losses = np.mean((x_val @ weights - y_val) ** 2) / scale, False, []

        def found(sparsity):
            kernels = {name: weights[parts[name]] for name in chosen}
            if settings.scope == "layer":
                return {name: magnitude_mask(kernel, sparsity) for name, kernel in kernels.items()}
            kept = magnitude_mask(np.concatenate(list(kernels.values())), sparsity)
            ends = np.cumsum([kernel.size for kernel in kernels.values()])[:-1]
            return dict(zip(kernels, np.split(kept, ends), strict=True))

        def ended(epoch):
            pruned = sum(map(np.size, masks.values()))
            zeros = sum(np.count_nonzero(weights[parts[name]] == 0) for name in chosen)
            error = float(np.mean((x_val @ weights - y_val) ** 2)) / scale
            seconds = time.monotonic() - began
            loss, zeros = float(np.mean(losses)), zeros / pruned
            return EpochReport(epoch, step, loss, error, zeros, seconds, metrics())

        try:
            for epoch in range(1, settings.epochs + 1):
                losses = []
                for rows in np.array_split(
                    rng.permutation(len(x)), -(-len(x) // settings.batch_size)
                ):
                    schedule = control.at_step(step, schedule)
                    step += 1
                    error = x[rows] @ weights - y[rows]
                    losses.append(float(np.mean(error**2)) / scale)
                    weights -= settings.learning_rate * 20 * x[rows].T @ error / len(rows)
                    if schedule.updates(step):
                        masks = found(float(schedule.sparsity(step)))
                    for name in chosen:
                        weights[parts[name]] *= masks[name]
                time.sleep(pause() if callable(pause) else pause)
                if fail_at == epoch:
                    raise ValueError(f"the loss of epoch {epoch} is no number: lower learning_rate")
                history.append(ended(epoch))
                report(history[-1])
        except StopTraining:
            stopped = True
            if losses and (not history or history[-1].step < step):
                history.append(ended(epoch))
        return TrainedRun(
            settings=settings, steerings=control.steerings, history=tuple(history),
            sparsity={n: float(np.mean(weights[parts[n]] == 0)) for n in chosen},
            nonzeros=int(np.count_nonzero(weights)), n_weights=len(weights), dense=float(dense),
            validation_loss=history[-1].validation_loss if history else float(dense),
            stopped=stopped, seconds=time.monotonic() - began,
            data_digest=hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest(),
            network_digest=network, weights_digest=hashlib.sha256(weights.tobytes()).hexdigest(),
            provenance={}, created=now(), metrics=metrics(), dense_metrics=before,
        )  # fmt: skip

    train.layers, train.scopes = LAYERS, ("layer", "global")
    train.name = "from tests.helpers.live_fake import fake_trainer\n\ntrain = fake_trainer()"
    if measured:
        train.metrics = ("accuracy",)
    return train
