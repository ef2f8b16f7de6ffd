#!/bin/sh
# Aggregation methods, homogeneous on each of three tasks and heterogeneous (paper: Figure 6a and Table 4).
set -eu
. "$(dirname "$0")/../lib/study.sh"

[ -n "${SMOKE:-}${TASK:-}" ] || one_task=$three_tasks

for method in concat summarization sum_uid uid_select none; do
    homogeneous "homo_$method" --aggregate_method "$method" "$@"
    heterogeneous "hetero_$method" --aggregate_method "$method" "$@"
done

report
