"""`prunelab search`: search for good schedules, resumable, here or on a cluster."""

from dataclasses import replace

from prunelab.base.bars import Bar
from prunelab.base.checks import shown
from prunelab.commands.options import SEEDS, number, whole_number, whole_numbers
from prunelab.commands.results import add_executor, executor_of
from prunelab.plans import store
from prunelab.search.domains import Choice, Real, Whole
from prunelab.search.loop import search
from prunelab.search.places import place_of
from prunelab.search.samplers import SAMPLERS
from prunelab.search.space import KNOBS, Space


def add_arguments(parser):
    """The options of `prunelab search`."""
    trials = whole_number("trials", at_least=1, at_most=10**6)
    seeds, sampler_seed = whole_numbers("seeds", **SEEDS), whole_number("sampler_seed", **SEEDS)
    parser.add_argument("--trials", type=trials, required=True, metavar="N", help="trials in all")
    parser.add_argument(
        "--base", default="twin", choices=sorted(store.PLANS),
        help="whose data, network and first phase (default: the small twin's)",
    )  # fmt: skip
    parser.add_argument(
        "--set", action="append", default=[], metavar="KNOB=VALUES", dest="knobs",
        help=f"a number, low:high, low:high:step, low:high:log, or a,b,c; of {', '.join(KNOBS)}",
    )  # fmt: skip
    parser.add_argument(
        "--objectives", default="validation_mse,nonzeros", metavar="A,B",
        help="measures (default: validation_mse,nonzeros)",
    )  # fmt: skip
    parser.add_argument(
        "--seeds", type=seeds, default=[0], metavar="A,B", help="of each trial (default: 0)"
    )
    parser.add_argument("--sampler", default="tpe", choices=SAMPLERS)
    parser.add_argument(
        "--sampler-seed", type=sampler_seed, default=0, metavar="N", help="of the draws"
    )
    parser.add_argument(
        "--train-all", action="store_true", help="give up no weak trial before its end"
    )
    parser.add_argument(
        "--storage",
        metavar="FILE",
        help="the search's file (default: search.journal in the runs), or an address such as "
        "sqlite:///study.db",
    )
    add_executor(parser)
    parser.epilog = (
        "Stop it whenever you like: the same command goes on where it was, and with more trials it "
        "goes further. A trial on the twin takes some three seconds a seed. Schedules that "
        "preflight turns away are not counted."
    )


def command(args):
    """Search and print the front; exit code 0."""
    space, place = _space(args), place_of(args.storage)
    with executor_of(args) as (executor, workers), Bar("search", args.trials, "trial") as bar:
        results = search(
            space,
            args.trials,
            tuple(args.objectives.split(",")),
            seeds=args.seeds,
            sampler=args.sampler,
            sampler_seed=args.sampler_seed,
            pruner=None if args.train_all else "median",
            storage=args.storage,
            executor=executor,
            workers=workers,
            report=bar.log,
            progress=lambda epoch, loss: bar.say(f"epoch {epoch}, validation loss {loss:.2e}"),
        )
    print(f"{results}\n{results.table()}\nstored in {place.name}")
    return 0


def _space(args):
    knobs = {}
    for text in args.knobs:
        name, equals, values = text.partition("=")
        if name not in KNOBS or not equals:
            raise ValueError(f"set={shown(text)}: write KNOB=VALUES, of {', '.join(KNOBS)}")
        if name in knobs:
            raise ValueError(f"set: {name} stands there twice")
        knobs[name] = _values(name, values)
    return Space(args.base, **knobs)


def _values(name, text):
    """The values a knob may take, from the words of a command line."""
    low, colon, rest = text.partition(":")
    if "," in text:
        return Choice(*(_number(name, word) for word in text.split(",")))
    if not colon:
        return _number(name, text)
    high, _, last = rest.partition(":")
    low, high = _number(name, low), _number(name, high)
    log = last == "log"
    if name in ("power", "learning_rate") or "sparsity" in name:
        if last and not log:
            raise ValueError(f"set={shown(f'{name}={text}')}: only whole knobs have a step")
        return Real(low, high, log=log)
    domain = Whole(low, high, 1, log=log)
    return replace(domain, step=_number(name, last)) if last and not log else domain


def _number(name, text):
    try:
        return number(text)
    except ValueError:
        raise ValueError(
            f"{name}={shown(text)}: write a number, low:high, low:high:step, low:high:log, or a,b,c"
        ) from None
