#!/bin/sh
# Run the test suite. Quick subset, under a minute: sh scripts/test.sh -m quick
#     sh scripts/test.sh [argument of pytest ...]
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
exec .venv/bin/python -m pytest "$@"
