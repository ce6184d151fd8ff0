"""Whether a higher value of a metric is better, told by its name in Keras or scikit-learn."""

import re

MAXIMIZE, MINIMIZE = "maximize", "minimize"
WAYS = (MAXIMIZE, MINIMIZE)
_MORE = r"acc|accuracy|auc|precision|recall|f1|f1_score|r2|r2_score|iou|dice|similarity|sparsity"
_LESS = (
    r"loss|error|mse|mae|rmse|msle|mape|\w*entropy|hinge|divergence|seconds|ms|bytes|nonzeros|"
    r"params|flops|perplexity"
)
_ENDS = {MAXIMIZE: re.compile(f"(.*_)?({_MORE})"), MINIMIZE: re.compile(f"(.*_)?({_LESS})")}


def way_of(name: str) -> str | None:
    """ "maximize" or "minimize"; None if the name does not tell.

    >>> way_of("val_accuracy"), way_of("categorical_crossentropy"), way_of("bleu")
    ('maximize', 'minimize', None)
    """
    return next((way for way, ends in _ENDS.items() if ends.fullmatch(name)), None)
