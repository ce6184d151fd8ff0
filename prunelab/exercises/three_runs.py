"""Three runs of the reader's against the best of a search's five, on twins that neither has seen.

The reader says which of the three is the best, by the error each had on the bench. That one and the
search's best are then trained here, on networks, rows and seeds that took no part in choosing.
"""

from prunelab.exercises.numpy_twin import STEPS, pruned_error
from prunelab.preflight import preflight
from prunelab.schedules import PolynomialDecay
from prunelab.validate import number, shown

# What the chapter's search of five trials ends with, and its long one of forty: a test draws the
# first again, reads the second, and looks in the chapter which trial was the best.
BEST = PolynomialDecay(0.0, 0.95, 100, 1200, power=1.1670206475459342, frequency=100)
BEST_RATE = 0.005614648157027149
BEST_OF_FORTY = PolynomialDecay(
    0.0, 0.964898722630577, 100, 600, power=4.4244354911171255, frequency=100
)
SIZES = {"hidden_1": 16000, "hidden_2": 16384, "output": 128}
# Seeds of twins on which the course trains nothing, and what the search's best comes to on them:
# measured once, since a check has ten seconds, and measured again by a test.
UNSEEN = {20: 0.0023, 21: 0.0036}
FIELDS = ("schedule", "learning_rate", "error")
MOST = 3
HARMLESS = {"few_updates"}


def weights_left(schedule):
    """How many weights of the twin's kernels are left after a run of 1,600 steps."""
    flight = preflight(schedule, total_steps=STEPS)
    return sum(size - round(flight.realised(size) * size) for size in SIZES.values())


def judge_three_runs(answer):
    """(right, sentence) for a list of at most three runs, each a dict with FIELDS."""
    if not isinstance(answer, list | tuple) or not answer:
        return False, "Give a list with your runs, each a dict with schedule, learning_rate, error."
    if len(answer) > MOST:
        return False, f"Three runs were the budget; these are {len(answer)}."
    for at, run in enumerate(answer, start=1):
        complaint = _about_fields(run) or _about_schedule(run["schedule"])
        if complaint:
            return False, f"Run {at}: {complaint}"
    asked = [(run["schedule"], float(run["learning_rate"])) for run in answer]
    for at, one in enumerate(asked):
        if one in asked[:at]:
            return False, (
                f"Runs {asked.index(one) + 1} and {at + 1} are one and the same: "
                "it would end as it did before, so that one was wasted."
            )
    for schedule, _ in asked:
        if schedule == BEST:
            return False, "That is the search's own best schedule; turn one of its knobs at least."
        if schedule == BEST_OF_FORTY:
            return False, "That one cost forty trials; you have three runs, and the five bets."
    return _compared(*min(enumerate(asked), key=lambda pair: answer[pair[0]]["error"]))


def _compared(at, chosen):
    """The run of the least error against the search's best, on the unseen twins."""
    schedule, rate = chosen
    ratios = [pruned_error(schedule, rate, seed) / best for seed, best in UNSEEN.items()]
    told = " and ".join(f"{ratio:.2g}" for ratio in ratios)
    if max(ratios) < 1:
        return True, (
            f"Run {at + 1} beats the search's best on two twins that neither of you has seen, "
            "and leaves no more weights."
        )
    if min(ratios) < 1:
        return False, (
            f"Run {at + 1} wins on one unseen twin and loses on the other ({told} times the "
            "search's error): that may be luck on either side. Look for a larger step."
        )
    return False, (
        f"Run {at + 1} ends at {told} times the search's error on two unseen twins. "
        + _advice(*chosen)
    )


def _advice(schedule, rate):
    """The knob of which this chapter knows most, where it is far from what the search found."""
    if rate < 0.4 * BEST_RATE:
        return f"The search's best had a rate of {BEST_RATE:.2g}; at {rate:.2g} cuts heal slowly."
    if rate > 2 * BEST_RATE:
        return f"A rate of {rate:.2g} leaps over what it should settle in; come down."
    if schedule.power < 2:
        return f"With power {schedule.power:g} its last cuts are as deep as its first, or deeper."
    if schedule.end_step - schedule.begin_step < 400:
        return "Its ramp is short: wounds of such cuts do not close in time."
    if schedule.end_step > STEPS - 200:
        return "Its last cuts come near the end, with little time left to recover."
    return "Take the search's best as it is, and turn the knob whose bet surprised you most."


def _about_fields(run):
    if not isinstance(run, dict):
        return f"give a dict with {', '.join(FIELDS)}, not a {type(run).__name__}."
    missing = [name for name in FIELDS if run.get(name, ...) is ... or run[name] is None]
    if missing:
        return f'nothing stands under "{missing[0]}" yet.'
    unknown = [name for name in run if name not in FIELDS]
    if unknown:
        return f"only {', '.join(FIELDS)} are compared; leave {unknown[0]} out."
    try:
        number("learning_rate", run["learning_rate"], above=0, at_most=1)
        number("error", run["error"], above=0)
    except (TypeError, ValueError) as error:
        return f"{error}."
    return None


def _about_schedule(schedule):
    if not isinstance(schedule, PolynomialDecay):
        return f"its schedule should be a PolynomialDecay, not {shown(schedule)}."
    findings = preflight(schedule, total_steps=STEPS).findings
    serious = [finding for finding in findings if finding.code not in HARMLESS]
    if serious:
        return str(serious[0])
    if schedule.initial_sparsity:
        return f"its ramp begins with a leap to {schedule.initial_sparsity:.0%}; begin at 0."
    left, most = weights_left(schedule), weights_left(BEST)
    if left > most:
        return (
            f"{left:,} weights are left of it, and of the search's best {most:,}: fewer zeros are "
            "an easier task, not a better schedule."
        )
    return None
