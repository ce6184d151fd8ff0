"""Numbers that a browser sent, made possible; `numbers.js` and `schedule/state.js` say the same."""

import math
import numbers


def settled(knobs, changes, limits=None):
    """(`knobs` with `changes` made possible, a sentence on each that had to give way).

    knobs, changes: dicts. A change that is no finite number is passed over. limits: name →
    (least, most); where `least` is an int, the number is rounded. A knob without is a sparsity.
    """
    made, notices = dict(knobs), []
    for name in knobs:
        value = finite(changes.get(name))
        if value is None:
            continue
        least, most = (limits or {}).get(name, (None, None))
        wanted = math.floor(value + 0.5) if isinstance(least, int) else value
        if least is None:
            made[name] = 0.0 if value <= 0 else value if value < 1 else 0.99
        else:
            clipped = min(max(wanted, least), most)
            made[name] = int(clipped) if clipped == int(clipped) else clipped
        if made[name] != wanted:
            shown = int(value) if value.is_integer() and abs(value) < 1e16 else value
            notices.append(f"{name} cannot be {shown}: it is set to {made[name]}.")
    return made, " ".join(notices)


def finite(value):
    """`value` as a finite float, or None."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return None
    try:
        value = float(value)
    except OverflowError:
        return None
    return value if math.isfinite(value) else None
