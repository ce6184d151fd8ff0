#!/bin/sh
# Make .venv hold exactly what requirements.lock says, and do nothing where it already does.
# `make setup` runs it from the root of the checkout. PYTHON=… chooses the interpreter.
set -eu

# Also in pyproject.toml as requires-python; tests/house/test_pins.py compares the two.
OLDEST=3.11
NEWEST=3.13

VENV=.venv
PY=$VENV/bin/python
STAMP=$VENV/prunelab-installed     # what was installed: written last, so only after success
BEGUN=$VENV/prunelab-installing    # an install that was begun and, if it is still there, cut short

say() { printf '%s\n' "$*" >&2; }
fail() { say "setup: $*"; exit 1; }

suits() {
    "$1" -c "import sys
low, high = ([int(n) for n in v.split('.')] for v in ('$OLDEST', '$NEWEST'))
sys.exit(not low <= list(sys.version_info[:2]) <= high)" >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        suits "$PYTHON" || fail "PYTHON=$PYTHON is not a Python from $OLDEST to $NEWEST."
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.13 python3.12 python3.11 python; do
        if suits "$candidate"; then echo "$candidate"; return; fi
    done
    fail "no Python from $OLDEST to $NEWEST is on PATH; install one, or name it: make setup PYTHON=/path/to/python3"
}

# Scripts in a venv and the editable install hold absolute paths, so the place is part of the stamp.
wanted() { pwd; cat requirements.lock pyproject.toml; }

version_of() { "$1" -c 'import sys; print(*sys.version_info[:2], sep=".")'; }

check_choice() {
    # An interpreter asked for by name must not be ignored because another venv is there already.
    suits "$PYTHON" || fail "PYTHON=$PYTHON is not a Python from $OLDEST to $NEWEST."
    [ "$(version_of "$PYTHON")" = "$(version_of "$PY")" ] ||
        fail ".venv has Python $(version_of "$PY"), not that of PYTHON=$PYTHON; run \`make clean\` first."
}

works() { [ -x "$PY" ] && "$PY" -c '' 2>/dev/null; }

if works && [ -n "${PYTHON:-}" ]; then check_choice; fi
if works && wanted | cmp -s - "$STAMP"; then exit 0; fi

# A package cut short while it was copied can look installed: such a .venv is begun afresh.
# So is one that was moved here from elsewhere, or whose Python has gone.
moved() { [ -f "$STAMP" ] && [ "$(head -n 1 "$STAMP")" != "$(pwd)" ]; }
if [ -e "$BEGUN" ] || moved || ! works; then rm -rf "$VENV"; fi

if [ ! -d "$VENV" ]; then
    base=$(find_python)
    say "setup: making .venv with $base (Python $(version_of "$base"))"
    # Debian ships Python without ensurepip; its pip can still install into a venv from outside.
    if "$base" -c 'import ensurepip' 2>/dev/null; then
        "$base" -m venv "$VENV"
    elif command -v uv >/dev/null || "$base" -m pip --version >/dev/null 2>&1; then
        "$base" -m venv --without-pip "$VENV"
    else
        fail "$base has neither ensurepip nor pip; install them (Debian: apt-get install python3-venv)."
    fi
fi

if command -v uv >/dev/null; then
    install() { uv pip install --quiet --python "$PY" "$@"; }
elif "$PY" -m pip --version >/dev/null 2>&1; then
    install() { "$PY" -m pip install --quiet --disable-pip-version-check "$@"; }
else
    base=$(find_python)
    "$base" -m pip --version >/dev/null 2>&1 || fail ".venv has no pip and $base has none to lend; run \`make clean\` and try again."
    install() { "$base" -m pip --python "$PY" install --quiet --disable-pip-version-check "$@"; }
fi

say "setup: installing requirements.lock (about 150 packages; a few minutes the first time)"
rm -f "$STAMP"
: > "$BEGUN"
install --require-hashes -r requirements.lock
install --no-deps --no-build-isolation -e .
wanted > "$BEGUN"
mv "$BEGUN" "$STAMP"
say "setup: done"
