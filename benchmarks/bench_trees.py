"""Walk a pruning path and score every subtree: one fit, against the recipe of a refit per alpha.

    python benchmarks/bench_trees.py            all refits, several minutes
    python benchmarks/bench_trees.py --refits 20  a sample of the refits, extrapolated, marked "~"

Both sides run in one process on one thread and must agree: the refit at each midpoint scores as
the path says. The recipe is that of scikit-learn's gallery, "Post pruning decision trees with cost
complexity pruning": cost_complexity_pruning_path, then fit and score for each of its alphas.
"""

import argparse
import time

import numpy as np
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from prunelab.trees import cost_complexity_path

NOISY = {"n_features": 20, "n_informative": 5, "flip_y": 0.3, "random_state": 0}
REPEATS = 5


def by_path(data):
    """(the path, its scores, mean seconds of the fit, the path, the scoring) over a few runs."""
    x_train, x_val, y_train, y_val = data
    runs = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        tree = DecisionTreeClassifier(random_state=0).fit(x_train, y_train)
        fitted = time.perf_counter()
        path = cost_complexity_path(tree)
        walked = time.perf_counter()
        scores = path.scores(x_val, y_val)
        runs.append(np.diff([start, fitted, walked, time.perf_counter()]))
    return path, scores, np.mean(runs, axis=0)


def by_recipe(data, refits):
    """(alphas that are refitted, their scores, seconds for all alphas, whether extrapolated)."""
    x_train, x_val, y_train, y_val = data
    start = time.perf_counter()
    tree = DecisionTreeClassifier(random_state=0)
    alphas = tree.cost_complexity_pruning_path(x_train, y_train).ccp_alphas
    alphas = np.unique(np.maximum(alphas, 0))  # a refit refuses -1e-16
    opening = time.perf_counter() - start
    count = len(alphas) if refits is None else min(refits, len(alphas))
    chosen = np.unique(np.linspace(0, len(alphas) - 1, count).astype(int))
    start = time.perf_counter()
    for alpha in alphas[chosen]:
        tree = DecisionTreeClassifier(random_state=0, ccp_alpha=alpha).fit(x_train, y_train)
        tree.score(x_val, y_val)
    each = (time.perf_counter() - start) / len(chosen)
    return len(alphas), opening + each * len(alphas), len(chosen) < len(alphas)


def check(path, scores, data, most=8):
    """Refit at a few midpoints and compare: the two sides must mean the same subtrees."""
    x_train, x_val, y_train, y_val = data
    for k in np.unique(np.linspace(0, len(path) - 2, most).astype(int)):
        alpha = np.sqrt(path.ccp_alphas[k] * path.ccp_alphas[k + 1])
        refit = DecisionTreeClassifier(random_state=0, ccp_alpha=alpha).fit(x_train, y_train)
        assert refit.get_n_leaves() == path.n_leaves[k]
        assert refit.score(x_val, y_val) == scores[k]


def compare(name, data, wanted, refits):
    """Print one line of the comparison; True if the ratio wanted is reached."""
    path, scores, parts = by_path(data)
    check(path, scores, data)
    n_alphas, seconds, guessed = by_recipe(data, refits)
    # Again after the long side, so that a machine growing busy slows both.
    parts = (parts + by_path(data)[2]) / 2
    ratio = seconds / parts.sum()
    fit, walk, score = 1000 * parts
    print(
        f"{name}: {path.n_leaves[0]} leaves, {n_alphas} alphas, {len(path)} subtrees\n"
        f"  one fit {fit:.1f} ms + path {walk:.1f} ms + all scores {score:.1f} ms"
        f" = {parts.sum():.3f} s\n"
        f"  refit per alpha {'~' if guessed else ''}{seconds:.3f} s: "
        f"{'~' if guessed else ''}{ratio:.0f} times (wanted: {wanted})",
        flush=True,
    )
    return ratio >= wanted


def growth():
    """Path and scores as the data grows: linear in the rows, whatever the number of subtrees."""
    print("growth, noisy data: rows, subtrees, path ms, scores ms of 20 000 rows, of 200 000 rows")
    x_more, y_more = make_classification(200_000, **NOISY | {"random_state": 1})
    for n in (2_500, 5_000, 10_000, 20_000, 40_000):
        x, y = make_classification(n, **NOISY)
        tree = DecisionTreeClassifier(random_state=0).fit(x, y)
        start = time.perf_counter()
        path = cost_complexity_path(tree)
        times = [time.perf_counter() - start]
        for rows in (20_000, 200_000):
            start = time.perf_counter()
            path.scores(x_more[:rows], y_more[:rows])
            times.append(time.perf_counter() - start)
        print(f"  {n:6d} {len(path):5d} " + " ".join(f"{1000 * t:8.1f}" for t in times), flush=True)


def main():
    """Run the two comparisons and the growth table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--refits", type=int, help="refit only so many alphas, and extrapolate")
    refits = parser.parse_args().refits
    growth()
    cancer = train_test_split(*load_breast_cancer(return_X_y=True), random_state=0)
    noisy = train_test_split(*make_classification(20_000, **NOISY), test_size=0.3, random_state=0)
    reached = [
        compare("breast cancer", cancer, 5, None),
        compare("noisy, 20 000 x 20", noisy, 200, refits),
    ]
    raise SystemExit(not all(reached))


if __name__ == "__main__":
    main()
