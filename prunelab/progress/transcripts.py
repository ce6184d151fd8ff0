"""Transcripts: answers that are functions, stored as their outputs on a check's inputs.

A function is stored as a *transcript*: for each call that a check makes, a digest of the inputs and
the returned value. The check generates its inputs from fixed seeds, so the same check can be run
again on the transcript: `Replay` is called in place of the function and knows only those inputs. No
code is stored or run.
"""

import copy
import hashlib
from functools import wraps

import numpy as np

from prunelab.base.json_files import canonical_json
from prunelab.progress.answers import MOST_VALUES, Decoder, Encoder, NotDataError, decode, encode
from prunelab.progress.book import ProgressBook, ProgressError, now

MOST_CALLS = 500


class Transcript:
    """Records what a check does with an answer, so that the answer can be stored as data.

    Called with the answer, it returns the object to pass to the check: the answer itself or, if the
    answer is a function, a wrapper that records each call.
    """

    def __init__(self):
        self._value, self._calls, self._complaint = None, None, None
        self._left = MOST_VALUES

    def __call__(self, answer):
        if not callable(answer):
            self._write_value(answer)  # encode now: the check may change the answer
            return answer
        self._calls = []

        @wraps(answer, assigned=("__name__", "__doc__"), updated=())
        def watched(*inputs):
            digest = _digest(inputs)
            call = {"inputs": digest}
            self._calls.append(call)
            try:
                output = answer(*inputs)
            except BaseException as error:
                call["raises"] = _short(f"{type(error).__name__}: {error}")
                raise
            finally:
                if _digest(inputs) != digest:
                    call["changes"] = True
            self._write(call, output)
            return output

        return watched

    def _write_value(self, answer):
        try:
            self._value = encode(answer)
        except Exception as error:  # a reader's own class may raise anything
            self._complaint = str(error)

    def _write(self, call, output):
        try:
            if len(self._calls) > MOST_CALLS:
                raise NotDataError(f"it is called more than {MOST_CALLS} times")
            encoder = Encoder()
            encoder.left = self._left
            call["output"] = encoder.encode(output, 0)
            self._left = encoder.left
        except Exception as error:
            self._complaint = self._complaint or str(error)

    def data(self):
        """The answer as data: {"value"}, {"calls"}, or {"unwritten"} with the reason."""
        if self._complaint is not None:
            return {"unwritten": _short(self._complaint)}
        return {"value": self._value} if self._calls is None else {"calls": self._calls}


class Replay:
    """Replaces a function by its transcript: returns the recorded value for the same inputs."""

    def __init__(self, calls):
        if not isinstance(calls, list) or len(calls) > MOST_CALLS:
            raise NotDataError(f"a transcript is a list of at most {MOST_CALLS} calls")
        decoder = Decoder()
        self._calls = [_checked_call(call, decoder) for call in calls]
        self._next = 0
        self.strayed = None  # why the transcript does not match the check's calls

    def __deepcopy__(self, memo):
        return self  # a check may copy its argument; the calls must still be counted here

    def __call__(self, *inputs):
        digest = _digest(inputs)
        if self._next >= len(self._calls):
            self.strayed = "the check asks for more than was written down"
        elif self._calls[self._next]["inputs"] != digest:
            self.strayed = "the check's inputs are not those that were written down"
        if self.strayed:
            raise NotDataError(self.strayed)
        call = self._calls[self._next]
        self._next += 1
        if call["changes"]:
            _disturb(inputs)
        if call["raises"] is not None:
            raise RuntimeError(call["raises"])
        return copy.deepcopy(call["output"])


def answer_from(data):
    """The object to pass to a check in place of the answer that `Transcript.data` wrote."""
    if not isinstance(data, dict) or len(data) != 1:
        raise NotDataError("it is not an answer that prunelab wrote")
    if "value" in data:
        return decode(data["value"])
    if "calls" in data:
        return Replay(data["calls"])
    raise NotDataError("it was not written as data")


def _checked_call(call, decoder):
    allowed = {"inputs", "output", "raises", "changes"}
    if not isinstance(call, dict) or not {"inputs"} < set(call) <= allowed:
        raise NotDataError("a call in it is not one that prunelab wrote")
    raises = call.get("raises")
    if not isinstance(raises, str | None) or (raises is None) == ("output" not in call):
        raise NotDataError("a call in it neither answers nor raises")
    return {
        "inputs": call["inputs"],
        "raises": None if raises is None else _short(raises),
        "output": decoder.decode(call.get("output"), 0),
        "changes": call.get("changes") is True,
    }


def _digest(inputs):
    """A digest of a check's inputs to a function: numbers, arrays, lists, fitted trees."""
    try:
        text = canonical_json(encode(inputs))
    except NotDataError as error:
        text = str(error)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _disturb(inputs):
    """Change the first number of each array, to replay that the function changed its inputs."""
    for value in inputs:
        if isinstance(value, list | tuple):
            _disturb(value)
        elif isinstance(value, np.ndarray) and value.size and value.flags.writeable:
            first = value.flat[0]
            value.flat[0] = 1 - first if np.isfinite(first) else 0


def _short(sentence):
    return " ".join("".join(c if c.isprintable() else " " for c in sentence).split())[:200]


def was_tried(key):
    """Whether the progress file holds an answer to an exercise, right or wrong."""
    entry = ProgressBook().get("answers", key)
    return entry is not None and "answer" in entry


def record_solution(key):
    """Record in the progress file that the solution of an exercise was shown, and when first."""

    def updated(entry):
        entry = entry or {}
        return entry if "solution" in entry else entry | {"solution": now()}

    try:
        ProgressBook().change("answers", key, updated)
    except (ProgressError, KeyError, TypeError) as error:
        _say_once(error)


_COMPLAINED: set[str] = set()  # each message is shown once per notebook


def record(key, right, sentence, answer):
    """Put one checked answer into the progress file; a wrong one never replaces a right one.

    key: "chapter.exercise". answer: the data of `Transcript.data`. If the progress file cannot be
    written, a message says so once, and the verdict is still shown.
    """

    def updated(entry):
        entry = {"tries": 0, "right": False, "first": now()} | (entry or {})
        tries = entry["tries"] if type(entry["tries"]) is int else 0
        entry |= {"tries": tries + 1, "last": now()}
        if right or entry["right"] is not True:
            entry |= {"right": bool(right), "sentence": sentence, "answer": answer}
        return entry

    try:
        try:
            ProgressBook().change("answers", key, updated)
        except ProgressError:
            if "value" not in answer and "calls" not in answer:
                raise
            answer = {"unwritten": "it is too long"}
            ProgressBook().change("answers", key, updated)
    except (ProgressError, KeyError, TypeError) as error:
        _say_once(error)


def _say_once(error):
    if str(error) not in _COMPLAINED:
        _COMPLAINED.add(str(error))
        print(f"(not recorded: {error})")
