"""Trials through an executor: so many in flight, each outcome stored at once."""

from prunelab.executors import in_flight, landed
from prunelab.tuning.trying import Training, begin, try_out


def drive(todo, executor, workers, progress):
    """First phases first, each once; then trials, as room allows and the budget asks for."""
    extra = {} if progress is None else {"progress": progress}
    with in_flight(todo.so_far) as flying:
        if isinstance(todo.evaluate, Training):
            for future in [executor.submit(begin, todo.evaluate, seed) for seed in todo.seeds]:
                future.result()
        while True:
            while len(flying) < workers and todo.counted + len(flying) < todo.n_trials:
                number, params, candidate = todo.next()
                known = todo.known(params)
                if known is not None:
                    todo.keep(number, params, known)
                    continue
                task = (todo.evaluate, candidate, todo.seeds, todo.objectives)
                future = executor.submit(try_out, *task, todo.judge(candidate), **extra)
                flying[future] = (number, params)
            if not flying:
                return
            for future in landed(flying, lambda future: flying[future][0]):
                outcome = future.result()
                todo.keep(*flying.pop(future), outcome)
