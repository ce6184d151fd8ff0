"""Plain values as JSON text, the same wherever it is made, and the digest that names them."""

import hashlib
import json

from prunelab.validate import shown


def canonical_json(values):
    """`values` as JSON text with sorted keys and no spaces: the same bytes for the same values."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(values):
    """sha256 of the canonical JSON of `values`, in hex."""
    return hashlib.sha256(canonical_json(values).encode()).hexdigest()


def only_fields(what, values, wanted):
    """Refuse a `values` that is not a dict with exactly the fields `wanted`."""
    if not isinstance(values, dict):
        raise ValueError(f"{what} is a {type(values).__name__}: it must be a JSON object")
    missing = sorted(set(wanted) - set(values))
    unknown = sorted(set(values) - set(wanted), key=str)
    if missing or unknown:
        lacks = f"it lacks {', '.join(missing)}; " if missing else ""
        has_too_much = f"nobody knows {shown(unknown)}; " if unknown else ""
        raise ValueError(
            f"{what}: missing or unknown fields: {lacks}{has_too_much}write what to_dict writes"
        )
