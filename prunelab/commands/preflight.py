"""`prunelab preflight`: a schedule and a run from the shell; facts, findings and what would fit."""

from prunelab.base.text import percent
from prunelab.commands.options import number
from prunelab.schedules.flight import preflight
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay

SCHEDULE = {
    "initial_sparsity": "fraction of zeros at begin_step (default: 0)",
    "final_sparsity": "fraction of zeros at end_step, for example 0.75",
    "target_sparsity": "instead of the two above: one constant sparsity",
    "begin_step": "first step (batch) of the schedule",
    "end_step": "last step of the schedule (-1: for ever, constant sparsity only)",
    "power": "1 is a straight ramp (default: 3)",
    "frequency": "steps from one mask update to the next (default: 100)",
}
RUN = {
    "n_samples": "training samples",
    "batch_size": "samples in a step",
    "epochs": "epochs",
    "steps_per_epoch": "instead of samples and batch: steps in an epoch, as in Keras' fit",
    "total_steps": "instead of epochs: steps in the whole run",
    "validation_split": "share of the samples that Keras keeps for validation",
    "gradient_accumulation_steps": "batches to an update, where the schedule counts updates",
}
ALIASES = {"n_samples": ["--samples"], "batch_size": ["--batch"]}  # shorter to type
EXAMPLE = (
    "example: prunelab preflight --final-sparsity 0.75 --begin-step 1000 --end-step 5000 "
    "--n-samples 8000 --batch-size 1024 --epochs 200"
)


def add_arguments(parser):
    """The options of `prunelab preflight`."""
    parser.epilog = EXAMPLE
    for title, options in (("schedule", SCHEDULE), ("run", RUN)):
        group = parser.add_argument_group(title)
        for name, text in options.items():
            flags = ["--" + name.replace("_", "-"), *ALIASES.get(name, [])]
            needed = name == "begin_step"
            group.add_argument(*flags, type=number, metavar="N", help=text, required=needed)


def schedule_from(args):
    """The schedule that the options describe. Raises TypeError or ValueError in one sentence."""
    given = {name: getattr(args, name) for name in SCHEDULE if getattr(args, name) is not None}
    if "target_sparsity" in given:
        odd = sorted({"initial_sparsity", "final_sparsity", "power"} & set(given))
        if odd:
            raise ValueError(
                f"target_sparsity={given['target_sparsity']} with {', '.join(odd)}: a constant "
                "sparsity has no ramp; leave those out, or target_sparsity"
            )
        return ConstantSparsity(**given)
    for name in ("final_sparsity", "end_step"):
        if name not in given:
            flag = "--" + name.replace("_", "-")
            raise ValueError(f"{name} is missing: write {flag}, or --target-sparsity for no ramp")
    return PolynomialDecay(**{"initial_sparsity": 0.0, **given})


def report(result):
    """A `Preflight` as lines of text: facts, findings, and the suggested schedule."""
    updates = result.schedule.update_range(result.total_steps)
    where = f"{len(updates)}, at steps {updates[0]} to {updates[-1]}" if len(updates) else "none"
    per_epoch = f" ({result.steps_per_epoch} an epoch)" if result.steps_per_epoch else ""
    lines = [
        f"run:              {result.total_steps} steps{per_epoch}",
        f"mask updates:     {where}",
        f"sparsity asked:   {percent(result.schedule.final_sparsity)}",
        f"sparsity reached: {percent(result.realised_sparsity)}",
    ]
    if not result.findings:
        return "\n".join([*lines, "", "This schedule does what it says."])
    problems = [f for f in result.findings if f.is_problem]
    hints = [f for f in result.findings if not f.is_problem]
    if not problems:
        lines += ["", "This schedule ends close enough to what it says."]
    for found, title in ((problems, "amiss"), (hints, "to know")):
        if found:
            lines += ["", f"{len(found)} {title}:"]
            lines += [f"- {finding.message}\n  {finding.fix}" for finding in found]
    would = "This would fit:" if problems else "This would meet it exactly:"
    return "\n".join([*lines, "", would, _suggestion(result)])


def _suggestion(result):
    try:
        return result.suggest().as_code()
    except ValueError as error:
        return f"nothing in this run: {error}"


def command(args):
    """Print the report; exit code 1 if there are problems, 0 if not."""
    result = preflight(schedule_from(args), **{name: getattr(args, name) for name in RUN})
    print(report(result))
    return int(not result.ok)
