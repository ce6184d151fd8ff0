"""What the chapter on schedules shows as tfmot's answer is what tfmot answers."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parents[2] / "course" / "data"


def test_the_stored_answer_is_what_tfmot_says_when_it_is_asked_again():
    program = [sys.executable, DATA / "ask_tfmot.py"]
    again = json.loads(subprocess.run(program, capture_output=True, check=True).stdout)
    stored = json.loads((DATA / "tfmot_answer.json").read_text())
    assert np.allclose(stored.pop("sparsity"), again.pop("sparsity"), rtol=0, atol=1e-7)
    assert stored == again
