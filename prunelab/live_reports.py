"""What a live run says of itself after each epoch."""

from dataclasses import dataclass, fields

from prunelab.digests import only_fields
from prunelab.validate import number, whole


@dataclass(frozen=True)
class EpochReport:
    """What is known after an epoch, or after the part of one that a stop leaves.

    epoch: epochs begun, from 1. step: training steps done. loss: mean over the epoch's batches,
    while the weights moved. validation_loss: after it, with masks applied. realised_sparsity: the
    fraction of exact zeros in the kernels that are pruned. seconds: since training began, without
    pauses.
    """

    epoch: int
    step: int
    loss: float
    validation_loss: float
    realised_sparsity: float
    seconds: float

    def __post_init__(self):
        cleaned = {
            "epoch": whole("epoch", self.epoch, at_least=1),
            "step": whole("step", self.step, at_least=1),
            "loss": number("loss", self.loss),
            "validation_loss": number("validation_loss", self.validation_loss),
            "realised_sparsity": fraction("realised_sparsity", self.realised_sparsity),
            "seconds": number("seconds", self.seconds, at_least=0),
        }
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_dict(cls, values):
        """The report that `dataclasses.asdict` wrote."""
        only_fields("report", values, [field.name for field in fields(cls)])
        return cls(**values)


def fraction(name, value):
    """`value` as a float from 0 to 1, or one sentence."""
    return number(name, value, at_least=0, at_most=1)
