"""Trials through an executor: so many in flight, each outcome stored at once."""

from prunelab.executors import in_flight, landed, task
from prunelab.tuning.trying import Training, begin, try_out


def drive(todo, executor, workers, progress):
    """First phases first, each once; then trials, as room allows and the budget asks for."""
    extra = {} if progress is None else {"progress": progress}
    with in_flight(todo.so_far) as flying:
        if isinstance(todo.evaluate, Training):
            for future in [task(executor, begin, todo.evaluate, seed) for seed in todo.seeds]:
                future.result()
        while True:
            todo.sync()
            while len(flying) < workers and todo.counted + len(flying) < todo.n_trials:
                drawn = todo.next()
                if drawn is None:  # a grid that is used up: what flies lands, then it is over
                    break
                number, params, candidate = drawn
                known = todo.known(params)
                if known is not None:
                    todo.keep(number, params, known)
                    continue
                what = (todo.evaluate, candidate, todo.seeds, todo.objectives)
                future = task(executor, try_out, *what, todo.judge(candidate), **extra)
                flying[future] = (number, params)
            if not flying:
                return
            for future in landed(flying, lambda future: flying[future][0]):
                outcome = future.result()
                todo.keep(*flying.pop(future), outcome)
