"""`prunelab results`: run a plan of arms × seeds, resumable, here or on a cluster."""

from contextlib import contextmanager
from statistics import median

from prunelab.base.bars import Bar
from prunelab.base.text import aligned
from prunelab.commands.options import whole_number
from prunelab.plans import store
from prunelab.plans.executors import dask_executor, process_pool
from prunelab.plans.running import run_plan

IN_FLIGHT_ON_A_CLUSTER = 64  # each task of an arm sends its first phase, some 25 MB
PLANS = "; ".join(f"{plan.name}: {plan.about}" for plan in store.PLANS.values())


def add_arguments(parser):
    """The options of `prunelab results`."""
    parser.add_argument(
        "--plan", required=True, choices=sorted(store.PLANS), help=PLANS.replace("%", "%%")
    )
    add_executor(parser)
    parser.add_argument(
        "--folder", metavar="DIR", help="where the results go (default: the course's runs)"
    )
    parser.epilog = (
        "Stop it whenever you like: the same command goes on where it was, to the same results. "
        "One thread a worker; on a server's core the short plan takes about an hour and a half, "
        "the full one about an hour, the twin's two minutes."
    )


def command(args):
    """Run the plan and print its table; exit code 0."""
    plan = store.PLANS[args.plan]
    total = len(plan.runs) + len(plan.linear_fits)
    with executor_of(args) as (executor, workers), Bar(plan.name, total, "run") as bar:
        results = run_plan(
            plan,
            args.folder,
            executor=executor,
            workers=workers,
            report=bar.log,
            progress=lambda done, epochs, values: bar.say(f"epoch {done} of {epochs}"),
        )
    print(f"{results}\n{arms_text(results)}\nstored in {store.path(plan, args.folder).name}")
    return 0


def add_executor(parser):
    """The options that say where the work runs; see `executor_of`."""
    where = parser.add_mutually_exclusive_group()
    workers = whole_number("workers", at_least=1, at_most=4096)
    where.add_argument(
        "--workers", type=workers, default=1, metavar="N",
        help="processes on this machine (default: 1)",
    )  # fmt: skip
    where.add_argument("--scheduler", metavar="ADDRESS", help="a Dask scheduler, tcp://host:8786")


@contextmanager
def executor_of(args):
    """(executor or None for this process, how many tasks may run at once)."""
    if args.scheduler:
        with dask_executor(args.scheduler) as executor:
            yield executor, IN_FLIGHT_ON_A_CLUSTER
    elif args.workers > 1:
        with process_pool(args.workers) as executor:
            yield executor, args.workers
    else:
        yield None, 1


def arms_text(results):
    """The arms as aligned lines: seeds, zeros, and the median over seeds of validation MSE and R².

    Test scores are stored but not shown: they are opened once, after all choices are made.
    """
    lines = [("arm", "seeds", "zeros", "validation MSE", "validation R²")]
    for arm in [arm.name for arm in results.plan.arms] + sorted({f.model for f in results.linear}):
        found = results.of(arm)
        zeros = {getattr(result, "total_sparsity", None) for result in found}
        zeros = "–" if zeros == {None} else f"{max(zeros):.2%}"
        mse, r2 = (median(getattr(result.val, name) for result in found) for name in ("mse", "r2"))
        lines.append((arm, str(len(found)), zeros, f"{mse:.3g}", f"{r2:.4f}"))
    return aligned(lines, left=[0])
