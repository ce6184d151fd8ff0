"""A class of submissions: honest, wrong and hostile ones, for the tests of grading."""

import gzip
import json
import os
import random
from functools import cache

from prunelab.base.json_files import sha256
from prunelab.predictions import Axis, ChoiceQuestion, NumberQuestion
from prunelab.progress.book import empty
from prunelab.progress.submissions import KIND
from prunelab.progress.transcripts import Transcript
from tests.exercises.answers import RIGHT, WRONG

RANGE = NumberQuestion("How many zeros?", Axis(0, 100, "zeros", "%"))
WHICH = ChoiceQuestion("Which is lower?", ["a", "b"])
RUN = {"n_weights": 100, "nonzeros": 25, "validation_loss": 0.004}
NAMES = ("Ada", "Grace Hopper", "Émilie du Châtelet", "Наталья", "王小云", "O'Neil, Cathy")


def entry(exercise, answer):
    """What a check records of an answer."""
    transcript = Transcript()
    right, sentence = exercise.verdict(answer, transcript)
    return {"tries": 1, "right": right, "first": "x", "last": "x", "sentence": sentence,
            "answer": transcript.data()}  # fmt: skip


@cache
def known_entries():
    """{key: ([entries of right answers], [entries of wrong ones])}."""
    found = {}
    for exercise, answers in RIGHT:
        found[exercise.key] = ([entry(exercise, answer) for answer in answers], [])
    for exercise, answer, words in WRONG:
        if "longer than" not in words:  # they take ten seconds each
            found[exercise.key][1].append(entry(exercise, answer))
    return found


def a_prediction(rng):
    """(key, entry, whether it held, or None where nothing was revealed)."""
    low = rng.randint(0, 80)
    guess = RANGE.guess({"value": low + 5, "low": low, "high": low + 10})
    question = NumberQuestion(f"How many zeros, {rng.random()}?", RANGE.axis)
    truth = question.truth(rng.randint(0, 100)) if rng.random() < 0.8 else None
    held = None if truth is None else low <= truth["value"] <= low + 10
    made = {"question": question.to_dict(), "guess": guess, "truth": truth, "locked": "x"}
    return question.key, made, held


def text_of(name, progress, /, **more):
    """A submission as the text of its file."""
    values = {"kind": KIND, "name": name, "made": "2026-01-31T12:00:00Z", "progress": progress}
    return json.dumps(values | {"digest": sha256(progress)} | more)


def honest(rng, entries):
    """(text of a file, {exercise: right?}, how many ranges held, of how many)."""
    progress, truth, held = empty(), {}, []
    for key, (right, wrong) in entries.items():
        chosen = rng.choice(["right", "right", "wrong", "none"])
        if chosen == "none":
            continue
        truth[key] = chosen == "right"
        progress["answers"][key] = rng.choice(right if chosen == "right" else wrong)
    for _ in range(rng.randint(0, 5)):
        key, made, was_held = a_prediction(rng)
        progress["predictions"][key] = made
        held += [] if was_held is None else [was_held]
    progress["runs"] = {f"run{at}": RUN for at in range(rng.randint(0, 3))}
    return text_of(rng.choice(NAMES), progress), truth, held


def liars(entries):
    """Files that read well and lie: {name: (text, exercise, the mark it must get)}."""
    wrong = entries["schedule_the_sparsity.q1"][1][0]
    function = entries["mask_small_weights.q1"]
    lie = empty() | {"answers": {"schedule_the_sparsity.q1": wrong | {"right": True}}}
    bent = json.loads(json.dumps(function[0][0]))
    for call in bent["answer"]["calls"]:
        call["output"] = 0.5
    borrowed = entries["mask_small_weights.q3"][0][0]
    made = {
        "claims": (lie, "schedule_the_sparsity.q1", "not yet"),
        "bent": (empty() | {"answers": {"mask_small_weights.q1": bent}},
                 "mask_small_weights.q1", "not yet"),
        "borrowed": (empty() | {"answers": {"mask_small_weights.q1": borrowed}},
                     "mask_small_weights.q1", "not yet"),
    }  # fmt: skip
    return {
        name: (text_of(name, progress), key, mark) for name, (progress, key, mark) in made.items()
    }


MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)>"
FORMULAS = (
    "a;=1+1",
    "a,\t@SUM(A1)",
    "a ; +1",
    '=HYPERLINK("http://x","y")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "|calc",
)


def odd_names():
    """Names that are no names, in files that are otherwise well: {file: text}."""
    names = [
        MARKUP,
        *FORMULAS,
        "\u202eevil",
        "\u2066a\u2069\ufeff\u200b",
        "a\nb\r\n=1",
        "x" * 100_000,
        "\ud800",
        "../../etc/passwd",
        "\x00\x1b[31m",
        '" onmouseover="alert(1)',
        'name,with;"quotes"',
    ]
    return {f"odd-{at}.json": text_of(name, empty()) for at, name in enumerate(names)}


def hostile_progress():
    """Files whose parts are not what they should be; they are read, and marked: {file: text}."""
    question = RANGE.to_dict()
    answers = [
        {"answer": None}, {"answer": {"value": {"is": "list", "items": [0] * 90_000}}}, {},
        {"answer": {"calls": [{"inputs": "0", "output": 1.0}] * 900}, "right": True},
        {"answer": {"value": {"is": "array", "dtype": "O", "shape": [1], "items": ["os"]}}},
        {"answer": {"value": "nan"}, "right": "yes"}, {"answer": {"value": 1e308}},
        {"answer": {"value": MARKUP}}, {"answer": {"value": {"is": "dict", "items": [["x", 1]]}}},
        {"answer": {"value": {"is": "array", "dtype": "f8", "shape": [2**40], "items": []}}},
    ]  # fmt: skip
    predictions = [
        {}, {"question": 3, "guess": None}, {"question": question, "guess": {"value": "x"}},
        {"question": question | {"text": MARKUP}, "truth": {"value": 1e308, "interval": None},
         "guess": {"value": 5, "low": 1, "high": 9}},
        {"question": question | {"axis": {"low": 0}}, "guess": {}},
        {"question": question, "guess": {"value": 5, "low": 1, "high": 9}, "truth": [1]},
    ]  # fmt: skip
    keys = (
        "schedule_the_sparsity.q1", "choose_the_pruned_tree.q2", "mask_small_weights.q4", "x.q1",
    )  # fmt: skip
    made = {}
    for at, answer in enumerate(answers):
        progress = empty()
        progress["answers"] = dict.fromkeys(keys, answer)
        progress["predictions"] = {str(n): p for n, p in enumerate(predictions)}
        progress["runs"] = {"a": {}, "b": {"n_weights": "x"}, "c": RUN | {"nonzeros": 1e99}}
        made[f"hostile-{at}.json"] = text_of(f"hostile {at}", progress)
    return made


def refused():
    """Files that are no submissions: {file: bytes}."""
    good = empty()
    deep = '{"a":' * 50_000 + "1" + "}" * 50_000
    files = {
        "empty.json": "",
        "cut.json": text_of("cut", good)[:-5],
        "list.json": "[]",
        "null.json": "null",
        "nan.json": text_of("nan", good).replace('"format": 1', '"format": NaN'),
        "huge-number.json": text_of("n", good).replace('"format": 1', '"format": 1e999'),
        "digits.json": text_of("d", good).replace('"format": 1', '"format": ' + "9" * 10_000),
        "deep.json": deep,
        "brackets.json": "[" * 900_000,
        "twice.json": '{"kind": 1, "kind": 2}',
        "kind.json": text_of("k", good, kind="virus"),
        "name.json": text_of("n", good, name=["x"]),
        "more.json": text_of("m", good, code="print()"),
        "digest.json": text_of("d", good, digest="0"),
        "digest-type.json": text_of("d", good, digest={"a": [1]}),
        "part.json": text_of("p", {"format": 1}),
        "entries.json": text_of("e", good | {"answers": {"a": 3}}),
        "surrogate.json": '{"\\ud800": 1}',
        "giant.json": '{"x": "' + "y" * 6_000_000 + '"}',
    }
    files = {name: text.encode() for name, text in files.items()}
    return files | {
        "utf16.json": text_of("u", good).encode("utf-16"),
        "bomb.json": gzip.compress(bytes(50_000_000)),
        "bomb.zip": b"PK\x03\x04" + gzip.compress(bytes(50_000_000)),
        "wide.json": text_of("w", good | {"answers": {str(n): {} for n in range(100_000)}})
        .replace('"format": 1', '"format": Infinity')
        .encode(),
        "latin.json": b'{"name": "\xe9"}',
        "zip.json": b"PK\x03\x04" + bytes(100),
        "pickle.json": b"cos\nsystem\n(S'touch owned'\ntR.",
        "work.zip": b"PK\x03\x04",
        "work.pkl": b"\x80",
        "notebook.ipynb": b"{}",
        "no_ending": b"{}",
        "=cmd|calc.json": b"{",
        "<b>.json": b"{",
    }


def special(folder):
    """Links, pipes and folders where files should be; returns how many were made."""
    outside = folder.parent / "outside.json"
    outside.write_text(text_of("outside", empty()))
    (folder / "link.json").symlink_to(outside)
    (folder / "nowhere.json").symlink_to(folder / "gone")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "pipe.json")
    (folder / ".hidden.json").write_text("{")
    (folder / "an_empty_folder.json").mkdir()
    with open(os.fsencode(folder) + b"/\xff\xfe.json", "wb") as file:
        file.write(b"{")
    return 5


def held_of(held):
    """What the table must say of the ranges."""
    return sum(held), len(held)


def rng_of(seed):
    """A generator of its own, so that the class is the same each time."""
    return random.Random(seed)
