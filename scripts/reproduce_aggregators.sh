#!/bin/sh
# Ways to aggregate, homogeneous and heterogeneous (paper: Figure 6a and Table 4).
set -eu
. "$(dirname "$0")/study.sh"

for method in concat summarization sum_uid uid_select none; do
    homogeneous "homo_$method" --aggregate_method "$method"
    heterogeneous "hetero_$method" --aggregate_method "$method"
done

report
