"""Adjust numbers from a browser to possible values, as `numbers.js` and `schedule/state.js` do."""

import math
import numbers


def settled(knobs, changes, bounds=None):
    """(`knobs` with `changes` made and adjusted, a sentence on each value that was adjusted).

    knobs, changes: dicts. A change that is no finite number is ignored. bounds: name →
    (least, most); if `least` is an int, the number is rounded. A knob without bounds is a sparsity.
    """
    made, notices = dict(knobs), []
    for name in knobs:
        value = finite(changes.get(name))
        if value is None:
            continue
        least, most = (bounds or {}).get(name, (None, None))
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
