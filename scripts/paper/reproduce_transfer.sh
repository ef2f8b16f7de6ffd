#!/bin/sh
# Prompt transfer: train with TEST_ENGINE, then also test with each of TRANSFER_ENGINES.
set -eu
. "$(dirname "$0")/../lib/study.sh"

[ -z "${SMOKE:-}" ] || TRANSFER_ENGINES="simulated:base=0.5"
: "${TRANSFER_ENGINES:?set TRANSFER_ENGINES to further engines to test the trained prompt with}"
# shellcheck disable=SC2086  # one word per engine
homogeneous homo --transfer_engine $TRANSFER_ENGINES "$@"
# shellcheck disable=SC2086
heterogeneous hetero --transfer_engine $TRANSFER_ENGINES "$@"

report
