"""The still picture of a FootprintExplorer, for where no kernel runs."""

from prunelab.widgets.footprint_state import KINDS, rows
from prunelab.widgets.footprint_words import headline, label_of, share


def draw_still(figure, measured, choices, state):
    """Draw the bars of bytes and of milliseconds on an empty Figure."""
    from prunelab.figures_footprint import draw_bytes, draw_milliseconds

    kinds = [kind for kind, name in KINDS.items() if state[name]]
    figure.suptitle(
        headline(measured, choices, state), x=0.01, ha="left", fontsize=12, color="#333333"
    )
    pattern = f"{label_of(choices, 'pattern', state['pattern'])} at {share(state['sparsity'])}"
    threads = "one thread" if state["threads"] == 1 else f"{state['threads']} threads"
    titles = {"sizes": pattern, "times": f"{pattern}, batch {state['batch']}, {threads}"}
    draws = {"sizes": draw_bytes, "times": draw_milliseconds}
    axes = figure.subplots(1, len(kinds), squeeze=False)[0] if kinds else ()
    for ax, kind in zip(axes, kinds, strict=True):
        found = rows(measured, choices, kind, state)
        bars = {label_of(choices, KINDS[kind], row["what"]): row for row in found}
        dense = next((row["dense"] for row in found if row["dense"]), None)
        draws[kind](ax, bars, dense=dense, title=titles[kind])
    where = f"measured {measured.data['created']} on {measured.data['machine'].split(';')[0]}"
    figure.supxlabel(where, fontsize=8, color="#666666", x=0.01, ha="left")
