#!/bin/sh
# Batch size B = 1, 3, 10 (paper: Table 1, heterogeneous; with LOCAL_STEPS=3, 5, 10 its rows).
set -eu
. "$(dirname "$0")/study.sh"

for steps in ${LOCAL_STEPS:-3}; do
    for batch in 1 3 10; do
        heterogeneous "hetero_E${steps}_B$batch" --local_steps "$steps" --batch_size "$batch"
    done
done

report
