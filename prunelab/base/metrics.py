"""What the name of a metric tells: whether more is better, and how its values are written."""

import re

from prunelab.base.text import short

MAXIMIZE, MINIMIZE = "maximize", "minimize"
DIRECTIONS = (MAXIMIZE, MINIMIZE)
_MORE = r"acc|accuracy|auc|precision|recall|f1|f1_score|r2|r2_score|iou|dice|similarity|sparsity"
_LESS = (
    r"loss|error|mse|mae|rmse|msle|mape|\w*entropy|hinge|divergence|seconds|ms|bytes|nonzeros|"
    r"params|flops|perplexity"
)
_ENDS = {MAXIMIZE: re.compile(f"(.*_)?({_MORE})"), MINIMIZE: re.compile(f"(.*_)?({_LESS})")}
_SHARE = re.compile(r"(.*_)?(acc|accuracy|precision|recall)")


def direction_of(name: str) -> str | None:
    """ "maximize" or "minimize"; None if the name does not tell.

    The names are those of Keras and scikit-learn.

    >>> direction_of("val_accuracy"), direction_of("categorical_crossentropy"), direction_of("bleu")
    ('maximize', 'minimize', None)
    """
    return next((direction for direction, ends in _ENDS.items() if ends.fullmatch(name)), None)


def is_share(name: str) -> bool:
    """Whether a metric is a fraction of examples, which is written in percent.

    >>> is_share("val_accuracy"), is_share("auc")
    (True, False)
    """
    return _SHARE.fullmatch(name) is not None


def value_words(name: str, value: float) -> str:
    """A metric's value as text: in percent for a share of examples, else in four digits.

    >>> value_words("accuracy", 0.9639), value_words("mae", 0.123456)
    ('96.4 %', '0.1235')
    """
    return f"{100 * value:.1f} %" if is_share(name) else short(value)


def change_words(name: str, before: float | None, after: float) -> str:
    """A metric before and after, in words; without `before` if it is not known.

    >>> change_words("accuracy", 0.9639, 0.8031)
    'accuracy 96.4 → 80.3 %'
    """
    if before is None:
        return f"{name} {value_words(name, after)}"
    said = value_words(name, before).removesuffix(" %")
    return f"{name} {said} → {value_words(name, after)}"
