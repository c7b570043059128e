#!/usr/bin/env bash
# Pins the newest versions pyproject.toml allows, with everything they need in turn:
# requirements.lock for running Archiver, requirements-dev.lock for what testing it adds.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
python3.11 -m venv "$fresh/env" # the oldest Python supported: what suits it suits the newer ones
pip() { "$fresh/env/bin/python" -m pip --quiet --no-input "$@"; }
pinned() { pip freeze --all --exclude pip --exclude records-archiver | LC_ALL=C sort; }

pip uninstall --yes setuptools
pip install .
pinned >"$fresh/run"
pip install --constraint "$fresh/run" ".[dev]" "setuptools>=77"
pinned | LC_ALL=C comm -13 "$fresh/run" - >"$fresh/dev"
cp "$fresh/run" requirements.lock
cp "$fresh/dev" requirements-dev.lock
