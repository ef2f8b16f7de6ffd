#!/bin/sh
# Number of clients N = 1, 3, 5, 10, homogeneous. Stops at the first N that leaves a client less than one batch.
set -eu
. "$(dirname "$0")/../lib/study.sh"

for clients in ${CLIENTS:-1 3 5 10}; do
    require_integer CLIENTS "$clients" 1 1000000
    enough_data "N$clients" --num_clients "$clients" "$@" || break
    homogeneous "N$clients" --num_clients "$clients" "$@"
done

report
