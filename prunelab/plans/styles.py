"""The style of an arm in all figures and in the PlanExplorer: colour, marker and dash."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from prunelab.plans.baselines import MODELS
from prunelab.plans.statistics import arms_of, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prunelab.plans.plan import PlanResults

COLOURS = {
    "ink": "#333333",
    "blue": "#0072B2",
    "vermillion": "#C85200",
    "green": "#00805D",
    "purple": "#A8487F",
    "ochre": "#8F6A00",
    "grey": "#6F7780",
}
MARKERS = {
    "circle": "o",
    "square": "s",
    "triangle": "^",
    "diamond": "D",
    "pentagon": "p",
    "wedge": "v",
}
_FAMILY = re.compile(r"(.+)_\d+")
_OTHERS = ("vermillion", "green", "purple", "ochre", "grey")
_SHAPES = ("square", "triangle", "diamond", "pentagon", "wedge")
_DASHES = ("", "7 4", "2 3", "9 3 2 3", "4 2")


def family_of(name: str) -> str | None:
    """The name of an arm without a number at its end: completed_75 → completed; or None."""
    found = _FAMILY.fullmatch(name)
    return found[1] if found else None


def arm_styles(names: Sequence[str], control: str | None) -> dict[str, dict[str, str]]:
    """A colour, a marker shape and a dash for each network of a plan, by name.

    names: of all networks of the plan, in order. The control has the colour "ink"; arms of one
    family are blue circles with different dashes; no two others share both colour and shape.
    """
    families = [family_of(name) for name in names]
    found, others, members = {}, 0, 0
    for name, family in zip(names, families, strict=True):
        if name == control:
            found[name] = {"colour": "ink", "shape": "circle", "dash": ""}
        elif family and families.count(family) > 1:
            dash = _DASHES[members % len(_DASHES)]
            found[name] = {"colour": "blue", "shape": "circle", "dash": dash}
            members += 1
        else:
            turn = others // len(_OTHERS)
            found[name] = {
                "colour": _OTHERS[others % len(_OTHERS)],
                "shape": _SHAPES[(others + turn) % len(_SHAPES)],
                "dash": _DASHES[turn % len(_DASHES)],
            }
            others += 1
    return found


def styles_of(results: PlanResults) -> dict[str, tuple[str, str]]:
    """{label: (colour, marker)} of a plan's networks, as the PlanExplorer draws them.

    For the argument `styles` of the figures of a plan; labels are the plan's words for its arms.
    """
    names = [name for name in arms_of(results) if name not in MODELS and results.of(name)]
    return {
        words_of(results, name)[0]: (COLOURS[look["colour"]], MARKERS[look["shape"]])
        for name, look in arm_styles(names, "control").items()
    }


__all__ = ["COLOURS", "MARKERS", "arm_styles", "family_of", "styles_of"]
