"""A reader in a class: arrives, opens a chapter, runs each cell after a while, moves explorers.

The pace is a model. Readers arrive evenly spread over `arrive` seconds. Before each cell one thinks
for `think` seconds on average (between half and one and a half of it, evenly). Whenever an explorer
appears, it is moved `moves` times, a second apart; a prediction is locked in the middle of its
range. Nobody waits for anybody else, and after an error a reader goes on. Every draw comes from a
generator seeded with the reader's number.
"""

import asyncio
import random
import time
from dataclasses import dataclass, field

from classroom_kernel import ClassroomError, Kernel

SPARSITIES = [0.5, 0.6, 0.7, 0.8, 0.9]
# What a hand on an explorer changes: the trait of one control, and values it takes in turn.
MOVES = {
    "ScheduleExplorer": ("final_sparsity", SPARSITIES),
    "TreeExplorer": ("step", [1, 2, 3, 4, 5]),
    "MaskExplorer": ("sparsity", SPARSITIES),
    "PlanExplorer": ("sparsity", SPARSITIES),
    "FootprintExplorer": ("sparsity", [0.5, 0.75, 0.9]),
}
FIELD = "final_sparsity"  # of the bench, which is made of the fields and sliders of ipywidgets
BETWEEN_MOVES = 1.0  # seconds
IGNORED = "nbval-ignore-output"


@dataclass(frozen=True)
class Pace:
    """Seconds over which the class arrives, seconds of thought before a cell, moves of a hand."""

    arrive: float = 60.0
    think: float = 4.0
    moves: int = 5
    longest: float = 900.0  # seconds that one cell may take


@dataclass
class Record:
    """What one reader met in one chapter; all durations in seconds of waiting for the machine."""

    reader: int
    chapter: str
    kernel: str = ""
    opened: float | None = None  # from the click to a kernel that answers
    first_explorer: float | None = None  # the same, and each cell up to the explorer
    cells: list = field(default_factory=list)
    answers: list = field(default_factory=list)
    errors: list = field(default_factory=list)
    widgets: int = 0


def handle(widgets, view):
    """What a hand takes hold of in a view: (widget, trait, values); None where there is nothing.

    widgets: the states of all widgets by their ids. Raises ClassroomError for an explorer of ours
    that nobody has told it how to move.
    """
    name = widget_class(widgets.get(view, {}))
    if name in MOVES:
        return view, *MOVES[name]
    if name:
        raise ClassroomError(f"no move is known for {name}: add it to MOVES")
    fields = [one for one, state in widgets.items() if state.get("description") == FIELD]
    return (fields[-1], "value", SPARSITIES) if fields else None


def widget_class(state):
    """The class of a widget of ours, from the state it was opened with; "" for others."""
    return state.get("_anywidget_id", "").rpartition(".")[2]


class Reader:
    """Number `number` of a class on `server`, whose notebooks lie in a folder of their own."""

    def __init__(self, server, folder, number, pace, seed=0):
        self.server, self.folder, self.number, self.pace = server, folder, number, pace
        self.random = random.Random(f"{seed} {number}")

    async def read(self, chapter, *, on_done=None):
        """Work through a chapter; its Record. `on_done` is called before the kernel is shut down.

        Never raises a ClassroomError: what failed stands in the record.
        """
        record = Record(self.number, chapter)
        await asyncio.sleep(self.random.uniform(0, self.pace.arrive))
        kernel = Kernel(self.server)
        path = f"{self.folder}/{chapter}"
        try:
            asked = time.monotonic()
            notebook = (await self.server.ask("GET", f"contents/{path}?content=1"))["content"]
            await kernel.open(path)
            record.kernel, record.opened = kernel.id, time.monotonic() - asked
            await self._cells(kernel, notebook, record)
            # Saved once, as the autosave of a browser would every two minutes.
            whole = {"type": "notebook", "format": "json", "content": notebook}
            await self.server.ask("PUT", f"contents/{path}", whole)
        except ClassroomError as error:
            record.errors.append(f"{chapter}: {error}")
        if on_done:
            await on_done(record)
        try:
            await kernel.close()
        except ClassroomError as error:
            record.errors.append(f"{chapter}, shutting down: {error}")
        return record

    async def _cells(self, kernel, notebook, record):
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
        waited = record.opened
        for i, cell in enumerate(cells):
            await asyncio.sleep(self.pace.think * self.random.uniform(0.5, 1.5))
            answer = await kernel.execute(_text(cell["source"]), self.pace.longest)
            record.cells.append(answer.seconds)
            if complaint := complaint_of(answer, cell):
                record.errors.append(f"{record.chapter}, code cell {i}: {complaint}")
            for view in answer.views():
                name = widget_class(kernel.widgets.get(view, {}))
                record.widgets += 1
                if name != "Prediction" and record.first_explorer is None:
                    record.first_explorer = waited + answer.first_view
                await self._move(kernel, view, name, record)
            waited += answer.seconds

    async def _move(self, kernel, view, name, record):
        """Move an explorer as a hand would; lock a prediction."""
        if name == "Prediction":
            guess = middle(kernel.widgets[view])
            record.answers.append(await kernel.set(view, {"guess": guess, "locked": True}))
            return
        if (held := handle(kernel.widgets, view)) is None:
            return
        widget, trait, values = held
        for i in range(self.pace.moves):
            await asyncio.sleep(BETWEEN_MOVES)
            record.answers.append(await kernel.set(widget, {trait: values[i % len(values)]}))


def complaint_of(answer, cell):
    """What is wrong with a cell's answer: an error, or words on stderr; None where all is well."""
    error = answer.error()
    ignored = IGNORED in cell["metadata"].get("tags", [])
    for kind, content in answer.outputs:
        if kind == "stream" and content["name"] == "stderr" and not ignored and error is None:
            error = f"on stderr: {content['text'].strip()[:200]}"
    return error


def middle(state):
    """A guess as the browser sends it: the middle of the axis, or the first option."""
    question = state["question"]
    if question["kind"] == "choice":
        return {"option": question["options"][0], "sure": 0.75}
    if question["kind"] == "number":
        low, high = question["axis"]["low"], question["axis"]["high"]
        return {"value": (low + high) / 2, "low": low, "high": high}
    low, high = question["y"]["low"], question["y"]["high"]
    return {"heights": [(low + high) / 2] * state["points"]}


def _text(source):
    return source if isinstance(source, str) else "".join(source)
