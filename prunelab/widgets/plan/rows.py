"""The statistics of one arm of a plan, as a row of the PlanExplorer's table."""

from prunelab.plans.statistics import change, estimate


def row_of(arm, control, measure, log):
    """The row of an arm as plain values; see `PlanExplorer.table`.

    arm, control: as `data.gather` sends them. log: whether the measure is averaged in logs.
    """
    found = estimate(arm["values"][measure], log=log)
    row = {
        "arm": arm["name"],
        "label": arm["label"],
        "seeds": len(arm["seeds"]),
        "zeros": None if arm["linear"] else estimate(arm["zeros"]).mean,
        "weights": estimate(arm["nonzeros"]).mean,
        "mean": found.mean,
        "low": found.low,
        "high": found.high,
        "change": None,
        "change_low": None,
        "change_high": None,
        "agree": None,
        "side": None,
        "paired": 0,
    }
    return row if arm is control else row | _against(arm, control, measure, log)


def _against(arm, control, measure, log):
    theirs = dict(zip(control["seeds"], control["values"][measure], strict=True))
    its = zip(arm["seeds"], arm["values"][measure], strict=True)
    pairs = [(value, theirs[seed]) for seed, value in its if seed in theirs]
    if not pairs:
        return {}
    found = change(*zip(*pairs, strict=True), log=log)
    neutral, mean = float(log), found.estimate.mean
    return {
        "change": mean,
        "change_low": found.estimate.low,
        "change_high": found.estimate.high,
        "agree": found.agree,
        "side": "lower" if mean < neutral else "higher" if mean > neutral else "equal",
        "paired": len(pairs),
    }
