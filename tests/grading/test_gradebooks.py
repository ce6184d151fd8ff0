"""Gradebooks of Canvas and Moodle: the teacher's rows as they stand, and one column more."""

import csv
import io

import pytest

from prunelab.grading.grade import RIGHT, WRONG, Grade
from prunelab.grading.gradebooks import fill

GRADES = [
    Grade("a.json", None, "Ada Lovelace", marks={"x.q1": RIGHT, "x.q2": WRONG}),
    Grade("b.json", None, "hopper, grace", marks={"x.q1": RIGHT, "x.q2": RIGHT}),
    Grade("c.json", None, "Nobody Known", marks={"x.q1": RIGHT}),
    Grade("d.json", "it is not JSON"),
]
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,Essay (17)\n"
    "    Points Possible,,,,,10\n"
    '"Lovelace, Ada",1,s1,ada,A,7\n"Hopper, Grace",2,s2,grace,A,8\n"Turing, Alan",3,s3,alan,A,\n'
)
MOODLE = (
    "First name,Surname,ID number,Email address,Essay\n"
    "Ada,Lovelace,s1,ada@example.org,7\nGrace,Hopper,s2,grace@example.org,8\n"
    "Alan,Turing,s3,alan@example.org,\n"
)


def table(text):
    return list(csv.reader(io.StringIO(text)))


def test_canvas():
    done = fill(CANVAS, GRADES, 2)
    assert table(done.text) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "prunelab"],
        ["    Points Possible", "", "", "", "", "2"],
        ["Lovelace, Ada", "1", "s1", "ada", "A", "1"],
        ["Hopper, Grace", "2", "s2", "grace", "A", "2"],
        ["Turing, Alan", "3", "s3", "alan", "A", ""],
    ]
    assert done.nobody == ("Nobody Known",)
    assert done.missing == ("Turing, Alan",)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
def test_moodle_in_any_of_its_three_forms(sign):
    done = fill("\ufeff" + MOODLE.replace(",", sign), GRADES, 2)
    assert table(done.text) == [
        ["First name", "Surname", "ID number", "Email address", "prunelab"],
        ["Ada", "Lovelace", "s1", "ada@example.org", "1"],
        ["Grace", "Hopper", "s2", "grace@example.org", "2"],
        ["Alan", "Turing", "s3", "alan@example.org", ""],
    ]


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "Student\nAda\n"])
def test_what_neither_exports_is_refused(text):
    with pytest.raises(ValueError, match=r"^gradebook: its first line has neither"):
        fill(text, GRADES, 2)
