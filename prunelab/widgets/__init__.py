"""The explorers, the bench and the predictions; each is imported when it is first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prunelab.widgets.bench.explorer import TuningBench
    from prunelab.widgets.footprint.explorer import FootprintExplorer
    from prunelab.widgets.mask.explorer import MaskExplorer
    from prunelab.widgets.plan.explorer import PlanExplorer
    from prunelab.widgets.prediction.explorer import Prediction, calibration
    from prunelab.widgets.schedule.explorer import ScheduleExplorer
    from prunelab.widgets.tree.explorer import TreeExplorer

__all__ = [
    "FootprintExplorer",
    "MaskExplorer",
    "PlanExplorer",
    "Prediction",
    "ScheduleExplorer",
    "TreeExplorer",
    "TuningBench",
    "calibration",
]
_FOLDERS = {
    "FootprintExplorer": "footprint",
    "MaskExplorer": "mask",
    "PlanExplorer": "plan",
    "Prediction": "prediction",
    "ScheduleExplorer": "schedule",
    "TreeExplorer": "tree",
    "TuningBench": "bench",
    "calibration": "prediction",
}


def __getattr__(name: str) -> Any:
    if name not in _FOLDERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FOLDERS[name]}.explorer"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
