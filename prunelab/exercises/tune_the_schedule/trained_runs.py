"""Compare the best of three of the reader's runs with one of a search's five, on unseen twins.

The reader says which of the three is best, by its error on the bench. That run and the search's
are then both trained here, on networks, rows and seeds that were not used for choosing. Errors
measured elsewhere cannot be compared, since another processor gives other numbers after two hundred
epochs. The ratio of the two runs varies by a fifth between twins, so six twins are used, and
differences below a twentieth are not counted.
"""

import math

from prunelab.base.checks import number, shown
from prunelab.exercises.functions import percent_apart, single
from prunelab.exercises.tune_the_schedule.numpy_twin import STEPS, pruned_error
from prunelab.schedules.flight import preflight
from prunelab.schedules.schedule import PolynomialDecay

# Trial 2 of the chapter's search of five; a test draws it again. Which of the five is best depends
# on the machine's arithmetic, so the rival is fixed here by number and not looked up. Another test
# reads the best of the long search of forty.
RIVAL = PolynomialDecay(0.0, 0.95, 100, 1200, power=1.1670206475459342, frequency=100)
RIVAL_RATE = 0.005614648157027149
BEST_OF_FORTY = PolynomialDecay(
    0.0, 0.964898722630577, 100, 600, power=4.4244354911171255, frequency=100
)
SIZES = {"hidden_1": 16000, "hidden_2": 16384, "output": 128}
UNSEEN = (30, 31, 32, 33, 34, 35)  # seeds of twins on which the course trains nothing
ENOUGH = 0.95  # largest ratio to the rival's error that wins, by geometric mean over those twins
HOPELESS = 3  # ratio to the rival's error on the first twin above which the others are not trained
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
    answer = [{name: single(value) for name, value in run.items()} for run in answer]
    asked = [(run["schedule"], float(run["learning_rate"])) for run in answer]
    for at, one in enumerate(asked):
        if one in asked[:at]:
            return False, (
                f"Runs {asked.index(one) + 1} and {at + 1} are one and the same: "
                "it would end as it did before, so that one was wasted."
            )
    for schedule, _ in asked:
        if schedule == RIVAL:
            return False, "That is the search's own schedule; change one of its settings at least."
        if schedule == BEST_OF_FORTY:
            return False, "That one cost forty trials; you have three runs, and what the bets told."
    return _compared(*min(enumerate(asked), key=lambda pair: answer[pair[0]]["error"]))


def _compared(at, chosen):
    """The run of least error compared with the search's, both trained on the unseen twins."""
    ratios = []
    for seed in UNSEEN:
        ratios.append(pruned_error(*chosen, seed) / pruned_error(RIVAL, RIVAL_RATE, seed))
        if ratios[0] > HOPELESS:
            break
    times = math.exp(sum(map(math.log, ratios)) / len(ratios))
    if times <= ENOUGH:
        return True, (
            f"Run {at + 1} beats the search's on {len(ratios)} twins that neither of you has seen, "
            "and leaves no more weights."
        )
    twins = f"{len(ratios)} unseen twins" if len(ratios) > 1 else "an unseen twin"
    told = f"Run {at + 1} ends at {times:.3g} times the search's error on {twins}"
    if times < 1 / ENOUGH:
        return False, f"{told}: so little may be luck on either side. Look for a larger step."
    return False, f"{told}. {_advice(*chosen)}"


def _advice(schedule, rate):
    """A hint on the knob that matters most, if it is far from what the search found."""
    if rate < 0.4 * RIVAL_RATE:
        return (
            f"The search had a rate of {RIVAL_RATE:.2g}; at {rate:.2g} a network recovers slowly."
        )
    if rate > 2 * RIVAL_RATE:
        return f"A rate of {rate:.2g} takes steps too large to settle; lower it."
    if schedule.power < 2:
        return f"With power {schedule.power:g} its last cuts are as deep as its first, or deeper."
    if schedule.end_step - schedule.begin_step < 400:
        return "Its ramp is short: there is no time to recover between such cuts."
    if schedule.end_step > STEPS - 200:
        return "Its last cuts come near the end, with little time left to recover."
    return "Take the search's run as it is, and change one setting that the bets found to matter."


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
        number("learning_rate", single(run["learning_rate"]), above=0, at_most=1)
        number("error", single(run["error"]), above=0)
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
        leap = percent_apart(schedule.initial_sparsity, 0)
        return f"its ramp begins with a leap to {leap}; begin at 0."
    left, most = weights_left(schedule), weights_left(RIVAL)
    if left > most:
        return (
            f"{left:,} weights are left of it, and of the search's run {most:,}: fewer zeros are "
            "an easier task, not a better schedule."
        )
    return None
