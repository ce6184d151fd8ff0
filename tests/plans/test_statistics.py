"""What the seeds say, against SciPy: quantiles, intervals, paired comparisons."""

import itertools
import json
import math
import random
import re
import statistics
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest
from scipy import stats

from prunelab.plans import ARM_WORDS, PLANS
from prunelab.plans import statistics as plan
from prunelab.plans.measures import MEASURES, measure_named, value_of
from tests.helpers.made_plans import EPOCHS, made_results


@pytest.fixture(scope="module")
def results():
    return made_results()


# ---- plain numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize("dof", [*range(1, 31), 50, 99, 100, 1000, 9999])
def test_quantiles_are_scipys(dof):
    for share in (1e-6, 0.005, 0.025, 0.31, 0.5, 0.75, 0.9, 0.975, 0.995, 1 - 1e-6):
        wanted = stats.t.ppf(share, dof)
        assert plan.t_quantile(share, dof) == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("share", [0, 1, -0.5, 2, math.nan])
def test_a_quantile_of_no_share_is_refused(share):
    with pytest.raises(ValueError, match="share"):
        plan.t_quantile(share, 3)


@pytest.mark.parametrize("log", [False, True])
def test_intervals_are_scipys(log):
    rng = random.Random(1)
    for _ in range(200):
        values = [math.exp(rng.gauss(0, 2)) for _ in range(rng.randrange(2, 12))]
        found = plan.estimate(values, log=log)
        seen = np.log(values) if log else np.array(values)
        error = stats.sem(seen)
        wanted = np.array([seen.mean(), *stats.t.interval(0.95, len(seen) - 1, seen.mean(), error)])
        wanted = np.exp(wanted) if log else wanted
        np.testing.assert_allclose([found.mean, found.low, found.high], wanted, rtol=1e-9)
        assert found.standard_error == pytest.approx(error, rel=1e-12)
        assert found.seeds == len(values)


@pytest.mark.parametrize("log", [False, True])
def test_p_values_are_scipys(log):
    rng = random.Random(2)
    for _ in range(200):
        values = [math.exp(rng.gauss(0.3, 1)) for _ in range(rng.randrange(2, 12))]
        wanted = stats.ttest_1samp(np.log(values) if log else values, 0.0).pvalue
        assert plan.p_value(values, log=log) == pytest.approx(wanted, rel=1e-6, abs=1e-12)
    assert plan.p_value([2.0, 2.0], log=log) == 0
    neutral = 1.0 if log else 0.0
    assert plan.p_value([neutral, neutral], log=log) == 1
    with pytest.raises(ValueError, match="two seeds at least"):
        plan.p_value([0.5], log=log)


def test_holm_is_the_closed_test_of_bonferronis():
    """Each p-value by all subsets that hold it: the largest of size × least p-value in it."""
    rng = random.Random(3)
    for size in range(1, 7):
        for _ in range(20):
            p = {f"arm_{i}": rng.choice([rng.random(), rng.random() ** 6, 0.03]) for i in
                 range(size)}  # fmt: skip
            subsets = [s for n in range(1, size + 1) for s in itertools.combinations(p, n)]
            wanted = {
                name: min(1.0, max(len(s) * min(p[k] for k in s) for s in subsets if name in s))
                for name in p
            }
            assert plan.holm(p) == pytest.approx(wanted)
            assert list(plan.holm(p)) == list(p)
    for wrong in ({}, [0.1], None):
        with pytest.raises(TypeError, match="write a dict"):
            plan.holm(wrong)
    with pytest.raises(ValueError, match=r"p_values\['a'\]=1.5"):
        plan.holm({"a": 1.5})


def test_two_clusters_are_told_from_one():
    one = [0.30, 0.33, 0.36, 0.40]
    assert plan.clusters(one, log=True) == (tuple(one),)
    assert plan.clusters([5.6, *one, 7.6], log=True) == (tuple(one), (5.6, 7.6))
    assert plan.clusters([1.0, 1.1, 1.9], log=True) == ((1.0, 1.1, 1.9),)  # below a factor of two
    assert plan.clusters([1.0, 1.1, 1.9]) == ((1.0, 1.1), (1.9,))
    assert plan.clusters([1.0, 9.0], log=True) == ((1.0, 9.0),)  # of two nothing can be said
    with pytest.raises(ValueError, match="has no logarithm"):
        plan.clusters([0.0, 1.0, 2.0], log=True)
    # Samples of one bell are seldom called two.
    rng = random.Random(4)
    found = [plan.clusters([rng.gauss(0, 1) for _ in range(8)]) for _ in range(1000)]
    assert sum(len(parts) == 2 for parts in found) < 100


def test_the_share_of_a_gap_depends_on_the_scale():
    plainly, in_logs = plan.gap_closed(0.0073, 0.0041, 0.0014)
    assert plainly == pytest.approx(32 / 59)
    assert in_logs == pytest.approx(math.log(73 / 41) / math.log(73 / 14))
    assert plan.gap_closed(2.0, 2.0, 1.0) == (0.0, 0.0)
    with pytest.raises(ValueError, match="no way between"):
        plan.gap_closed(1.0, 0.5, 1.0)
    with pytest.raises(ValueError, match="between=0"):
        plan.gap_closed(1.0, 0, 0.5)


def test_a_geometric_mean_is_the_librarys():
    values = [0.001, 0.002, 0.0005]
    assert plan.estimate(values, log=True).mean == pytest.approx(stats.gmean(values), rel=1e-12)


def test_a_paired_interval_is_that_of_the_paired_t_test():
    rng = random.Random(2)
    for _ in range(100):
        count = rng.randrange(2, 10)
        a, b = ([math.exp(rng.gauss(0, 1)) for _ in range(count)] for _ in "ab")
        low, high = stats.ttest_rel(a, b).confidence_interval(0.95)
        found = plan.change(a, b)
        np.testing.assert_allclose(
            [found.estimate.low, found.estimate.high], [low, high], rtol=1e-8
        )
        low, high = stats.ttest_rel(np.log(a), np.log(b)).confidence_interval(0.95)
        found = plan.change(a, b, log=True)
        ends = [found.estimate.low, found.estimate.high]
        np.testing.assert_allclose(ends, np.exp([low, high]), rtol=1e-8)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    found = [plan.estimate(draw) for draw in rng.normal(3, 2, (4000, 5))]
    assert np.mean([each.low <= 3 <= each.high for each in found]) == pytest.approx(0.95, abs=0.011)


def test_agreement_is_counted_on_the_side_of_the_mean():
    found = plan.change([1, 2, 9], [2, 3, 1])  # two lower, the mean higher
    assert (found.lower, found.higher, found.agree) == (2, 1, 1)
    found = plan.change([1, 2, 3], [2, 4, 3], log=True)
    assert (found.lower, found.higher, found.agree) == (2, 0, 2)
    same = plan.change([1.0, 2.0], [1.0, 2.0], log=True)
    assert (same.estimate.mean, same.agree, same.lower, same.higher) == (1.0, 2, 0, 0)


def test_one_seed_has_no_interval():
    found = plan.estimate([0.3], log=True)
    assert (found.mean, found.low, found.high, found.standard_error) == (0.3, None, None, None)


@pytest.mark.parametrize(
    ("values", "log", "words"),
    [([], False, "no seed"), ([0.0, 1.0], True, "no logarithm"), ([math.nan], False, "finite")],
)
def test_what_has_no_mean_is_refused(values, log, words):
    with pytest.raises(ValueError, match=words):
        plan.estimate(values, log=log)


def test_seeds_that_differ_in_number_are_not_paired():
    with pytest.raises(ValueError, match="shorter"):
        plan.change([1.0, 2.0], [1.0])


def test_a_band_is_median_and_range_of_those_that_are_there():
    found = plan.band([(3.0, 1.0, 2.0), (1.0, 5.0), (2.0,)], boundary=1)
    assert found.epochs == (1, 2, 3)
    assert found.seeds == (3, 2, 1)
    assert found.middle == (2.0, 3.0, 2.0)
    assert (found.low, found.high) == ((1.0, 1.0, 2.0), (3.0, 5.0, 2.0))


# ---- of a plan --------------------------------------------------------------------------------


@pytest.mark.parametrize("measure", [*MEASURES, "sparsity_hidden_1", "sparsity_output"])
def test_every_measure_is_the_results_own(results, measure):
    for arm in ("control", "completed_75", "early_stopping", "smaller"):
        found = plan.values(results, arm, measure)
        assert list(found) == [0, 1, 2]
        for run in results.of(arm):
            assert found[run.seed] == _by_hand(run, measure)
        assert plan.summary(results, arm, measure).seeds == 3


def _by_hand(run, measure):
    if measure.endswith(("_mse", "_r2")):
        name, _, which = measure.rpartition("_")
        return getattr({"train": run.train, "validation": run.val, "test": run.test}[name], which)
    if measure.startswith("sparsity_"):
        layer = measure.removeprefix("sparsity_")
        return run.zeros[layer] / run.config.kernel_sizes[layer]
    weights = sum(run.config.kernel_sizes.values())
    return {
        "sparsity": sum(run.zeros.values()) / weights,
        "nonzeros": weights - sum(run.zeros.values()),
        "seconds": run.dense.seconds + run.second.seconds,
        "surviving_inputs": run.inputs.surviving,
        "input_precision": run.inputs.precision,
        "input_recall": run.inputs.recall,
        "input_auc": run.inputs.auc,
        "input_precision_at_k": run.inputs.precision_at_k,
    }[measure]


def test_linear_models_are_measured_too(results):
    fit = results.of("ridge")[0]
    assert plan.values(results, "ridge")[0] == fit.val.mse
    assert plan.values(results, "ridge", "nonzeros")[0] == fit.inputs.surviving
    assert plan.values(results, "ridge", "sparsity")[0] == 1 - fit.inputs.surviving / 125
    assert plan.values(results, "ridge", "seconds")[0] == fit.seconds
    with pytest.raises(ValueError, match="linear model"):
        plan.values(results, "ridge", "sparsity_hidden_1")
    with pytest.raises(ValueError, match="no loss curve"):
        plan.loss_band(results, "ridge")


def test_the_paired_comparison_pairs_by_seed(results):
    found = plan.paired(results, "completed_75", "control")
    pairs = zip(results.of("completed_75"), results.of("control"), strict=True)
    assert found.changes == tuple(a.val.mse / b.val.mse for a, b in pairs)
    assert found.estimate.log
    differences = plan.paired(results, "completed_75", "control", "validation_r2")
    assert not differences.estimate.log
    shuffled = replace(results, runs=results.runs[::-1])
    again = plan.paired(shuffled, "completed_75", "control")
    assert sorted(again.changes) == sorted(found.changes)


def test_only_seeds_in_common_are_paired(results):
    runs = [r for r in results.runs if (r.config.name, r.seed) != ("completed_75", 1)]
    found = plan.paired(replace(results, runs=tuple(runs)), "completed_75", "control")
    assert len(found.changes) == 2
    runs = [r for r in runs if r.config.name != "control" or r.seed == 1]
    with pytest.raises(ValueError, match="no seed in common with 'control'"):
        plan.paired(replace(results, runs=tuple(runs)), "completed_75", "control")


def test_loss_bands_run_over_both_phases(results):
    found = plan.loss_band(results, "control")
    assert (len(found.epochs), found.boundary) == (2 * EPOCHS, EPOCHS)
    for which, first in (("val_loss", "val_loss"), ("loss", "loss")):
        found = plan.loss_band(results, "control", which)
        at_end = [getattr(run.second, first)[-1] for run in results.of("control")]
        assert found.middle[-1] == statistics.median(at_end)
    stopped = plan.loss_band(results, "early_stopping")
    assert stopped.boundary == 0
    assert stopped.seeds[0] == 3 > stopped.seeds[-1] or len(set(stopped.seeds)) == 1
    with pytest.raises(ValueError, match="'val_loss' or 'loss'"):
        plan.loss_band(results, "control", "mse")


def test_values_are_frozen_and_travel_as_json(results):
    for value in (
        plan.summary(results, "control"),
        plan.paired(results, "dense", "control"),
        plan.loss_band(results, "control"),
    ):
        assert json.loads(json.dumps(value.to_dict(), allow_nan=False))
        with pytest.raises(FrozenInstanceError):
            value.arm = "another"


# ---- names ------------------------------------------------------------------------------------


def test_unknown_arms_and_measures_are_refused_in_one_sentence(results):
    cases = [
        (lambda: plan.summary(results, "pruned"), ValueError, "arm='pruned': the arms of 'made'"),
        (lambda: plan.summary(results, None), ValueError, "arm=None"),
        (lambda: plan.summary(results, "dense", "loss"), ValueError, "the measures are train_mse"),
        (lambda: plan.summary(results, "dense", "sparsity_"), ValueError, "measure='sparsity_'"),
        (lambda: plan.summary(results, "dense", "sparsity_x"), ValueError, "has the layers"),
        (lambda: plan.summary({}, "dense"), TypeError, "write the PlanResults of"),
        (
            lambda: plan.summary(replace(results, runs=(), linear=()), "dense"),
            ValueError,
            "there are no runs",
        ),
    ]
    for call, error, words in cases:
        with pytest.raises(error, match=re.escape(words)) as caught:
            call()
        assert "\n" not in str(caught.value)


def test_comparisons_made_together_are_corrected_together(results):
    arms = [arm.name for arm in results.plan.arms if arm.name != "control"]
    found = plan.compared(results, arms, "control")
    control = plan.values(results, "control")
    for row in found:
        theirs = plan.values(results, row.arm)
        logs = [math.log(theirs[seed] / control[seed]) for seed in theirs]
        assert row.p == pytest.approx(stats.ttest_1samp(logs, 0.0).pvalue, rel=1e-6)
        assert row.change == plan.paired(results, row.arm, "control")
        assert row.change.median == statistics.median(theirs[s] / control[s] for s in theirs)
        assert row.p <= row.adjusted <= 1
        side = "lower" if sum(logs) < 0 else "higher"
        assert row.verdict == (side if row.adjusted <= 0.05 else "open")
    assert {row.arm: row.adjusted for row in found} == plan.holm({r.arm: r.p for r in found})
    (alone,) = plan.compared(results, arms[:1], "control")
    assert alone.adjusted == alone.p
    for wrong in ([], "control", None):
        with pytest.raises(TypeError, match="write a list of names"):
            plan.compared(results, wrong, "control")


def test_every_arm_of_every_plan_has_its_words():
    for each in PLANS.values():
        for arm in (*(arm.name for arm in each.arms), "ridge", "lasso"):
            label, sentence = ARM_WORDS[arm]
            assert 0 < len(label) <= 26
            assert sentence.endswith(".")
    labels = [label for label, _ in ARM_WORDS.values()]
    assert len(set(labels)) == len(labels)
    assert plan.label_of("an_arm_of_my_own") == "an arm of my own"


def test_a_measure_may_be_handed_over_as_it_is(results):
    measure = measure_named("input_auc")
    assert value_of(results.runs[0], measure) == results.runs[0].inputs.auc
    assert plan.summary(results, "dense", measure) == plan.summary(results, "dense", "input_auc")
