"""`prunelab run` and `prunelab reproduce`: train from the shell, and compare with what is stored.

TensorFlow is imported only after the arguments are checked.
"""

import tempfile
from pathlib import Path

from prunelab.base.bars import EpochBar
from prunelab.base.text import percent
from prunelab.commands.options import add_seed
from prunelab.course.places import default_folder
from prunelab.experiments import runs
from prunelab.experiments.compare import as_text, compare, compare_linear
from prunelab.experiments.named_configs import CONFIGS
from prunelab.experiments.spec import RunSpec
from prunelab.plans import store
from prunelab.plans.baselines import MODELS
from prunelab.plans.running import linear_fit

DURATION = (
    "Training takes minutes: on one thread of a server the article's run took 7, and its four "
    "arms, which share their first phase, 27. The command begins by saying how long the stored "
    "runs took."
)


def add_run_arguments(parser):
    """The options of `prunelab run`."""
    parser.add_argument("config", nargs="+", metavar="CONFIG", help=f"of {', '.join(CONFIGS)}")
    _add_common(parser)
    parser.add_argument("--keep-weights", action="store_true", help="store the weights as .npz too")


def add_reproduce_arguments(parser):
    """The options of `prunelab reproduce`."""
    parser.add_argument(
        "config",
        nargs="*",
        metavar="CONFIG",
        help=f"of {', '.join(CONFIGS)} (default: every stored run of the seed in the folder)",
    )
    parser.add_argument(
        "--plan",
        choices=sorted(store.PLANS),
        help="CONFIG names arms of this plan's stored results, ridge and lasso among them",
    )
    parser.epilog = DURATION
    _add_common(parser)


def _add_common(parser):
    add_seed(parser)
    parser.add_argument(
        "--folder", metavar="DIR", help="where the runs are stored (default: the course's runs)"
    )


def run_command(args):
    """Train each config and store it; stored runs are only shown. Exit code 0."""
    _run_all(_specs(args), args.keep_weights, report=_say)
    return 0


def reproduce_command(args):
    """Retrain stored runs in a temporary folder and compare. Exit code 0, or 1 if one differs."""
    stored, fits = _stored(args)
    minutes = _minutes(stored, fits)
    print(f"retraining what took {minutes:.0f} min when it was stored", flush=True)
    with tempfile.TemporaryDirectory(prefix="prunelab-") as scratch:
        fresh = _run_all([RunSpec(old.config, old.seed, scratch) for old in stored])
    compared = [
        (old.config.name, compare(old, new)) for old, new in zip(stored, fresh, strict=True)
    ]
    compared += [(old.model, compare_linear(old, _fit_again(old, args.plan))) for old in fits]
    for name, checks in compared:
        print(f"\n{name}, seed {args.seed}\n{as_text(checks)}")
    holds = all(check.holds for _, checks in compared for check in checks)
    print("\nreproduced" if holds else "\nNOT reproduced: see the lines marked with !")
    return 0 if holds else 1


def _stored(args):
    """The stored runs and linear fits to compare with."""
    seed, folder = args.seed, _folder(args)
    if args.plan is None:
        found = [runs.result_of(spec) for spec in _specs(args)]
        return found or runs.stored(seed, folder), []
    plan, asked = store.PLANS[args.plan], dict.fromkeys(args.config)
    linear = MODELS if plan.linear else ()
    arms = [plan.arm(name) for name in asked if name not in linear]
    if seed not in plan.seeds:
        raise ValueError(f"seed={seed}: the seeds of {plan.name!r} are {_seeds(plan)}")
    found = store.load(plan, folder)
    return (
        [run for run in found.runs if run.seed == seed and (not asked or run.config in arms)],
        [fit for fit in found.linear if fit.seed == seed and (not asked or fit.model in asked)],
    )


def _fit_again(old, plan):
    return linear_fit(old.model, store.PLANS[plan].arms[0].data, old.seed)


def _seeds(plan):
    return ", ".join(map(str, plan.seeds))


def _minutes(results, fits):
    """The minutes of all runs together; a first phase shared by several arms counts once."""
    first = {result.config.dense_digest: result.dense.seconds for result in results}
    later = [result.second.seconds for result in results] + [fit.seconds for fit in fits]
    return (sum(first.values()) + sum(later)) / 60


def _say(result):
    seconds = result.dense.seconds + result.second.seconds
    sparsities = ", ".join(f"{name} {percent(s)}" for name, s in result.sparsity.items())
    print(f"{result}\n  zeros: {sparsities}\n  trained in {seconds:.0f} s", flush=True)


def _specs(args):
    """The runs that the command line names, each once."""
    return [RunSpec(name, args.seed, _folder(args)) for name in dict.fromkeys(args.config)]


def _folder(args):
    return default_folder() if args.folder is None else Path(args.folder)


def _run_all(specs, keep_weights=False, report=None):
    """Run all in order; those with the same first phase train it once. The seeds are the same."""
    for folder in {spec.folder for spec in specs}:
        runs.prepare(folder)
    results, dense = [], None
    for spec in specs:
        if spec.exists():
            results.append(runs.result_of(spec))
        else:
            from prunelab import networks

            if dense is None or dense.digest != spec.config.dense_digest:
                with EpochBar(f"{spec.config.data}, dense") as bar:
                    dense = networks.first_phase(spec, bar)
            with EpochBar(spec.config.name) as bar:
                results.append(
                    networks.run(
                        spec.config,
                        spec.seed,
                        spec.folder,
                        dense=dense,
                        keep_weights=keep_weights,
                        progress=bar,
                    )
                )
        if report:
            report(results[-1])
    if dense is not None:
        for spec in specs:
            spec.first_checkpoints.remove()
    return results
