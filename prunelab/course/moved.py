"""The chapters that were split: the chapters that replace them, and their exercises' new keys.

A reader who began with an older version has notebooks and records under the old names.
"""

from __future__ import annotations

from typing import Any

# By subject, as in the name of the file without its number.
SPLIT = {
    "prune_a_decision_tree": ("fold_a_decision_tree", "choose_the_pruned_tree"),
    "weigh_what_you_saved": ("count_the_bytes", "time_the_network"),
}
# Exercises by chapter and number, one per line, sorted by the old key.
EXERCISES = {
    "prune_a_decision_tree.q1": "fold_a_decision_tree.q1",
    "prune_a_decision_tree.q2": "choose_the_pruned_tree.q1",
    "prune_a_decision_tree.q3": "choose_the_pruned_tree.q2",
    "prune_a_decision_tree.q4": "fold_a_decision_tree.q2",
    "prune_a_decision_tree.q5": "choose_the_pruned_tree.q3",
    "weigh_what_you_saved.q1": "count_the_bytes.q1",
    "weigh_what_you_saved.q2": "count_the_bytes.q2",
    "weigh_what_you_saved.q3": "time_the_network.q1",
    "weigh_what_you_saved.q4": "time_the_network.q2",
    "weigh_what_you_saved.q5": "count_the_bytes.q3",
}


def under_new_keys(answers: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """A new dict of the recorded answers, under the current keys of their exercises.

    If an exercise has answers under both keys, the later one is taken (by "last", which a record
    has once it was checked). "right", "first" and "solution" combine both records, and the tries
    are summed.
    """
    found: dict[str, dict[str, Any]] = {}
    for key, entry in answers.items():
        new = EXERCISES.get(key, key)
        found[new] = _joined(found[new], entry) if new in found else entry
    return found


def _joined(one, other):
    """Merge two entries of the same exercise into one."""
    old, new = sorted((one, other), key=_when)
    if new.get("right") is not True and old.get("right") is True:
        old, new = new, old  # a right answer is never replaced by a wrong one
    joined = {**old, **new}
    for name in ("first", "solution"):  # times of the first try and the first look
        times = [e[name] for e in (one, other) if isinstance(e.get(name), str)]
        if times:
            joined[name] = min(times)
    times = [e["last"] for e in (one, other) if isinstance(e.get("last"), str)]
    if times:
        joined["last"] = max(times)
    tries = [e.get("tries") for e in (one, other)]
    if all(type(count) is int for count in tries):
        joined["tries"] = sum(tries)
    return joined


def _when(entry):
    last = entry.get("last")
    return last if isinstance(last, str) else ""
