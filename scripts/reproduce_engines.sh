#!/bin/sh
# Engines whose prompt is trained: ENGINES names them, EVALUATION_ENGINE judges, criticizes and rewrites for all.
set -eu
. "$(dirname "$0")/study.sh"

[ -z "${SMOKE:-}" ] || ENGINES="simulated simulated:base=0.5"
for engine in ${ENGINES:-$TEST_ENGINE}; do
    homogeneous "$(printf %s "$engine" | tr -c 'A-Za-z0-9._-' _)" --test_engine "$engine"
done

report
