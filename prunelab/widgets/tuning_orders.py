"""What a reader does to the runs of a TuningBench: messages of its table, obeyed."""

from prunelab.widgets.tuning_shelf import SORTS


def obey(bench, content):
    """Do what a message {"do": …, "id": …} of the table asks; what makes no sense is passed over.

    Raises what the shelf and the bench raise, for the bench to put into words.
    """
    what, run_id = content.get("do"), content.get("id")
    if what == "sort" and str(content.get("by")).removeprefix("-") in SORTS:
        bench._sort = content["by"]
    elif what == "undo":
        bench._shelf.undo()
    elif what == "code":
        bench._code = _code(bench, run_id)
    elif run_id in bench._shelf.all:
        _change(bench, what, run_id, content)


def _code(bench, run_id):
    if run_id not in bench._shelf.all:
        return {}
    return {"name": f"{bench._shelf.all[run_id].name} as code", "text": bench.code_of(run_id)}


def _change(bench, what, run_id, content):
    if what == "show":
        others = [known for known in bench._shown if known != run_id]
        bench._shown = [*others, run_id] if content.get("on") else others
    elif what in ("rename", "note"):
        text = content.get("text")
        if isinstance(text, str):
            bench._shelf.rewrite(run_id, **{"name" if what == "rename" else "note": text})
    elif what == "replay":
        bench.replay(run_id)
    elif what == "delete":
        bench._shelf.delete(run_id)
