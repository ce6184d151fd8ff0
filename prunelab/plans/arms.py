"""The arms of the course's plans: their names and settings."""

from dataclasses import replace

from prunelab.experiments.config import ExperimentConfig, one_shot
from prunelab.experiments.named_configs import TWIN, article, article_completed, article_control
from prunelab.schedules.schedule import PolynomialDecay

SMALLER = (376, 376)  # as many weights as (1024, 1024) has at 75 % sparsity
# The best of 1e-7, 1e-6, 1e-5, 1e-4, 3e-4 and 1e-3, by the validation loss of a seed in no plan.
L2 = 1e-4
# The same for the smaller network; and for both on the twin (seed 100), with 3e-3 and 1e-2 too.
SMALLER_L2, TWIN_L2, TWIN_SMALLER_L2 = 3e-4, 3e-3, 3e-3
# On the twin at the length of `knob_arms`; the second for (47, 47) and for (8, 8).
KNOB_L2, KNOB_SMALLER_L2 = 1e-3, 1e-3
PATIENCE = 5


ARM_WORDS = {  # an arm's name: (its label, a description in one sentence)
    "article_dense": (
        "the article's dense net",
        "The article's network after its first 200 epochs, before anything is pruned.",
    ),
    "article": (
        "the article's schedule",
        "Pruned by the schedule as published, which asks for more steps than the run has.",
    ),
    "article_completed": (
        "its schedule completed",
        "Pruned by a schedule that reaches its 75 % within the run.",
    ),
    "article_control": (
        "its unpruned control",
        "Trained on for as long, compiled again as pruning does, but unpruned.",
    ),
    "dense": ("dense after one phase", "Trained for the first phase only: where all others start."),
    "control": (
        "control: trained on",
        "Trained on for as long with a fresh Adam, as the pruned arms are, but unpruned.",
    ),
    "continued": (
        "trained on with its Adam",
        "Trained on for as long, unpruned, and Adam keeps its averages.",
    ),
    **{
        f"completed_{percent}": (
            f"pruned to {percent} %",
            f"Pruned by a schedule that reaches {percent} % within the second phase.",
        )
        for percent in (50, 75, 90, 95, 98)
    },
    "one_shot": (
        "75 % at once + training",
        "Three quarters cut at once by magnitude, then trained on under that mask.",
    ),
    "cut_only": (
        "75 % cut at the end",
        "Three quarters cut at once by magnitude when training is over; no retraining.",
    ),
    "random_mask": (
        "random 75 % mask",
        "Three quarters cut at random, then trained on under that mask.",
    ),
    "l2": ("trained on with L2", "Trained on for as long, unpruned, with an L2 penalty."),
    "from_first_step": (
        "75 % from the first step",
        "Pruned to 75 % by a schedule that begins with training itself.",
    ),
    "early_stopping": (
        "stopped early",
        "Trained without pruning until the validation loss no longer falls; the best is kept.",
    ),
    "smaller": (
        "smaller dense network",
        "A smaller dense network with as many weights as 75 % zeros leave, trained as long.",
    ),
    **{
        f"blocks_4x1_{percent}": (
            f"{percent} % in 4 × 1 blocks",
            f"Pruned to {percent} % of its hidden layers, four inputs of a neuron at a time.",
        )
        for percent in (50, 75, 90, 95)
    },
    "base": (
        "the base schedule",
        "Pruned to 95 %, steps 400 to 1,200, power 3, every 10 steps, learning rate 0.001.",
    ),
    **{
        f"ramp_{steps}": (
            f"ramp of {steps} steps",
            f"The base schedule with the same end, its ramp {steps} steps long, not 800.",
        )
        for steps in (10, 100, 400)
    },
    **{
        f"power_{power}": (f"power {power}", f"The base schedule with power {power}, not 3.")
        for power in (1, 6)
    },
    "every_1": ("every step", "The base schedule with a mask update at every step."),
    "every_100": ("every 100 steps", "The base schedule with a mask update every 100 steps."),
    "early": ("400 steps earlier", "The base schedule moved to steps 0 to 800."),
    "late": ("400 steps later", "The base schedule moved to steps 800 to 1,600, the very end."),
    "rate_threefold": ("learning rate 0.003", "The base schedule with three times its rate."),
    "rate_third": ("learning rate 0.0003", "The base schedule with three tenths of its rate."),
    "rate_tenth": ("learning rate 0.0001", "The base schedule with a tenth of its rate."),
    "shake_random": (
        "75 % shaken at random",
        "Three quarters set to zero at random, once; no mask holds them; then trained on.",
    ),
    "shake_smallest": (
        "smallest 75 % shaken",
        "The smallest three quarters set to zero once; no mask holds them; then trained on.",
    ),
    "smaller_l2": (
        "smaller, with L2",
        "The smaller dense network with an L2 penalty of its own in the second phase.",
    ),
    "winner_size_l2": (
        "8 + 8 neurons, with L2",
        "A dense network with fewer weights than the winner leaves, with an L2 penalty of its own.",
    ),
    "control_rate_threefold": (
        "control at rate 0.003",
        "Trained on for as long, unpruned, at three times the learning rate.",
    ),
    "early_restarted": (
        "first step, Adam anew",
        "Pruned to 75 % from the first step on, and Adam starts anew where the others' does.",
    ),
    **{
        f"hidden_{percent}": (
            f"{percent} %, output layer whole",
            f"Pruned to {percent} % of its hidden layers by the schedule; the output is whole.",
        )
        for percent in (50, 75, 90, 95, 98)
    },
    **{
        f"completed_{percent}_l2": (
            f"pruned to {percent} % with L2",
            f"Pruned to {percent} % by the schedule, with the L2 penalty of the unpruned arm.",
        )
        for percent in (75, 90, 95)
    },
    "hidden_95_l2": (
        "95 %, output whole, L2",
        "Pruned to 95 % of its hidden layers, with the L2 penalty of the unpruned arm.",
    ),
    "shake_random_l2": (
        "shaken at random, with L2",
        "Three quarters set to zero at random, once, then trained on with the L2 penalty.",
    ),
    "control_longer": (
        "control, 120 more epochs",
        "Trained on for three times as long, unpruned.",
    ),
    **{
        f"completed_{percent}_longer": (
            f"{percent} %, 120 more epochs",
            f"Pruned to {percent} % by the same schedule, its second phase three times as long.",
        )
        for percent in (90, 95)
    },
    "two_of_four": (
        "2 of 4, trained",
        "Two of every four inputs of a neuron cut at once, then trained on under that mask.",
    ),
    **{
        f"neurons_{percent}": (
            f"{percent} % of neurons, in steps",
            f"{percent} % of the neurons of each hidden layer cut by the schedule, as masks are.",
        )
        for percent in (50, 75, 90)
    },
    **{
        f"neurons_{percent}_at_once": (
            f"{percent} % of neurons, at once",
            f"{percent} % of the neurons of each hidden layer cut at once, then trained on.",
        )
        for percent in (50, 75, 90)
    },
    "hidden_50_at_once": (
        "50 % at once, output whole",
        "Half of the hidden layers' weights cut at once by magnitude, then trained on.",
    ),
    "winner": (
        "the search's winner",
        "The best trial of the search that is stored with the course: about 96 %, a high rate.",
    ),
    "control_rate_winner": (
        "control at winner's rate",
        "Trained on for as long, unpruned, at the learning rate of the search's winner.",
    ),
    "base_l2": (
        "the base schedule with L2",
        "The base schedule, with the L2 penalty of the unpruned arm.",
    ),
    "ridge": (
        "ridge regression",
        "A linear model on the raw inputs, its penalty by leave-one-out.",
    ),
    "lasso": ("Lasso", "A linear model that chooses among the inputs, its penalty by five folds."),
}


def full_arms():
    """The article's runs at its own length, 200 + 200 epochs."""
    return (
        replace(article(), name="article_dense", more_epochs=0, schedule=None),
        article(),
        article_completed(),
        article_control(),
    )


def _short_control():
    return ExperimentConfig("control", dense_epochs=40, more_epochs=40)


def _ramp(target, begin=80):
    return PolynomialDecay(0.0, target, begin_step=begin, end_step=begin + 160, frequency=10)


def short_arms():
    """The comparison at 40 + 40 epochs, where the dense network has long converged."""
    control, ramp = _short_control(), _ramp
    from_start = {"dense_epochs": 0, "more_epochs": 80}
    return (
        replace(control, name="dense", more_epochs=0),
        control,
        replace(control, name="continued", fresh_optimizer=False),
        *(
            replace(control, name=f"completed_{percent}", schedule=ramp(percent / 100))
            for percent in (50, 75, 90, 95, 98)
        ),
        replace(control, name="one_shot", schedule=one_shot(0.75)),
        replace(control, name="cut_only", more_epochs=0, cut=0.75),
        replace(control, name="random_mask", schedule=one_shot(0.75), criterion="random"),
        replace(control, name="l2", l2=L2),
        replace(control, name="from_first_step", schedule=ramp(0.75, begin=0), **from_start),
        replace(control, name="early_stopping", patience=PATIENCE, **from_start),
        replace(control, name="smaller", hidden=SMALLER),
    )


def cause_arms(l2=L2, smaller_l2=SMALLER_L2):
    """Other possible causes of pruning's gain: each differs from an arm in one setting.

    l2, smaller_l2: the penalties tuned for the unpruned networks, the large and the smaller one.
    """
    control, pruned = _short_control(), ("completed_75", "completed_90", "completed_95")
    arms = {arm.name: arm for arm in short_arms()}
    shaken = replace(control, name="shake_random", shake=0.75, criterion="random")
    whole = {
        percent: replace(arms[f"completed_{percent}"], name=f"hidden_{percent}", prune_output=False)
        for percent in (75, 90, 95, 98)
    }
    return (
        control,
        *(arms[name] for name in pruned),
        shaken,
        replace(shaken, name="shake_smallest", criterion="magnitude"),
        *whole.values(),
        replace(arms["smaller"], name="smaller_l2", l2=smaller_l2),
        replace(control, name="l2", l2=l2),
        replace(control, name="control_rate_threefold", more_learning_rate=0.003),
        replace(arms["from_first_step"], name="early_restarted", restart=40),
        *(replace(arms[name], name=f"{name}_l2", l2=l2) for name in pruned),
        replace(whole[95], name="hidden_95_l2", l2=l2),
        replace(shaken, name="shake_random_l2", l2=l2),
    )


# The best trial of course/runs/search.journal, number 21, rounded: see the tests.
WINNER = PolynomialDecay(0.0, 0.9649, begin_step=100, end_step=600, power=4.424, frequency=100)
WINNER_RATE = 0.005474


def rival_arms():
    """The rivals of a tuned schedule, on the twin at the length of `knob_arms`."""
    knobs = {arm.name: arm for arm in knob_arms()}
    control, base = knobs["control"], knobs["base"]
    winner = replace(base, name="winner", schedule=WINNER, more_learning_rate=WINNER_RATE)
    return (
        *(control, base, knobs["rate_threefold"], winner),
        replace(control, name="control_rate_threefold", more_learning_rate=0.003),
        replace(control, name="control_rate_winner", more_learning_rate=WINNER_RATE),
        replace(control, name="l2", l2=KNOB_L2),
        replace(base, name="base_l2", l2=KNOB_L2),
        replace(control, name="smaller_l2", hidden=(47, 47), l2=KNOB_SMALLER_L2),
        replace(control, name="winner_size_l2", hidden=(8, 8), l2=KNOB_SMALLER_L2),
        replace(control, name="shake_random", shake=0.75, criterion="random"),
    )


def longer_arms():
    """Arms for the seeds that fail, with a second phase three times as long; and their control."""
    control = replace(_short_control(), name="control_longer", more_epochs=120)
    return (
        control,
        *(
            replace(control, name=f"completed_{percent}_longer", schedule=_ramp(percent / 100))
            for percent in (90, 95)
        ),
    )


def structure_arms():
    """2:4 sparsity and whole neurons, each beside single weights pruned in the same way.

    2:4 goes at once, as in tfmot; neurons at once and in steps. The output layer is whole in all.
    """
    control = _short_control()
    neurons = replace(control, schedule=_ramp(0.5), pattern="neurons")
    weights = replace(control, schedule=_ramp(0.5), prune_output=False)
    shares = {percent: percent / 100 for percent in (50, 75, 90)}
    return (
        control,
        replace(control, name="two_of_four", schedule=one_shot(0.5), pattern="2:4"),
        replace(weights, name="hidden_50_at_once", schedule=one_shot(0.5)),
        *(
            replace(weights, name=f"hidden_{percent}", schedule=_ramp(percent / 100))
            for percent in (50, 75, 90, 95)
        ),
        *(
            replace(neurons, name=f"neurons_{percent}", schedule=_ramp(share))
            for percent, share in shares.items()
        ),
        *(
            replace(neurons, name=f"neurons_{percent}_at_once", schedule=one_shot(share))
            for percent, share in shares.items()
        ),
    )


def block_arms():
    """The short plan's schedules, four consecutive inputs of a neuron at a time.

    LiteRT calls these blocks 1 × 4, because its kernels are transposed relative to Keras'.
    """
    return tuple(
        replace(arm, name=arm.name.replace("completed", "blocks_4x1"), block_size=(4, 1))
        for arm in short_arms()
        if arm.name.startswith("completed") and arm.name != "completed_98"
    )


def on_twin(arm):
    """An arm on the small twin: its data, widths and batches."""
    hidden = (47, 47) if arm.hidden == SMALLER else TWIN["hidden"]
    return replace(arm, **TWIN | {"hidden": hidden})


def knob_arms():
    """One schedule on the twin, and variants that differ in one parameter each; all end at 95 %."""
    control = ExperimentConfig("control", **TWIN)

    def turned(name, begin=400, end=1200, power=3, frequency=10, **more):
        ramp = PolynomialDecay(0.0, 0.95, begin, end, power=power, frequency=frequency)
        return replace(control, name=name, schedule=ramp, **more)

    return (
        control,
        turned("base"),
        *(turned(f"ramp_{steps}", begin=1200 - steps) for steps in (10, 100, 400)),
        *(turned(f"power_{power}", power=power) for power in (1, 6)),
        *(turned(f"every_{steps}", frequency=steps) for steps in (1, 100)),
        turned("early", begin=0, end=800),
        turned("late", begin=800, end=1600),
        turned("rate_threefold", more_learning_rate=0.003),
        turned("rate_third", more_learning_rate=0.0003),
        turned("rate_tenth", more_learning_rate=0.0001),
    )
