"""Collect, once, all values of a plan's results that the PlanExplorer's page needs."""

from prunelab.base.checks import shown
from prunelab.plans.baselines import MODELS
from prunelab.plans.measures import first_measure, measures_of, value_of
from prunelab.plans.statistics import (
    LOSSES,
    arm_results,
    arms_of,
    change,
    estimate,
    loss_band,
    words_of,
)
from prunelab.plans.styles import arm_styles, family_of
from prunelab.widgets.plan.words import SENTENCES, shared_cells, texts_of

NOT_OFFERED = ("sparsity", "nonzeros", "surviving_inputs")  # the x axis and the table
DIGITS = 6  # of a loss in a picture; scores are sent with all digits
_VERSIONS = ("tensorflow", "tensorflow-model-optimization", "tf-keras", "numpy")


def gather(results, control, show_test):
    """The dict that is sent to the page once; it has test scores only if they were asked for."""
    names = [name for name in arms_of(results) if results.of(name)]
    if not set(names) - set(MODELS):
        raise ValueError(f"results: the plan {results.plan.name!r} has no runs; run it first")
    control = _control(names, control, results.plan.name)
    weights = _mean(arm_results(results, control), "nonzeros")
    measures = {
        name: {"label": measure.label, "log": measure.log, "higher": bool(measure.higher)}
        for name, measure in measures_of(results).items()
        if name not in NOT_OFFERED and (show_test or not measure.of_test)
    }
    provenances = {}
    styles = arm_styles([name for name in names if name not in MODELS], control)
    arms = [
        _arm(results, name, measures, provenances)
        | {"style": styles.get(name, {"colour": "ink", "shape": "", "dash": "2 3"})}
        for name in names
    ]
    _check_logs(arms, measures)
    _add_rows(arms, control, weights, measures)
    return {
        "plan": results.plan.name,
        "about": results.plan.about,
        "control": control,
        "sentences": SENTENCES,
        "weights": weights,
        "measures": measures,
        "first_measure": first_measure(results),
        "loss": _loss_of(results),
        "arms": arms,
        "provenances": list(provenances),
    }


def _control(names, control, plan):
    """The control's name: the one given, else "control", else the one ending in "_control"."""
    networks = [name for name in names if name not in MODELS]
    if control is None:
        control = next((name for name in networks if f"_{name}".endswith("_control")), None)
        if control is None:
            raise ValueError(
                f"control=None: no arm of {plan!r} is called control; name one of "
                f"{', '.join(networks)}"
            )
    if not isinstance(control, str) or control not in networks:
        raise ValueError(
            f"control={shown(control)}: the networks of {plan!r} are {', '.join(networks)}"
        )
    return control


def _mean(runs, measure):
    return estimate(value_of(run, measure) for run in runs).mean


def _loss_of(results):
    """The loss that the curves show: its measure, and its name on the axis."""
    if results.plan.experiment is None:
        return {"measure": "validation_mse", "name": "MSE"}
    return {"measure": "validation_loss", "name": "as compiled"}


def _arm(results, name, measures, provenances):
    linear, runs = name in MODELS, arm_results(results, name)
    label, about = words_of(results, name)
    arm = {
        "name": name,
        "label": label,
        "about": about,
        "linear": linear,
        "family": None if linear else family_of(name),
        "seeds": [run.seed for run in runs],
        "nonzeros": [value_of(run, "nonzeros") for run in runs],
        "zeros": None if linear else [run.total_sparsity for run in runs],
        "values": {measure: [value_of(run, measure) for run in runs] for measure in measures},
        "notes": [_note(run, linear, provenances) for run in runs],
    }
    if linear:
        return arm
    return arm | {
        "boundary": runs[0].config.dense_epochs,
        "bands": [_rounded(loss_band(results, name, loss)) for loss in LOSSES],
    }


def _rounded(band):
    """A `Band` of losses, for a picture."""
    return {
        name: [float(f"{value:.{DIGITS}g}") for value in getattr(band, name)]
        for name in ("middle", "low", "high")
    }


def _add_rows(arms, control, weights, measures):
    """Add to each arm the share of `weights` that is gone, its rows by measure, and their texts."""
    its_control = next(arm for arm in arms if arm["name"] == control)
    for arm in arms:
        arm["gone"] = 1 - estimate(arm["nonzeros"]).mean / weights
        arm["rows"] = {
            name: row_of(arm, its_control, name, measure["log"])
            for name, measure in measures.items()
        }
        arm["texts"] = {
            name: texts_of(arm["rows"][name], measure, arm is its_control)
            for name, measure in measures.items()
        }
        arm["cells"] = shared_cells(next(iter(arm["rows"].values())))


def row_of(arm, control, measure, log):
    """The row of an arm as plain values; see `PlanExplorer.table`.

    arm, control: as `gather` sends them. log: whether the measure is averaged in logs.
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


def _note(run, linear, provenances):
    """[text about the run, index of where it was run or None], shown with a point."""
    if linear:
        return [f"alpha {run.alpha:.3g}, data {run.data_digest[:12]}", None]
    where = provenances.setdefault(provenance_words(run.provenance), len(provenances))
    return [f"config {run.config.digest[:12]}, data {run.data_digest[:12]}", where]


def provenance_words(values):
    """Versions, threads and processor in one line; missing ones are left out."""
    packages = values.get("packages") or {}
    versions = [f"{name} {packages[name]}" for name in _VERSIONS if packages.get(name)]
    if values.get("python"):
        versions.append(f"Python {values['python']}")
    parts = [", ".join(versions)] if versions else []
    threads = values.get("threads")
    if threads is not None:
        parts.append(f"{threads} thread{'' if threads == 1 else 's'}")
    if values.get("machine"):
        sets = " ".join(values.get("instruction_sets") or [])
        parts.append(f"{values['machine']}{f' with {sets}' if sets else ''}")
    return "; ".join(parts)


def _check_logs(arms, measures):
    for arm in arms:
        for name, measure in measures.items():
            if measure["log"] and min(arm["values"][name]) <= 0:
                raise ValueError(
                    f"results: a {measure['label']} of {arm['name']!r} is 0, which has no "
                    "logarithm; leave that arm out of the plan"
                )
