"""Predictions: a question, a guess with a stated confidence, and its score against the truth.

All data are plain values, so that a guess can be stored, submitted and scored again. Positions on
an axis run from 0 (its low end) to 1 (its high end), by logarithms where the axis is logarithmic;
distances and scores are measured in them, so that questions of all sizes can be averaged.
"""

from typing import Any

from prunelab.base.checks import shown
from prunelab.predictions.axis import Axis
from prunelab.predictions.choice import ChoiceQuestion
from prunelab.predictions.curve import MOST_MEASURED, POINTS, CurveQuestion
from prunelab.predictions.fields import fields
from prunelab.predictions.number import NumberQuestion
from prunelab.predictions.outcome import LEVEL, NEAR, Outcome

__all__ = [
    "KINDS",
    "LEVEL",
    "MOST_MEASURED",
    "NEAR",
    "POINTS",
    "Axis",
    "ChoiceQuestion",
    "CurveQuestion",
    "NumberQuestion",
    "Outcome",
    "question_from_dict",
    "truth_from_dict",
]

KINDS = {kind.kind: kind for kind in (NumberQuestion, ChoiceQuestion, CurveQuestion)}


def question_from_dict(values: dict[str, Any]) -> NumberQuestion | ChoiceQuestion | CurveQuestion:
    """The question that `to_dict` wrote. Raises TypeError or ValueError in one sentence."""
    kind = KINDS.get(str(values.get("kind"))) if isinstance(values, dict) else None
    if kind is None:
        raise ValueError(f"question={shown(values)}: its kind is one of {', '.join(KINDS)}")
    names = [*kind.__dataclass_fields__]
    values = fields("question", values, ("kind", *names))
    given = {name: values[name] for name in names}
    for name in {"axis", "x", "y"} & set(given):
        given[name] = Axis(**fields(name, given[name], tuple(Axis.__dataclass_fields__)))
    return kind(**given)


def truth_from_dict(
    question: NumberQuestion | ChoiceQuestion | CurveQuestion, values: dict[str, Any]
) -> dict[str, Any]:
    """The truth that `question.truth` wrote, checked again."""
    if isinstance(question, NumberQuestion):
        values = fields("truth", values, ("value", "interval"))
        return question.truth(values["value"], values["interval"])
    if isinstance(question, ChoiceQuestion):
        return question.truth(fields("truth", values, ("option",))["option"])
    values = fields("truth", values, ("x", "y", "interval"))
    return question.truth((values["x"], values["y"]), values["interval"])
