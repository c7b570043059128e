#!/usr/bin/env bash
# Pins the newest versions pyproject.toml allows, with everything they need in turn:
# requirements.lock for running Archiver, requirements-dev.lock for what testing it adds.
#
#   PYTHON=/usr/bin/python3 ./lock.sh
#
# Run it on Debian 12, with its own Python 3.11.2: some packages take 3.11.5 and newer only, and a lock
# made there would not install on Debian 12.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

python=${PYTHON:-python3.11}
"$python" -c 'import sys; sys.exit(sys.version_info[:3] != (3, 11, 2))' ||
    { printf '%s\n' "lock: $("$python" --version) is not Debian 12's 3.11.2; name that with PYTHON=…" >&2; exit 1; }

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$python" -m venv "$fresh/env"
pip() { "$fresh/env/bin/python" -m pip --quiet --no-input "$@"; }
pinned() { pip freeze --all --exclude pip --exclude records-archiver | LC_ALL=C sort; }

pip uninstall --yes setuptools
pip install .
pinned >"$fresh/run"
pip install --constraint "$fresh/run" ".[dev]" "setuptools>=77"
pinned | LC_ALL=C comm -13 "$fresh/run" - >"$fresh/dev"
cp "$fresh/run" requirements.lock
cp "$fresh/dev" requirements-dev.lock
