"""Where a FootprintExplorer starts, and what it says where an argument had to give way."""

from prunelab.widgets.footprint_words import not_measured


def defaults(found):
    """Where the explorer starts: the usual choices where they were measured, else the first."""
    usual = {"pattern": "unstructured", "format": "gzip", "runtime": "litert_xnnpack"}
    start = {}
    for name, wanted in usual.items():
        known = [each["name"] for each in found[f"{name}s"]]
        start[name] = wanted if wanted in known else (known[0] if known else "")
    start["batch"] = found["batches"][0] if found["batches"] else 1
    start["threads"] = found["threads"][0] if found["threads"] else 1
    return start | {"sparsity": 0.75}


def first_notice(found, asked, made):
    """The notice where an argument had to give way."""
    for name in ("sparsity", "batch"):
        if name in asked and asked[name] != made[name]:
            return not_measured(found, name, asked[name], made)
    return ""
