"""The page of the pruner: its example runs, and prints what the page says."""

import re
from pathlib import Path

import keras

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "pruning.md").read_text(encoding="utf-8")


def test_the_shortest_example_works_and_prints_what_the_page_shows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    keras.backend.clear_session()
    (code,) = re.findall(r"^```python\n(.+?)^```$", PAGE, re.M | re.S)
    (printed,) = re.findall(r"^It prints\n\n```\n(.+?)^```$", PAGE, re.M | re.S)
    exec(compile(code, "docs/pruning.md", "exec"), {})
    assert capsys.readouterr().out == printed
    again = keras.saving.load_model("pruned.keras")
    assert [layer.name for layer in again.layers if layer.weights] == [
        "dense",
        "dense_1",
        "dense_2",
    ]


def test_the_bridge_names_the_pruners_arguments():
    table = PAGE.partition("## From tfmot")[2].partition("## ")[0]
    for name in ("block_size", "block_pooling_type", "sparsity_m_by_n", "layers", "prune_output"):
        assert name in table
