#!/bin/sh
# Batch size B = 1, 3, 10, heterogeneous (paper: Table 1; LOCAL_STEPS="3 5 10" runs all its rows).
set -eu
. "$(dirname "$0")/../lib/study.sh"

for steps in ${LOCAL_STEPS:-3}; do
    require_integer LOCAL_STEPS "$steps" 1 1000000
    for batch in 1 3 10; do
        heterogeneous "hetero_E${steps}_B$batch" --local_steps "$steps" --batch_size "$batch" "$@"
    done
done

report
