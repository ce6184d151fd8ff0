"""The stored runs of the digits: of the arms the tool names, and believable as such."""

from pathlib import Path

from prunelab.base.json_files import load_record
from prunelab.experiments.digits import digits
from tools.digits_runs import ARMS, SEEDS, trained

STORED = Path(__file__).resolve().parents[2] / "course" / "data" / "digits_runs.json"


def test_every_arm_and_seed_is_there_with_the_weights_its_ramp_leaves():
    rows = {(row["arm"], row["seed"]): row for row in load_record(STORED)["rows"]}
    assert sorted(rows) == sorted((arm, seed) for arm in ARMS for seed in SEEDS)
    hidden, output = 64 * 64 + 64 * 32, 32 * 10
    for (arm, _), row in rows.items():
        zeros = ARMS[arm].get("sparsity") or ARMS[arm].get("cut")
        if zeros:
            assert abs(row["nonzeros"] - hidden * (1 - zeros) - output) <= 4
        assert len(row["left"]) == len(row["size"]) == 64
        for part in ("train", "val", "test"):
            assert 0.1 < row[part] <= 1
            if not arm.startswith("cut"):
                assert row[part] > 0.8


def test_a_short_run_prunes_what_it_is_asked_and_shakes_without_a_mask():
    rows = digits(0)
    shaken = trained("shake", 0, rows, epochs=1, shake=0.75)
    kernel = shaken.get_layer("hidden_1").kernel.numpy()
    alive = rows.x_train.any(axis=0)  # a pixel that is never lit has no gradient
    assert (kernel[alive] == 0).mean() < 0.05
