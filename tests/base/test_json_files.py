"""Plain values as JSON: the same text wherever it is made, and a digest that names them."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunelab.base.json_files import canonical_json, only_fields, parse, sha256

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(plain)
def test_values_come_back_and_the_order_of_keys_does_not_count(values):
    text = canonical_json(values)
    assert json.loads(text) == values
    assert canonical_json(json.loads(text)) == text
    if isinstance(values, dict):
        assert canonical_json(dict(reversed(values.items()))) == text
    assert sha256(values) == hashlib.sha256(text.encode()).hexdigest()


def test_known_texts_and_digests():
    assert (
        canonical_json({"b": [1, 0.1, None], "a": "é\n"}) == '{"a":"\\u00e9\\n","b":[1,0.1,null]}'
    )
    # `printf '{"a":1}' | sha256sum`
    digest = "015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
    assert sha256({"a": 1}) == digest


def test_whole_and_broken_numbers_are_not_the_same():
    assert sha256(1) != sha256(1.0)
    assert sha256(True) != sha256(1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [-float("inf")]}])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(value)


def test_only_the_fields_wanted():
    only_fields("run", {"a": 1, "b": 2}, ["b", "a"])
    only_fields("run", {}, [])
    for values, words in (
        ({"a": 1}, "run: missing or unknown fields: it lacks b; write what to_dict writes"),
        ({"a": 1, "b": 2, "c": 3}, r"fields: nobody knows \['c'\]; write"),
        ({"a": 1, 5: 2}, r"it lacks b; nobody knows \[5\]; write"),
        ([], "run is a list: it must be a JSON object"),
        (None, "run is a NoneType"),
    ):
        with pytest.raises(ValueError, match=words) as caught:
            only_fields("run", values, ["a", "b"])
        assert "\n" not in str(caught.value)


def test_another_hash_seed_gives_the_same_text():
    code = (
        "from prunelab.base.json_files import sha256\n"
        "from prunelab.experiments import article\n"
        "print(sha256({'b': 1, 'a': [2.5]}), article().digest)"
    )
    found = set()
    for seed in ("0", "1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True
        )
        found.add(done.stdout)
    assert len(found) == 1
    assert len(found.pop().split()) == 2


NO_JSON = ["", "{", "nonsense", b"\xff", '{"a": 1e999}', '{"a": 1, "a": 2}', '{"a": NaN}']


@pytest.mark.parametrize("text", [*NO_JSON, "[" * 100_000 + "]" * 100_000], ids=range(8))
def test_what_is_no_json_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        parse(text)
