"""What may follow the dense phase: which schedule, mask, penalty and optimizer go together."""

from prunelab.schedules import ConstantSparsity, checked_schedule
from prunelab.validate import number, shown, sparsity_fraction, whole


def one_shot(sparsity):
    """The schedule that cuts all at once, before the first gradient: tfmot's step 1."""
    return ConstantSparsity(sparsity, begin_step=1, end_step=1, frequency=1)


def checked_second_phase(config, shapes):
    """The cleaned settings of an `ExperimentConfig`'s second phase, a dict by field.

    shapes: of the hidden layers' kernels. Raises TypeError or ValueError, in one sentence.
    """
    rate = _checked_rate(config)
    _check_schedule(config)
    return {
        "more_learning_rate": rate,
        "l2": number("l2", config.l2, at_least=0),
        **_checked_without_schedule(config),
        "block_size": _checked_blocks(config, shapes),
    }


def checked(schedule):
    """The schedule of a second phase, or None for an unpruned control."""
    if schedule is None:
        return None
    return checked_schedule("schedule", schedule, also=", or None for an unpruned control")


def _check_schedule(config):
    schedule, fresh, criterion = config.schedule, config.fresh_optimizer, config.criterion
    if schedule is not None and config.more_epochs == 0:
        raise ValueError("more_epochs=0: a schedule prunes in the second phase; give it epochs")
    if not isinstance(fresh, bool):
        raise TypeError(f"fresh_optimizer={shown(fresh)}: write True or False")
    if schedule is not None and not fresh:
        raise ValueError(
            "fresh_optimizer=False: prune_low_magnitude drops the optimizer, "
            "so only an unpruned control (schedule=None) can keep it"
        )
    if criterion not in ("magnitude", "random"):
        raise ValueError(f"criterion={shown(criterion)}: write 'magnitude' or 'random'")
    if criterion == "random" and not _cuts_once(schedule):
        raise ValueError(
            "criterion='random': a random mask is drawn once, before the second phase; "
            "write schedule=one_shot(sparsity)"
        )


def _cuts_once(schedule):
    """Whether the whole target falls on the first batch, as it does in `one_shot`."""
    if not isinstance(schedule, ConstantSparsity):
        return False
    return schedule == one_shot(schedule.target_sparsity)


def _checked_rate(config):
    if config.more_learning_rate is None:
        return None
    rate = number("more_learning_rate", config.more_learning_rate, above=0)
    if not (config.fresh_optimizer and config.more_epochs):
        raise ValueError(
            f"more_learning_rate={rate}: it is of a second phase that begins with a fresh "
            "Adam; give that phase epochs and fresh_optimizer=True, or write None"
        )
    return rate


def _checked_without_schedule(config):
    """cut and patience, which are for a network that no schedule prunes."""
    cut, patience = sparsity_fraction("cut", config.cut), config.patience
    if patience is not None:
        patience = whole("patience", patience, at_least=1)
    if config.schedule is not None and (cut or patience):
        raise ValueError(
            "cut and patience are for a network no schedule prunes: one would cut twice, "
            "the other put back weights from before the last mask update"
        )
    return {"cut": cut, "patience": patience}


def _checked_blocks(config, shapes):
    block = config.block_size
    if not isinstance(block, tuple | list) or len(block) != 2:
        raise TypeError(f"block_size={shown(block)}: write two whole numbers, (inputs, units)")
    block = tuple(whole("block_size", n, at_least=1, at_most=2**16) for n in block)
    if block == (1, 1):
        return block
    if config.schedule is None or config.criterion != "magnitude":
        raise ValueError(
            f"block_size={block}: blocks are pruned by a schedule and by magnitude; give both"
        )
    for shape in shapes:
        if any(length % span for length, span in zip(shape, block, strict=True)):
            raise ValueError(
                f"block_size={block}: it does not divide a kernel of {shape}, so what a mask "
                "leaves would hang on the last block; write one that does"
            )
        if any(length == span for length, span in zip(shape, block, strict=True)):
            raise ValueError(
                f"block_size={block}: it leaves one row or column of blocks in a kernel of "
                f"{shape}, and tfmot stops there; write a smaller block"
            )
    return block
