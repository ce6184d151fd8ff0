#!/bin/sh
# Keras 3's three backends in an environment of their own, .venv-backends, which `make setup` leaves
# out: about 3 GB, or 7 where pip finds only PyTorch's build with CUDA. `make backends-test` calls it.
#   sh tools/backends.sh install            make the environment, and do nothing where it is there
#   sh tools/backends.sh test [--after-test] [BACKEND …]
# runs tests/pruning on each backend and trains one seed of the article's run there; --after-test
# leaves out the tests on TensorFlow, which `make test` has run.
set -eu

VENV=.venv-backends
PY=$VENV/bin/python
STAMP=$VENV/prunelab-installed
TORCH=2.13.0                       # whose build without CUDA a machine may have at hand

wanted() { pwd; cat constraints.txt tools/backends.sh; }

install() {
    if [ -x "$PY" ] && wanted | cmp -s - "$STAMP"; then return; fi
    rm -rf "$VENV"
    .venv/bin/python -m venv "$VENV" 2>/dev/null || "${PYTHON:-python3}" -m venv "$VENV"
    "$PY" -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
        "keras>=3.8" tensorflow-cpu "jax[cpu]>=0.4.30,<0.12" "torch==$TORCH" \
        numpy scikit-learn tqdm threadpoolctl packaging psutil pytest hypothesis
    wanted > "$STAMP"
}

run() {
    begun=$(date +%s)
    echo "== $1"
    if [ -z "$tested" ] || [ "$1" != tensorflow ]; then
        KERAS_BACKEND=$1 TF_CPP_MIN_LOG_LEVEL=3 \
            "$PY" -m pytest tests/pruning -q -rs -p no:cacheprovider
    fi
    "$PY" -m tools.keras3_runs --check --backends "$1"
    echo "== $1: $(($(date +%s) - begun)) s"
}

case ${1:-} in
install) install ;;
test)
    shift
    tested=
    if [ "${1:-}" = --after-test ]; then
        tested=yes
        shift
    fi
    for backend in ${*:-tensorflow jax torch}; do run "$backend"; done ;;
*) echo "backends: write install or test" >&2; exit 2 ;;
esac
