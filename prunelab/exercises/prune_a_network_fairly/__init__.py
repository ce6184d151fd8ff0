"""The exercises of the chapter on fair comparisons: pair, choose, mend, make a rival."""

from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import judge_numbers, one_name
from prunelab.exercises.prune_a_network_fairly.comparisons import (
    FAIR_MISTAKES,
    PAIRED_MISTAKES,
    comparison_cases,
    fair_comparison,
    paired,
    paired_cases,
)
from prunelab.experiments.config import ExperimentConfig
from prunelab.masks.magnitude import kept_count
from prunelab.schedules.schedule import PolynomialDecay

PRUNED = ExperimentConfig(
    "completed_90",
    dense_epochs=40,
    more_epochs=40,
    schedule=PolynomialDecay(0.0, 0.9, begin_step=80, end_step=240, frequency=10),
)
DOUBTS = {
    "was it the zeros, or the extra epochs with a fresh Adam?": ("control",),
    "does it matter which weights go?": ("random_mask",),
    "why not fewer weights from the start?": ("smaller",),
    "does this data need a network at all?": ("ridge", "lasso"),
}
REPLIES = {  # what a comparison with the pruned arm leaves open, for each arm
    "dense": "has neither the extra epochs nor the fresh Adam",
    "control": "is whole and large, trained like the pruned one: it settles another doubt",
    "continued": "has the extra epochs, but its Adam is not fresh",
    "random_mask": "has as many zeros, trained as long, in other places",
    "smaller": "never had more weights than the pruned one keeps",
    "cut_only": "is cut by magnitude too, only without retraining",
    "l2": "shows another way to hold weights small, and no zeros",
    "ridge": "is a linear model: no hidden layer, no zeros, no Adam",
    "lasso": "is a linear model: no hidden layer, no Adam",
}


def _judge_paired(answer):
    return judge_numbers(
        answer,
        paired_cases(),
        paired,
        PAIRED_MISTAKES,
        right="Paired, on a log scale, with Student's t: this interval can be believed.",
        look="take the logarithm of each seed's ratio; their mean and its interval; then back.",
        count=3,
    )


def _judge_comparison(answer):
    return judge_numbers(
        answer,
        comparison_cases(),
        fair_comparison,
        FAIR_MISTAKES,
        right="Validation chooses on both sides alike, every seed counts, test data reports.",
        look="choose a row of each arm by its mean validation error, then pair their test errors.",
    )


def _judge_controls(answer):
    if not isinstance(answer, dict) or not set(answer) <= set(DOUBTS):
        return False, "Give the dict with the four doubts as its keys, an arm's name for each."
    for doubt, right in DOUBTS.items():
        arm = answer.get(doubt, ...)
        if arm is ... or arm is None:
            return False, f"No arm yet for this doubt: {doubt}"
        name = one_name(arm)
        if name not in REPLIES:
            return False, f"The arms to choose from are {', '.join(REPLIES)}."
        if name not in right:
            return False, f"Another arm answers the doubt “{doubt}”: {name} {REPLIES[name]}."
    return True, "Each control differs from the pruned arm in what its doubt is about."


def weights_left(config, sparsity):
    """Non-zero kernel weights of the config's network once each kernel is pruned to `sparsity`."""
    return sum(kept_count(size, sparsity) for size in config.kernel_sizes.values())


def _judge_rival(answer):
    if not isinstance(answer, ExperimentConfig):
        return False, f"Give an ExperimentConfig; this is a {type(answer).__name__}."
    if answer.schedule is not None or answer.cut:
        return False, "The rival is dense: no schedule and no cut; it is built small."
    if answer.l2 or answer.patience is not None:
        return False, "The rival trains as the pruned one does: without L2 and to its last epoch."
    for name in ("data", "batch_size", "learning_rate"):
        if getattr(answer, name) != getattr(PRUNED, name):
            return False, f"Leave {name} at {getattr(PRUNED, name)!r}, as in the pruned run."
    epochs = (answer.dense_epochs, answer.more_epochs)
    if sum(epochs) != 80:
        return False, f"It trains for {sum(epochs)} epochs, the pruned network for 80."
    if epochs != (40, 40) or not answer.fresh_optimizer:
        return False, "The pruned network starts its last 40 epochs with a fresh Adam; so must it."
    return _judge_width(answer)


def _judge_width(answer):
    widths = answer.hidden
    if len(widths) != 2 or widths[0] != widths[1]:
        return False, f"hidden={widths}: two hidden layers of equal width were asked for."
    most = weights_left(PRUNED, 0.9)
    has = sum(answer.kernel_sizes.values())
    said = f"It has {has:,} kernel weights, the pruned network {most:,} that are not zero"
    if widths[0] in (102, 103):
        return False, f"{said}: a tenth of the units leaves far less than a tenth of the weights."
    if widths[0] == 376:
        return False, f"{said}: that is the rival of 75 % zeros; here 90 % go."
    if has > most:
        return False, f"{said}: too many."
    wider = ExperimentConfig("wider", hidden=(widths[0] + 1,) * 2)
    if sum(wider.kernel_sizes.values()) <= most:
        return False, f"{said}: another unit in each layer would fit. Biases do not count."
    return True, f"{said}: as close as two equal layers get, and all else is the same."


q1 = Exercise(
    "q1",
    _judge_paired,
    [
        "One logarithm a seed; everything else is its mean and the error of that mean.",
        "logs = np.log(arm / control): one number a seed. Everything else is done with these.",
        "Their mean ± t_quantile(0.975, n − 1) · std(ddof=1) / √n, and np.exp of all three.",
    ],
    """
    def paired_ratio(arm, control):
        logs = np.log(arm / control)
        error = logs.std(ddof=1) / np.sqrt(len(logs))
        half = t_quantile(0.975, len(logs) - 1) * error
        return np.exp([logs.mean(), logs.mean() - half, logs.mean() + half])
    """,
    reason="Ratios are averaged as logarithms, so that twice and half cancel.",
)
q2 = Exercise(
    "q2",
    _judge_controls,
    [
        "Which arm shares everything with the pruned one but what is in doubt?",
        "A control should share all with the pruned arm but the one thing that is doubted.",
        "Ask of each arm: trained as long? fresh Adam? as many weights? which? hidden layers?",
    ],
    """
    controls = {
        "was it the zeros, or the extra epochs with a fresh Adam?": "control",
        "does it matter which weights go?": "random_mask",
        "why not fewer weights from the start?": "smaller",
        "does this data need a network at all?": "ridge",
    }
    """,
    reason="Each of these arms differs from the pruned one in the one thing that is doubted.",
)
q3 = Exercise(
    "q3",
    _judge_comparison,
    [
        "Where nothing differs the ratio should be near one; here a winner is found all the same.",
        "Which of the four arrays may choose, and which may only report?",
        "test_arm[val_arm.mean(axis=1).argmin()] are an arm's test errors; pair two such rows.",
    ],
    """
    def compare(val_arm, test_arm, val_control, test_control):
        arm = test_arm[val_arm.mean(axis=1).argmin()]
        control = test_control[val_control.mean(axis=1).argmin()]
        return np.exp(np.mean(np.log(arm / control)))
    """,
    reason="The validation error chooses, for both sides, and the test error only reports.",
    given="""
    def compare(val_arm, test_arm, val_control, test_control):
        return test_arm.min() / test_control.mean()
    """,
)
q4 = Exercise(
    "q4",
    _judge_rival,
    [
        "How many kernel weights has a network with two hidden layers of h units?",
        "With h units in each layer there are 1000·h + h·h + h kernel weights; which h fits?",
        "sum(kept_count(size, 0.9)) over pruned.kernel_sizes is 207,360; h lies below 180.",
    ],
    """
    most = sum(kept_count(size, 0.9) for size in pruned.kernel_sizes.values())
    width = max(h for h in range(1, 1024) if 1000 * h + h * h + h <= most)
    rival = replace(pruned, name="rival", schedule=None, hidden=(width, width))
    """,
    reason="1000h + h² + h kernel weights are at most as many as the pruned network keeps.",
)
