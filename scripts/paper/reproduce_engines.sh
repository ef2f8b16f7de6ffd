#!/bin/sh
# Different test engines: ENGINES lists them; EVALUATION_ENGINE judges, criticizes and rewrites for all.
set -eu
. "$(dirname "$0")/../lib/study.sh"

[ -z "${SMOKE:-}" ] || ENGINES="simulated simulated:base=0.5"
for engine in ${ENGINES:-$TEST_ENGINE}; do
    homogeneous "$(file_name "$engine")" --test_engine "$engine" "$@"
done

report
