"""Which states a TreeExplorer can be in: what a trait may hold, and what follows from it."""

from prunelab.tree_nodes import checked_fold
from prunelab.validate import whole
from prunelab.widgets.tree_data import SET_NAMES
from prunelab.widgets.tree_state import cumulated


class TreeStates:
    """The states of one tree: its path, its pruners' stops, its sets of samples.

    nodes: TreeNodes; steps: for each subtree of the path, the nodes that go at that step; data:
    what `tree_data.gather` found.
    """

    def __init__(self, nodes, steps, data):
        self._nodes = nodes
        self._on_path = cumulated(nodes, steps)
        self._index = {folded: k for k, folded in enumerate(self._on_path)}
        self._stops = {stop["name"]: tuple(stop["folded"]) for stop in data["pruners"]}
        self._absent = data["absent"]
        self._validated = "val" in data["totals"]

    def step_of(self, folded):
        """The subtree of the path that has this fold; None if there is none."""
        return self._index.get(folded)

    def at_step(self, step):
        """The state of a subtree on the path, and of the one before it."""
        before = self._on_path[max(step - 1, 0)]
        return {"folded": self._on_path[step], "before": before, "step": step, "pruner": ""}

    def at_pruner(self, name):
        """The state where a pruner stops, against the whole tree."""
        folded = self._stops[name]
        return {"folded": folded, "before": (), "step": self.step_of(folded), "pruner": name}

    def clean(self, name, value, nowhere=False):
        """The value as the trait `name` holds it; `nowhere` allows a step of None, off the path.

        Raises TypeError or ValueError in one sentence for what cannot be.
        """
        if name in ("folded", "before"):
            return checked_fold(self._nodes, value)
        if name == "pruner":
            return self._checked_pruner(value)
        if name == "points":
            return self._checked_points(value)
        return None if value is None and nowhere else self._checked_step(value)

    def _checked_step(self, step):
        if step is None:
            raise TypeError("step=None: write the number of a subtree, or set folded instead")
        last = len(self._on_path) - 1
        return whole("step", step, at_least=-last - 1, at_most=last) % (last + 1)

    def _checked_pruner(self, name):
        if name == "" or (isinstance(name, str) and name in self._stops):
            return name
        why = self._absent.get(name) if isinstance(name, str) else None
        known = " or ".join(self._stops) or "nothing, there is none"
        raise ValueError(f"pruner={name!r}: {f'it {why}' if why else f'write {known}'}")

    def _checked_points(self, value):
        if not isinstance(value, str) or value not in SET_NAMES.values():
            raise ValueError(f"points={value!r}: write 'training' or 'validation'")
        if value == "validation" and not self._validated:
            raise ValueError("points='validation': there are none; hand over X_val and y_val")
        return value
