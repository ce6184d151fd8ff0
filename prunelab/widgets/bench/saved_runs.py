"""The runs of a TuningBench, stored and new: name, annotate, delete and restore them."""

import warnings

from prunelab.base.checks import shown, without_controls
from prunelab.live.records import LONGEST, TrainedRun
from prunelab.live.store import LiveRunWarning, delete_live, live_runs, save_live, unfinished_runs
from prunelab.live.unfinished import UnfinishedRun
from prunelab.schedules.steering import replayed
from prunelab.widgets.bench.measures import Measure
from prunelab.widgets.bench.state import schedule_values, thinned
from prunelab.widgets.bench.words import row_words

SORTS = ("number", "settings", "zeros", "nonzeros", "value", "seconds")


class SavedRuns:
    """Runs by id, in the order they ended, each with a unique number.

    folder: where they are stored, see `prunelab.live.store`. Other benches may store there too:
    `read` loads theirs. Every change is written at once. A deleted run can be restored while
    this object exists. `unfinished`: the runs whose kernel was killed while they trained, by id.
    """

    def __init__(self, folder=None):
        self.folder, self.runs, self.unfinished, self.numbers = folder, {}, {}, {}
        self.deleted, self.problems = [], []
        self.read()

    def read(self):
        """Load new runs from the folder; damaged files are reported in `problems`, in words."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", LiveRunWarning)
            for run in live_runs(self.folder, but=self.runs):
                self._put(run)
            for run in unfinished_runs(self.folder):
                if run.id not in self.unfinished:
                    self._put(run)
        self.problems = [str(w.message) for w in caught if issubclass(w.category, LiveRunWarning)]

    def add(self, run, number=None):
        """Add a run that has ended, with a name if it has none, and store it.

        OSError or RunError if it cannot be stored; it is added here all the same.
        """
        number = number or self.next_number
        if not run.name:
            run = run.renamed(name=f"run {number}")
        self._put(run, number)
        save_live(run, self.folder)

    @property
    def all(self):
        """The runs that have ended and the unfinished ones, by id."""
        return self.runs | self.unfinished

    def _of(self, run):
        return self.unfinished if isinstance(run, UnfinishedRun) else self.runs

    def _put(self, run, number=None):
        self._of(run)[run.id] = run
        if run.id not in self.numbers:
            self.numbers[run.id] = number or self.next_number

    @property
    def next_number(self):
        """The number that the next run gets."""
        return max(self.numbers.values(), default=0) + 1

    def rewrite(self, run_id, **words):
        """Change the `name` or `note` of a run, cut to length; an empty name is ignored."""
        words = {key: without_controls(text)[: LONGEST[key]] for key, text in words.items()}
        if not words.get("name", "x").strip():
            return
        run = self.all[run_id].renamed(**words)
        self._of(run)[run_id] = run
        save_live(run, self.folder)

    def delete(self, run_id):
        """Delete a run; `undo` restores the last one deleted."""
        run = self.all[run_id]
        del self._of(run)[run_id]
        self.deleted.append(run)
        delete_live(run, self.folder)

    def undo(self):
        """Restore the run deleted last, and return it; None if there is none."""
        if not self.deleted:
            return None
        run = self.deleted[-1]
        save_live(run, self.folder)
        self.deleted.pop()
        self._put(run)
        return run

    def find(self, run):
        """The run with this id, or a run as it is; ValueError for anything else."""
        if isinstance(run, TrainedRun | UnfinishedRun):
            return run
        if not isinstance(run, str) or run not in self.all:
            raise ValueError(f"run={shown(run)}: write one of the bench's runs, or its id")
        return self.all[run]

    def newest(self):
        """The run that ended last, or None."""
        return max(self.runs.values(), key=lambda run: run.created, default=None)

    def comparable(self, run):
        """Whether a run has the data and the number of weights of the newest one."""
        newest = self.newest()
        return newest is not None and isinstance(run, TrainedRun) and _alike(run, newest)

    def front(self, measure):
        """Ids of the runs that no other run of the same network and data beats in both goals."""
        runs = self.runs.values()
        return {
            run_id
            for run_id, run in self.runs.items()
            if measure.cost(run) is not None
            and not any(_beats(other, run, measure) for other in runs)
        }

    def rows(self, sort="number", measure=Measure(), baseline=()):  # noqa: B008 (a frozen value)
        """The runs in the table's format, sorted by one of SORTS ("-" before it: descending).

        measure: the `Measure` that is shown. baseline: the bench's, which it is compared with.
        """
        compared = measure, dict(baseline)
        front, rows = self.front(measure), []
        for run_id, run in self.runs.items():  # by key: `run.id` digests all of it
            alike = self.comparable(run)
            marks = {"front": run_id in front and alike, "alike": alike}
            row = row_words(run, *compared) | {"id": run_id, "number": self.numbers[run_id]} | marks
            row["more"] += "" if alike else ", other data or network"
            rows.append(row)
        rows += [self._unfinished_row(run, *compared) for run in self.unfinished.values()]
        column = sort.removeprefix("-")
        known = [row for row in rows if row[column] is not None]
        known.sort(key=lambda row: row[column], reverse=sort.startswith("-"))
        return known + [row for row in rows if row[column] is None]

    def _unfinished_row(self, run, measure, baseline):
        """The row of an unfinished run: it is not compared, and can be trained again."""
        marks = {"id": run.id, "number": self.numbers[run.id], "front": False, "alike": False}
        done = f"unfinished, cut off after epoch {len(run.history)} of {run.settings.epochs}"
        return row_words(run, measure, baseline) | marks | {"ended": done}

    def curves(self, measure=Measure()):  # noqa: B008 (a frozen value)
        """The curves of a `Measure` of each run for the chart, by id."""
        return {
            run.id: curves_of(run.settings, run.steerings, run.history, measure)
            for run in self.all.values()
        }


def curves_of(settings, steerings, history, measure):
    """The curves of a run, stored or still training, in the chart's format."""
    per_epoch = history[0].step if history else 1
    return {
        "points": thinned(history, measure),
        "total_steps": max(per_epoch * settings.epochs, history[-1].step if history else 1),
        "segments": [
            [step, schedule_values(schedule)]
            for step, schedule in replayed(settings.schedule, steerings)
        ],
        "steerings": [[steering.step, steering_words(steering)] for steering in steerings],
    }


def unfinished_words(runs):
    """A list with one sentence for each unfinished run."""
    return [
        f"{run.name or 'A run'} was cut off after epoch {len(run.history)} of "
        f"{run.settings.epochs}: it is below as unfinished, and Replay trains it again."
        for run in runs
    ]


def steering_words(steering):
    """A steering in a few words, such as "final_sparsity 0.9, power 1"."""
    return ", ".join(f"{name} {value:g}" for name, value in steering.changes.items())


def _alike(run, other):
    """Whether two runs can be compared: same data and number of weights; seeds may differ."""
    return (run.data_digest, run.n_weights) == (other.data_digest, other.n_weights)


def _beats(one, other, measure):
    """Whether `one` is at least as good in weights left and in `measure`, and better in one."""
    a, b = ((run.nonzeros, measure.cost(run)) for run in (one, other))
    if not _alike(one, other) or a[1] is None:
        return False
    return a != b and a[0] <= b[0] and a[1] <= b[1]
