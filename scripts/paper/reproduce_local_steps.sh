#!/bin/sh
# Local steps E = 1, 3, 5, 10, heterogeneous and homogeneous (paper: Table 1, E = 3, 5, 10).
set -eu
. "$(dirname "$0")/../lib/study.sh"

for steps in 1 3 5 10; do
    heterogeneous "hetero_E$steps" --local_steps "$steps" "$@"
    homogeneous "homo_E$steps" --local_steps "$steps" "$@"
done

report
