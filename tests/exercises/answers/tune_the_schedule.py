"""Right answers and known mistakes of the chapter on tuning."""

import math
from dataclasses import replace

import numpy as np
from scipy import stats

from prunelab.exercises import tune_the_schedule as tune
from prunelab.exercises.tune_the_schedule import trained_runs
from prunelab.schedules import ConstantSparsity, PolynomialDecay
from tests.exercises.answers.common import Column, ramp


def front_by_loops(points):
    kept = []
    for i, (error, weights) in enumerate(points):
        for other_error, other_weights in points:
            smaller = other_error < error or other_weights < weights
            if smaller and other_error <= error and other_weights <= weights:
                break
        else:
            kept.append(i)
    return kept


def front_by(beats, points_of=np.asarray):
    """An answer: the rows that no other beats; `beats` gets a row and all the others at once."""

    def front(points):
        points = points_of(points)
        return [i for i in range(len(points)) if not beats(np.delete(points, i, 0), points[i])]

    return front


def beaten(others, point):
    return ((others <= point).all(axis=1) & (others < point).any(axis=1)).any()


def in_this_order(rows):
    return lambda points: rows(points, front_by(beaten)(points))


def sorted_front(points):
    """Of networks in order of error, each with fewer non-zeros than all before; ties are lost."""
    kept, least = [], np.inf
    for i in np.argsort(points[:, 0], kind="stable"):
        if points[i, 1] < least:
            least = points[i, 1]
            kept.append(i)
    return kept


def illness(a="rate_too_low", b="ends_after_training", c="rate_too_high", d="no_recovery"):
    return {"A": a, "B": b, "C": c, "D": d}


def choosing(mean=np.mean, errors="validation_mse", states=("complete",), fits=True):
    def choose(trials, most):
        left = [t for t in trials if t["state"] in states and t[errors]]
        left = [t for t in left if not fits or t["nonzeros"] <= most]
        return min(left, key=lambda t: mean(t[errors]))["trial"]

    return choose


def choosing_as_given(trials, most):
    """The function of the exercise, before it is mended."""
    tried = [trial for trial in trials if trial["test_mse"]]
    return min(tried, key=lambda trial: min(trial["test_mse"]))["trial"]


def choosing_by_sorting(trials, most):
    order = sorted((sum(t["validation_mse"]) / 5, t["trial"]) for t in trials
                   if t["state"] == "complete" and not t["nonzeros"] > most)  # fmt: skip
    return order[0][1]


def choosing_below(trials, most):
    return choosing()([t for t in trials if t["nonzeros"] != most], most)


def choosing_place(trials, most):
    return [t["trial"] for t in trials].index(choosing()(trials, most))


def choosing_lightest(trials, most):
    whole = [t for t in trials if t["state"] == "complete"]
    return min(whole, key=lambda t: t["nonzeros"])["trial"]


def choosing_in_place(trials, most):
    del trials[0]
    return 1


def plan(begin=230, end=690, frequency=10, layers=("hidden_1", "hidden_2"), final=0.95, **others):
    schedule = PolynomialDecay(
        **{"initial_sparsity": 0.0} | others,
        final_sparsity=final, begin_step=begin, end_step=end, frequency=frequency,
    )  # fmt: skip
    return {"schedule": schedule, "layers": layers}


STEEP = ramp(0.95, 0, 1000, 25, power=4.4)


def my_run(schedule=STEEP, rate=0.0055, error=9e-4):
    return {"schedule": schedule, "learning_rate": rate, "error": error}


def without(name):
    return {key: value for key, value in my_run().items() if key != name}


SLOW = my_run(ramp(0.95, 400, 1200, frequency=10), 1e-4, 1e-3)
WINNERS = [
    my_run(),
    my_run(ramp(0.95, 0, 1000, 20, power=4), 0.0056),
    my_run(ramp(0.95, 0, 1200, 10, power=4), 0.01, 8e-4),
]


RIGHT = [
    (tune.q1, [
        front_by_loops, front_by(beaten), in_this_order(lambda ps, rows: np.array(rows)),
        in_this_order(lambda ps, rows: sorted(rows, key=lambda i: ps[i, 0])),
        in_this_order(lambda ps, rows: set(rows)), in_this_order(lambda ps, rows: Column(rows)),
        in_this_order(lambda ps, rows: Column(rows[::-1])),
        in_this_order(lambda ps, rows: dict.fromkeys(rows).keys()),
        in_this_order(lambda ps, rows: np.nonzero(np.isin(np.arange(len(ps)), rows))),
    ]),
    (tune.q2, [
        illness(), illness(" Rate_too_low", c="RATE_TOO_HIGH "), illness("rate too low"),
        dict(reversed(illness().items())),
    ]),
    (tune.q3, [
        choosing(), choosing_by_sorting, choosing(math.fsum),
        lambda ts, most: np.int64(choosing(sum)(ts, most)),
    ]),
    (tune.q4, [
        plan(), plan(frequency=23, power=1), plan(240, 690, 15, ["hidden_2", "hidden_1"]),
        plan(300, 645, 5, power=6),
        plan(layers={"hidden_1", "hidden_2"}), plan(layers=np.array(["hidden_2", "hidden_1"])),
        plan(layers=Column(["hidden_2", "hidden_1"])),
    ]),
    (tune.q5, [
        WINNERS[:1],
        (WINNERS[1], SLOW),
        [SLOW, WINNERS[2], my_run(error=2e-3)],
        [my_run(rate=np.array([0.0055]), error=[9e-4])],
    ]),
]  # fmt: skip


WRONG = [
    (tune.q1, front_by(lambda others, p: (others < p).all(1).any()), "equal in one column"),
    (tune.q1, front_by(lambda others, p: (others <= p).all(1).any()), "not right yet"),
    (tune.q1, lambda ps: [i for i, q in enumerate(ps) if not (ps <= q).all(1).any()],
     "each point beats itself"),
    (tune.q1, front_by(lambda others, p: (others < p).any()), "in the other it may be worse"),
    (tune.q1, front_by(beaten, np.negative), "the front of the worst"),
    (tune.q1, front_by(beaten, lambda ps: ps * [1, -1]), "wants many non-zeros"),
    (tune.q1, in_this_order(lambda ps, rows: sorted(set(range(len(ps))) - set(rows))),
     "the front is the others"),
    (tune.q1, sorted_front, "the one met first"),
    (tune.q1, in_this_order(lambda ps, rows: [
        i for i in rows if not any((ps[i] == ps[j]).all() for j in range(i))
    ]), "both stay"),
    (tune.q1, lambda ps: np.flatnonzero(ps[:, 0] == ps[:, 0].min()), "smallest error alone"),
    (tune.q1, lambda ps: np.flatnonzero(ps.sum(1) == ps.sum(1).min()), "has no meaning"),
    (tune.q1, in_this_order(lambda ps, rows: [i + 1 for i in rows]), "counted from 1"),
    (tune.q1, in_this_order(lambda ps, rows: ps[rows]), "numbers of their rows"),
    (tune.q1, in_this_order(lambda ps, rows: np.isin(np.arange(len(ps)), rows)), "a mask"),
    (tune.q1, in_this_order(lambda ps, rows: rows + rows[:1]), "more than once"),
    (tune.q1, in_this_order(lambda ps, rows: rows[1:]), "no point beats it"),
    (tune.q1, lambda ps: range(len(ps)), "another point beats it"),
    (tune.q1, in_this_order(lambda ps, rows: [f"row {i}" for i in rows]), "a list or an array"),
    (tune.q1, in_this_order(lambda ps, rows: [rows, [rows]]), "a list or an array"),
    (tune.q1, lambda ps: None, "a list or an array"),
    (tune.q1, lambda ps: ps.sort(axis=0), "changes the array"),
    (tune.q1, lambda ps: ps[99], "raises IndexError"),
    (tune.q1, [0, 1], "Give the function"),
    (tune.q2, illness(a="no_recovery"), "go just before the end"),
    (tune.q2, illness(a="rate_too_high"), "before a single weight is gone"),
    (tune.q2, illness(b="off_grid"), "does not stand still"),
    (tune.q2, illness(b="begins_too_early"), "rises from the first steps"),
    (tune.q2, illness(c="rate_too_low"), "where the cuts have left it"),
    (tune.q2, illness(c="begins_too_early"), "nothing is pruned yet"),
    (tune.q2, illness(d="ends_after_training"), "outlasts the run"),
    (tune.q2, illness(d="rate_too_low"), "the end is sudden"),
    (tune.q2, illness(d="overfitting"), "The illnesses to choose from"),
    (tune.q2, illness(a=["rate_too_low"] * 2), "The illnesses to choose from"),
    (tune.q2, illness(c=...), "No illness yet for run C"),
    (tune.q2, {}, "No illness yet for run A"),
    (tune.q2, illness() | {"E": "off_grid"}, "the letters A to D"),
    (tune.q2, list(illness().values()), "Give the dict"),
    (tune.q3, choosing_as_given, "luckiest single error on the test data"),
    (tune.q3, choosing(errors="test_mse"), "may only report"),
    (tune.q3, choosing(min), "is luck"),
    (tune.q3, choosing(lambda errors: errors[0]), "the first seed alone"),
    (tune.q3, choosing(np.median), "forgets a seed"),
    (tune.q3, choosing(max), "worst seed alone"),
    (tune.q3, choosing(lambda errors: errors[-1]), "the last seed alone"),
    (tune.q3, choosing(stats.gmean), "It averages logarithms"),
    (tune.q3, choosing(lambda errors: np.mean(np.log(errors))), "It averages logarithms"),
    (tune.q3, choosing(lambda errors: np.mean(np.square(errors))), "by which mean"),
    (tune.q3, choosing(states=("complete", "weak")), "was given up"),
    (tune.q3, choosing(states=("complete", "weak", "refused"), fits=False), "was given up"),
    (tune.q3, choosing(fits=False), "more non-zeros"),
    (tune.q3, choosing_below, "`<=`"),
    (tune.q3, choosing_lightest, "not a goal"),
    (tune.q3, choosing(lambda errors: -np.mean(errors)), "largest error"),
    (tune.q3, choosing_place, "place in the list"),
    (tune.q3, lambda ts, most: min(ts, key=lambda t: min(t["test_mse"]))["trial"],
     "raises ValueError"),
    (tune.q3, lambda ts, most: ts[0], "one number should come back"),
    (tune.q3, lambda ts, most: ts[0]["trial"], "which trials may be chosen"),
    (tune.q3, choosing_in_place, "changes the list"),
    (tune.q3, 7, "Give the function"),
    (tune.q4, plan(400, 1200), "The schedule ends at step 1200"),
    (tune.q4, plan(layers=("hidden_1", "hidden_2", "output")), "A tensor of 10 weights"),
    (tune.q4, plan(10, 30, 1), "an epoch has 23"),
    (tune.q4, plan(220, 660), "an epoch ends with a short batch"),
    (tune.q4, plan(0, 460), "ten epochs are not over"),
    (tune.q4, plan(230, 920), "are to recover"),
    (tune.q4, plan(300, 700), "are to recover"),
    (tune.q4, plan(230, 570), "fewer than fifteen epochs"),
    (tune.q4, plan(frequency=46), "updated 11 times"),
    (tune.q4, plan(frequency=100), "does not divide"),
    (tune.q4, plan(frequency=230), "only 3 times"),
    (tune.q4, plan(final=0.9), "not at 95 %"),
    (tune.q4, plan(final=0.96), "not at 95 %"),
    (tune.q4, plan(final=0.9501), "at 95.01% zeros, not at 95 %"),
    (tune.q4, plan(final=0.9501, layers=("hidden_2", "hidden_1")), "95.01% zeros, not at 95 %"),
    (tune.q4, plan(initial_sparsity=0.001), "a leap to 0.10 %"),
    (tune.q4, plan(initial_sparsity=0.5), "begins with a leap"),
    (tune.q4, plan(power=0), "power=0"),
    (tune.q4, plan(layers=("hidden_1",)), "hidden_2 is left whole"),
    (tune.q4, plan(layers=["output"]), "hidden_1 is left whole"),
    (tune.q4, plan(layers=()), "The layers to choose from"),
    (tune.q4, plan(layers=("hidden_1", "hidden_3")), "The layers to choose from"),
    (tune.q4, plan(layers="hidden_1"), "a list or a tuple"),
    (tune.q4, {"schedule": ..., "layers": plan()["layers"]}, 'Nothing stands under "schedule"'),
    (tune.q4, {"schedule": plan()["schedule"]}, 'Nothing stands under "layers"'),
    (tune.q4, plan() | {"epochs": 80}, "Give a dict with the keys"),
    (tune.q4, plan()["schedule"], "Give a dict with the keys"),
    (tune.q4, plan() | {"schedule": (230, 690)}, "not a tuple"),
    (tune.q5, [SLOW], "recovers slowly"),
    (tune.q5, [my_run(rate=0.1)], "lower it"),
    (tune.q5, [my_run(ramp(0.95, 1100, 1110, 10))], "no time to recover"),
    (tune.q5, [my_run(ramp(0.95, 400, 1600, power=0.5))], "as deep as its first"),
    (tune.q5, [my_run(error=2e-3), my_run(rate=1e-4, error=1e-3)], "Run 2 ends at"),
    (tune.q5, [my_run(ramp(0.95, 400, 1200, 10), 3e-4)], "recovers slowly"),
    (tune.q5, [my_run(ramp(0.9, 100, 600, power=4))], "an easier task"),
    (tune.q5, [my_run(ramp(0.949, 100, 600, power=4))], "an easier task"),
    (tune.q5, [my_run(ramp(0.95, 100, 1700))], "Run 1: The schedule ends at step 1700"),
    (tune.q5, [my_run(), my_run(ramp(0.95, 100, 650))], "Run 2: frequency=100"),
    (tune.q5, [my_run(replace(STEEP, initial_sparsity=0.5))], "begins with a leap"),
    (tune.q5, [my_run(ConstantSparsity(0.95, 100))], "should be a PolynomialDecay"),
    (tune.q5, [my_run("fast")], "should be a PolynomialDecay"),
    (tune.q5, [my_run(trained_runs.RIVAL, rate=0.01)], "the search's own schedule"),
    (tune.q5, [my_run(), my_run(trained_runs.BEST_OF_FORTY)], "forty trials"),
    (tune.q5, [my_run(), SLOW, my_run()], "Runs 1 and 3 are one and the same"),
    (tune.q5, [my_run(rate=0.001 * at) for at in range(1, 5)], "these are 4"),
    (tune.q5, [my_run(error=...)], 'nothing stands under "error"'),
    (tune.q5, [my_run(), without("learning_rate")], 'Run 2: nothing stands under "learning_rate"'),
    (tune.q5, [my_run(rate=-1)], "learning_rate=-1"),
    (tune.q5, [my_run(rate="0.005")], "learning_rate='0.005'"),
    (tune.q5, [my_run(error=0)], "error=0"),
    (tune.q5, [my_run(error=math.nan)], "error=nan"),
    (tune.q5, [my_run() | {"epochs": 400}], "leave epochs out"),
    (tune.q5, [STEEP], "give a dict"),
    (tune.q5, my_run(), "Give a list"),
    (tune.q5, [], "Give a list"),
    (tune.q5, 9e-4, "Give a list"),
]  # fmt: skip
