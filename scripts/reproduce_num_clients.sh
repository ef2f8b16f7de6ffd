#!/bin/sh
# Number of clients N = 1, 3, 5, 10, homogeneous, as far as the data allows (a client holds at least one batch).
set -eu
. "$(dirname "$0")/study.sh"

for clients in ${CLIENTS:-1 3 5 10}; do
    possible "N$clients" --num_clients "$clients" || break
    homogeneous "N$clients" --num_clients "$clients"
done

report
