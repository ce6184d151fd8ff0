"""The exercises of the chapter on tuning: a front, sick runs, a choice, a plan, three runs."""

from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import apart, in_any_order, judge_numbers, one_name, percent_apart
from prunelab.exercises.tune_the_schedule.choices import (
    CHOICE_MISTAKES,
    choice_cases,
    chosen,
    made_trials,
)
from prunelab.exercises.tune_the_schedule.diagnoses import ILLNESS, LOOKS, SIGNS, sick_runs
from prunelab.exercises.tune_the_schedule.front import judge_front
from prunelab.exercises.tune_the_schedule.numpy_twin import first_rows
from prunelab.exercises.tune_the_schedule.trained_runs import judge_three_runs
from prunelab.schedules.flight import preflight
from prunelab.schedules.schedule import PolynomialDecay

__all__ = ["made_trials", "q1", "q2", "q3", "q4", "q5", "sick_runs"]

RUN = {"n_samples": 1437, "batch_size": 64, "epochs": 40}
SIZES = {"hidden_1": 7680, "hidden_2": 1200, "output": 10}
STEPS = 23  # steps an epoch: 1437 / 64, rounded up
FIRST, LAST, SHORTEST = 10 * STEPS, 30 * STEPS, 15 * STEPS


def _judge_illness(answer):
    if not isinstance(answer, dict) or not set(answer) <= set(ILLNESS):
        return False, "Give the dict with the letters A to D as its keys, an illness for each."
    for letter, right in ILLNESS.items():
        said = answer.get(letter, ...)
        if said is ... or said is None:
            return False, f"No illness yet for run {letter}."
        name = one_name(said)
        if name not in SIGNS:
            return False, f"The illnesses to choose from are {', '.join(SIGNS)}."
        if name != right:
            return False, f"Look at {letter} again: {SIGNS[name]}; {LOOKS[letter]}."
    return True, "Two curves show it for all four: what the masks hold, and when the loss changed."


def _judge_choice(answer):
    return judge_numbers(
        answer,
        choice_cases(),
        chosen,
        CHOICE_MISTAKES,
        right="All seeds, whole trials, within the budget; the test data was left alone.",
        look="which trials may be chosen at all, and by which mean is the best of them found?",
    )


def _judge_plan(answer):
    if not isinstance(answer, dict) or not set(answer) <= {"schedule", "layers"}:
        return False, 'Give a dict with the keys "schedule" and "layers".'
    for name in ("schedule", "layers"):
        if answer.get(name, ...) is ... or answer[name] is None:
            return False, f'Nothing stands under "{name}" yet.'
    schedule = answer["schedule"]
    if not isinstance(schedule, PolynomialDecay):
        return False, f"The schedule should be a PolynomialDecay, not a {type(schedule).__name__}."
    for complaint in (_about_layers, _about_findings, _about_times):
        sentence = complaint(answer)
        if sentence:
            return False, sentence
    kept = sum(SIZES.values()) - round(0.95 * (SIZES["hidden_1"] + SIZES["hidden_2"]))
    return True, f"Ten epochs to settle, a ramp, ten to recover, and {kept} weights are left."


def _about_layers(answer):
    layers = in_any_order(answer["layers"])
    if isinstance(layers, str) or not isinstance(layers, list | tuple):
        return "The layers should be a list or a tuple of names."
    if not layers or any(not isinstance(name, str) or name not in SIZES for name in layers):
        return f"The layers to choose from are {', '.join(SIZES)}."
    missing = [name for name in SIZES if name not in layers and name != "output"]
    if missing:
        return f"{missing[0]} is left whole, though it can hold 95 % zeros exactly."
    return None


def _about_findings(answer):
    sizes = [SIZES[name] for name in dict.fromkeys(in_any_order(answer["layers"]))]
    checked = preflight(answer["schedule"], **RUN, sizes=sizes)
    if checked.findings:
        return str(checked.findings[0])
    for size in sizes:
        ends, wanted = checked.realised(size), 1 - round(0.05 * size) / size
        if ends != wanted:
            return f"The kernels end at {apart(ends, wanted, '{:.2%}')} zeros, not at 95 %."
    return None


def _about_times(answer):
    schedule = answer["schedule"]
    begin, end = schedule.begin_step, schedule.end_step
    if schedule.initial_sparsity:
        leap = percent_apart(schedule.initial_sparsity, 0)
        return f"The ramp begins with a leap to {leap}; begin at 0."
    if begin <= 10 and end <= 40:
        return f"Those look like epochs; the schedule counts steps, and an epoch has {STEPS}."
    if begin < FIRST:
        return f"At step {begin} ten epochs are not over yet: an epoch ends with a short batch."
    if end > LAST:
        return f"It ends at step {end}; the last ten epochs, from step {LAST} on, are to recover."
    if end - begin < SHORTEST:
        return f"The ramp takes {end - begin} steps, fewer than fifteen epochs have."
    updates = len(schedule.update_range(STEPS * RUN["epochs"]))
    if updates < 20:
        return f"The masks are updated {updates} times; at least 20 were asked for."
    return None


q1 = Exercise(
    "q1",
    judge_front,
    [
        "The definition, word for word, is the program.",
        "Point p beats point q where (p <= q).all() and (p < q).any().",
        "Keep row i where no row of points beats it: two loops, or one and a comprehension.",
    ],
    """
    def pareto_front(points):
        def beaten(q):
            return any((p <= q).all() and (p < q).any() for p in points)

        return [i for i, q in enumerate(points) if not beaten(q)]
    """,
    reason="A row is on the front where no other is at least as good in both and better in one.",
)
q2 = Exercise(
    "q2",
    _judge_illness,
    [
        "Decide by the curves; then look at what the runs were asked to do.",
        "First the sparsity: which run does not hold 95 % at the end, which only at the very end?",
        "Then the loss of the other two: which leaps before step 400, which never comes down?",
    ],
    """
    illness = {
        "A": "rate_too_low",
        "B": "ends_after_training",
        "C": "rate_too_high",
        "D": "no_recovery",
    }
    """,
    reason="Each shows in one place: the zeros at the end, the loss early on, the steps left.",
)
q3 = Exercise(
    "q3",
    _judge_choice,
    [
        "Three lines, each of them about what must not be compared.",
        'Leave only what has state "complete" and nonzeros within `most`, before any comparison.',
        'Then min(…, key=lambda trial: np.mean(trial["validation_mse"])), and its "trial".',
    ],
    """
    def choose(trials, most):
        whole = [trial for trial in trials if trial["state"] == "complete"]
        fit = [trial for trial in whole if trial["nonzeros"] <= most]
        return min(fit, key=lambda trial: np.mean(trial["validation_mse"]))["trial"]
    """,
    reason="What was stopped early or keeps too much is left out before errors are compared.",
    given="""
    def choose(trials, most):
        tried = [trial for trial in trials if trial["test_mse"]]
        return min(tried, key=lambda trial: min(trial["test_mse"]))["trial"]
    """,
)
q4 = Exercise(
    "q4",
    _judge_plan,
    [
        "Think in epochs, write in steps.",
        "How many steps has an epoch, its short last batch included? And which kernel is tiny?",
        "Begin at 10 · 23 = 230, end at 30 · 23 = 690; what divides 460 into 20 treads or more?",
    ],
    """
    steps = math.ceil(1437 / 64)
    ramp = PolynomialDecay(
        0.0, 0.95, begin_step=10 * steps, end_step=30 * steps, frequency=steps
    )
    plan = {"schedule": ramp, "layers": ("hidden_1", "hidden_2")}
    """,
    reason="An update after each epoch of the ramp divides it without a remainder.",
)
q5 = Exercise(
    "q5",
    judge_three_runs,
    [
        "One run will do.",
        "Which two of your five bets moved the error most? Start from the search's run, and turn "
        "one of those knobs.",
        "Keep its learning rate, let the ramp begin at once with power 3 or more, cut every ten to "
        "fifty steps, and leave some hundred steps at the end.",
    ],
    """
    ramp = PolynomialDecay(0.0, 0.95, begin_step=0, end_step=1000, power=4.4, frequency=25)
    my_runs = [{"schedule": ramp, "learning_rate": 0.0055, "error": 0.0015}]
    """,
    reason="A steep start gains, as in the second bet; an early one is free, as in the fourth.",
    prepare=first_rows,
    patience=12,
)
