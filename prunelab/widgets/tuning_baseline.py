"""The dense network that the runs of a TuningBench are compared with."""

from prunelab.validate import number, shown, whole


def checked_baseline(baseline, kernels):
    """{"loss": …, "nonzeros": …} from a loss, a pair (loss, weights) or a run; {} for None.

    kernels: the network's `Kernels`, whose weights count where `baseline` does not say how many
    there are; or None.
    """
    if baseline is None:
        return {}
    loss, weights = baseline, None if kernels is None else kernels.n_weights
    if hasattr(baseline, "validation_loss"):
        loss, weights = baseline.validation_loss, baseline.nonzeros
    elif isinstance(baseline, tuple | list):
        if len(baseline) != 2:
            raise ValueError(
                f"baseline={shown(baseline)}: write the dense net's validation loss, "
                "or (loss, weights)"
            )
        loss, weights = baseline
    found = {"loss": number("baseline", loss, above=0)}
    if weights is not None:
        found["nonzeros"] = whole("the weights of baseline", weights, at_least=1, at_most=2**53)
    return found
