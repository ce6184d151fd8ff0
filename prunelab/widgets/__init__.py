"""The explorers, the bench and the predictions; each is imported when it is first asked for."""

from importlib import import_module

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
__all__ = list(_FOLDERS)


def __getattr__(name):
    if name not in _FOLDERS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FOLDERS[name]}.explorer"), name)


def __dir__():
    return sorted([*globals(), *__all__])
