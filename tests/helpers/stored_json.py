"""Changes to a stored file of JSON, with the digest of what it then holds."""

import json

from prunelab.base.json_files import sha256


def put(*keys, value):
    """A change that sets the value under these keys, one within the other."""

    def change(values):
        for key in keys[:-1]:
            values = values[key]
        values[keys[-1]] = value

    return change


def rewrite(stored, change):
    """Change the stored values and seal them again, as a careful forger would."""
    values = json.loads(stored.read_text())
    del values["digest"]
    change(values)
    stored.write_text(json.dumps(values | {"digest": sha256(values)}))
