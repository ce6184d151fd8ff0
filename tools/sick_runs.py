"""Train the runs of the exercise on sick learning curves, and store them beside the chapter.

    python -m tools.sick_runs

Two minutes on two cores. The digits depend on the processor; the illnesses do not.
"""

from prunelab.exercises.tune_the_schedule.diagnoses import SETTINGS, save_sick_runs
from prunelab.experiments import data
from tools.stored_form import ROOT


def main():
    """Train them all, one after the other."""
    from prunelab.networks import train_live

    twin, runs = data.twin(0), {}
    for name, settings in SETTINGS.items():
        runs[name] = train_live(settings, twin)
        print(name, runs[name], flush=True)
    print(save_sick_runs(runs, ROOT / "course" / "data"))


if __name__ == "__main__":
    main()
