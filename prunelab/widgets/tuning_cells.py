"""Which cell made which bench: a cell that is run again takes over from its earlier bench."""

import weakref

_made = {}  # cell id → (id of the request to execute it, benches it made)


def this_execution():
    """(id of the cell, id of the request to run it) where a notebook says so; else None."""
    try:
        from IPython import get_ipython

        parent = get_ipython().get_parent()
        cell = parent["metadata"]["cellId"]
        return cell, parent["header"]["msg_id"]
    except (ImportError, AttributeError, KeyError, TypeError):
        return None


def take_over(bench, execution=None):
    """Let `bench` take the place of those its cell made when it was run before.

    What trains under such a bench goes on under this one where training function, data and folder
    are the same; else it is stopped, and what there is of it stored. The earlier panel is closed.
    """
    for earlier in _earlier(bench, execution or this_execution()):
        session = earlier._session
        if session is not None and session.busy:
            _take_session(bench, earlier, session)
        earlier.close()


def _earlier(bench, execution):
    """The benches that this cell made when it was run before; notes that `bench` is the newest."""
    if execution is None:
        return []
    cell, request = execution
    earlier_request, benches = _made.get(cell, (None, []))
    if earlier_request == request:  # a second bench of the same cell
        benches.append(weakref.ref(bench))
        return []
    _made[cell] = (request, [weakref.ref(bench)])
    return [found for found in (each() for each in benches) if found is not None]


def _take_session(bench, earlier, session):
    same = earlier._train is bench._train and earlier._data is bench._data
    if same and earlier._shelf.folder == bench._shelf.folder and bench._session is None:
        session.shelf = bench._shelf
        earlier._session, bench._session = None, session
        session.listener, bench._looks_back = bench._heard, True
        bench._pace = earlier._pace
        bench.settings = session.training.settings
        bench._said = f"The cell was run again: {session.name} goes on here."
        return
    session.stop()
    session.training.join(10)
    bench._shelf.read()
    bench._said = f"The cell was run again: {session.name} was stopped and stored."
