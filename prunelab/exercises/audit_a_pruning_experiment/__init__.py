"""The exercises of the chapter that audits an experiment: recompute, choose, mend, make."""

import numpy as np

from prunelab.base.checks import whole
from prunelab.base.text import percent
from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import (
    in_our_words,
    judge_letter,
    judge_numbers,
    one_number,
    single,
)
from prunelab.schedules.flight import preflight
from prunelab.schedules.schedule import PolynomialDecay
from prunelab.schedules.survey import MISSED, public_schedules

CLAIM = PolynomialDecay(0.0, 0.8, begin_step=0, end_step=6256)  # 782 steps an epoch, four epochs


def _judge_realised(answer):
    value = one_number(answer)
    truth = preflight(CLAIM, n_samples=50_000, batch_size=64, epochs=4).realised_sparsity
    if abs(value - truth) < 5e-5:
        return True, "The ramp is cut off half-way, at the last update before the run ends."
    mistakes = {
        0.8: "That is what was asked; the schedule ends at step 6256. Where does the run end?",
        100 * truth: "The size is right, but sparsity is a fraction: divide by 100.",
        float(
            CLAIM.sparsity(3128)
        ): "That is the formula at the last step; masks change on the grid only.",
        float(CLAIM.sparsity(3000)): "Look again for the last update: the grid goes on after 3000.",
        float(CLAIM.sparsity(781)): "That is one epoch; the run has four.",
        0.8 * 3100 / 6256: "That is a straight line; the default power is 3.",
        0.8 * (3100 / 6256) ** 3: "That ramp rises slowly at first; tfmot's rises fast at first.",
        1 - truth: "That is the share that is left; sparsity counts the zeros.",
    }
    for mistake, sentence in mistakes.items():
        if abs(value - mistake) < 5e-5 * max(1, mistake):
            return False, sentence
    return False, "How many steps does the run have, and which is the last update among them?"


def _judge_control(answer):
    replies = {
        "a": "Both the zeros and 200 more epochs differ here: two changes, one number.",
        "b": "It shows that training longer helps, but no network in it is pruned.",
        "d": "Another seed shows the spread; it does not take the second change away.",
    }
    reason = "Same start, same epochs, same fresh Adam: only the masks differ."
    return judge_letter(answer, "c", reason, replies)


def _judge_mended(answer):
    if not isinstance(answer, PolynomialDecay):
        return False, f"Give a PolynomialDecay; this is a {type(answer).__name__}."
    if (answer.initial_sparsity, answer.final_sparsity) != (0.0, 0.75):
        return False, "Keep the claim: from 0 to 75 %."
    checked = preflight(answer, n_samples=8000, batch_size=1024, epochs=200)
    if checked.findings:
        return False, str(checked.findings[0])
    last = int(checked.update_steps[-1])
    if last > 1400:
        return False, f"Its last update is at step {last}, which leaves under 25 epochs to recover."
    return True, f"It reaches {percent(checked.realised_sparsity)} at step {last} of 1600."


def _networks():
    """(words, arguments) pairs: the weights of networks, kernel and bias in turn."""
    random = np.random.default_rng(7)

    def network(*layers):
        weights = []
        for rows, columns, share_left in layers:
            left = random.random((rows, columns)) < share_left
            weights += [random.normal(size=(rows, columns)) * left, np.zeros(columns)]
        return weights

    trained = network((40, 30, 0.25), (30, 20, 0.5), (20, 1, 1.0))
    trained[1] += 0.1  # a bias after training
    tiny = [array / 10_000 for array in network((8, 6, 0.5))]
    tinier = [array * 1e-15 for array in network((9, 7, 0.4))]
    return [
        ("a large layer before a small one", (network((40, 30, 0.25), (30, 1, 1.0)),)),
        ("three layers, each pruned differently", (trained,)),
        ("one layer without a single zero", (network((6, 5, 1.0)),)),
        ("one layer of tiny weights, half of them zeros", (tiny,)),
        ("one layer of weights far below a billionth, and zeros", (tinier,)),
    ]


def _kernels(weights):
    return [array for array in weights if array.ndim == 2]


def _zeros(arrays):
    return sum(int(np.sum(array == 0)) for array in arrays)


def _size(arrays):
    return sum(array.size for array in arrays)


def _audited(weights):
    return _zeros(_kernels(weights)) / _size(_kernels(weights))


AUDIT_MISTAKES = [
    (
        lambda weights: _zeros(weights) / _size(weights),
        "Biases are counted too; fresh ones are all zeros, and no mask made them so.",
    ),
    (
        lambda weights: _zeros(weights) / _size(_kernels(weights)),
        "The zeros of biases are counted, though their sizes are not; leave both out.",
    ),
    (
        lambda weights: _zeros(_kernels(weights)) / _size(weights),
        "The zeros are those of kernels; divide by the sizes of kernels too.",
    ),
    (
        lambda weights: float(np.mean([np.mean(kernel == 0) for kernel in _kernels(weights)])),
        "That is the mean over layers; 30 weights would count as much as 1,200.",
    ),
    (
        lambda weights: 1 - _audited(weights),
        "That is the share that is left; sparsity counts the zeros.",
    ),
    (
        lambda weights: 100 * _audited(weights),
        "The size is right, but sparsity is a fraction in [0, 1).",
    ),
    (
        lambda weights: _zeros(_kernels(weights)),
        "That counts zeros; divide by the number of weights.",
    ),
    (
        lambda weights: float(np.mean(weights[0] == 0)),
        "That is the first layer alone; go through all of them.",
    ),
    (
        lambda weights: (
            sum(int(np.isclose(k, 0, atol=1e-3).sum()) for k in _kernels(weights))
            / _size(_kernels(weights))
        ),
        "A small weight is no zero; compare with 0 itself.",
    ),
    (
        lambda weights: (
            sum(int(np.isclose(k, 0).sum()) for k in _kernels(weights)) / _size(_kernels(weights))
        ),
        "A small weight is no zero; compare with 0 itself.",
    ),
    (
        lambda weights: (
            _zeros([np.round(kernel, 1) for kernel in _kernels(weights)]) / _size(_kernels(weights))
        ),
        "A small weight is no zero; compare with 0 itself.",
    ),
]


def _judge_auditor(answer):
    return judge_numbers(
        answer,
        _networks(),
        _audited,
        AUDIT_MISTAKES,
        right="Zeros over weights, kernels only: this auditor would have caught the article.",
        look="try it on a list with one kernel by hand, zeros over all its weights.",
    )


def _judge_twice(answer):
    value = one_number(answer)
    found = public_schedules()
    flights = [preflight(each.schedule, total_steps=2 * each.steps) for each in found]
    gaps = [flight.schedule.final_sparsity - flight.realised_sparsity for flight in flights]
    now = sum(each.missed for each in found)
    truth = sum(gap > MISSED for gap in gaps)
    if value == truth:
        return (
            True,
            f"Longer runs mend {now - truth} of the {now}; the others need another schedule.",
        )
    mistakes = {
        now: "That is how many miss in the runs as they are.",
        len(gaps) - truth: "Those reach their target; how many do not?",
        sum(not flight.realised_sparsity for flight in flights): "Those never prune; others end "
        "too low.",
        sum(gap > 0 for gap in gaps): "A schedule that ends a hair below its target counts there; "
        "ask for more than half a point, 0.005.",
        sum(each.reason == "ends too late" for each in found): "Those end after training now; "
        "count again with twice the steps.",
    }
    return False, mistakes.get(value, "Ask preflight for each with total_steps=2 * each.steps.")


STOPPING_RUN = {"steps_per_epoch": 8, "epochs": 200}  # the twin's; its last cut is in epoch 150
COMPLETED = PolynomialDecay(0.0, 0.75, begin_step=400, end_step=1200)


class UpdatePruningStep:
    """Stands in for tfmot's callback; it has the same name."""

    def on_epoch_end(self, epoch, logs=None):
        """Does nothing."""


class EarlyStopping:
    """Stands in for Keras' callback; it has the same name and settings."""

    def __init__(self, patience=0, start_from_epoch=0, restore_best_weights=False):
        self.patience, self.start_from_epoch = patience, start_from_epoch
        self.restore_best_weights = restore_best_weights

    def on_epoch_end(self, epoch, logs=None):
        """Does nothing."""


def _judge_stopping(answer):
    wanted = {"patience", "start_from_epoch", "restore_best_weights"}
    if not isinstance(answer, dict) or not set(answer) <= wanted:
        return False, f"Give a dict of settings: {', '.join(sorted(wanted))}."
    answer = {name: single(value) for name, value in answer.items()}
    with in_our_words():
        epochs = {
            name: whole(name, answer.get(name, 0)) for name in ("patience", "start_from_epoch")
        }
    stopping = EarlyStopping(**answer | epochs)
    if not stopping.restore_best_weights:
        return False, "The best weights are to come back: keep restore_best_weights=True."
    if not 1 <= stopping.patience <= 20:
        return False, "Its patience is to be from 1 to 20 epochs."
    callbacks = [UpdatePruningStep(), stopping]
    checked = preflight(COMPLETED, **STOPPING_RUN, callbacks=callbacks)
    if checked.findings:
        return False, str(checked.findings[0])
    first = stopping.start_from_epoch + 1 + stopping.patience
    if first > STOPPING_RUN["epochs"] - 1:
        return False, f"It cannot stop before epoch {first}: the run of 200 would always go on."
    return True, f"It looks from epoch {stopping.start_from_epoch + 1} on, when all cuts are made."


q1 = Exercise(
    "q1",
    _judge_realised,
    [
        "Ask the function that this chapter asked.",
        "An epoch has ceil(50,000 / 64) steps.",
        "Ask preflight with n_samples, batch_size, epochs.",
    ],
    """
    claim = PolynomialDecay(0.0, 0.8, begin_step=0, end_step=6256)
    realised = preflight(claim, n_samples=50_000, batch_size=64, epochs=4).realised_sparsity
    """,
    reason="The run has 4 · 782 = 3128 steps and its last update at step 3100, half-way to 6256.",
)
q2 = Exercise(
    "q2",
    _judge_control,
    [
        "Count what differs in each pair.",
        "List what differs between the two networks of each pair; more than one thing is too many.",
        "Pruning compiles again and trains on. Which network had that too, and no masks?",
    ],
    'choice = "c"',
    reason="Only that pair differs in the masks and in nothing else.",
)
q3 = Exercise(
    "q3",
    _judge_mended,
    [
        "`flight.suggest()` is a beginning, not yet an answer: it ends on the last step.",
        "The run has 1600 steps; what must be on the grid is end_step − begin_step.",
        "preflight(…).suggest() gives the nearest that fits; then bring its end to 1400 or less.",
    ],
    "mended = PolynomialDecay(0.0, 0.75, begin_step=400, end_step=1200)",
    reason="A ramp of 800 steps is on the grid of 100, and ends 400 steps before the run does.",
    given=PolynomialDecay(0.0, 0.75, begin_step=1000, end_step=5000),
)
q4 = Exercise(
    "q4",
    _judge_auditor,
    [
        "Try it on `stripped.get_weights()`, too.",
        "Kernels are the arrays with two dimensions; biases have one.",
        "Add up the zeros of all kernels, then divide by the sum of their sizes.",
    ],
    """
    def audited_sparsity(weights):
        kernels = [array for array in weights if array.ndim == 2]
        zeros = sum(np.sum(kernel == 0) for kernel in kernels)
        return zeros / sum(kernel.size for kernel in kernels)
    """,
    reason="Biases are never pruned, so they belong neither to the zeros nor to what is counted.",
)
q5 = Exercise(
    "q5",
    _judge_twice,
    [
        "preflight(each.schedule, total_steps=2 * each.steps) is one of them in its longer run.",
        "It misses where final_sparsity − realised_sparsity is more than 0.005.",
    ],
    """
    found = public_schedules()
    longer = [preflight(each.schedule, total_steps=2 * each.steps) for each in found]
    still = sum(f.schedule.final_sparsity - f.realised_sparsity > 0.005 for f in longer)
    """,
)
q6 = Exercise(
    "q6",
    _judge_stopping,
    [
        "The last cut is in epoch 150: no earlier epoch may be the best, nor the last.",
        "start_from_epoch counts from 0: 149 looks from epoch 150 on, which ends fully cut.",
    ],
    'stopping = {"patience": 20, "start_from_epoch": 150, "restore_best_weights": True}',
    given={"patience": 20, "restore_best_weights": True},
)
