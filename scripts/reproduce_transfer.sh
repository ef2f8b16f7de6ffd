#!/bin/sh
# Prompt transfer: trained on TEST_ENGINE, tested also on TRANSFER_ENGINES.
set -eu
. "$(dirname "$0")/study.sh"

[ -z "${SMOKE:-}" ] || TRANSFER_ENGINES="simulated:base=0.5"
: "${TRANSFER_ENGINES:?set TRANSFER_ENGINES to the engines on which the prompt is tested besides}"
# shellcheck disable=SC2086  # a word an engine
homogeneous homo --transfer_engine $TRANSFER_ENGINES
# shellcheck disable=SC2086
heterogeneous hetero --transfer_engine $TRANSFER_ENGINES

report
