#!/bin/sh
# Centralized, federated and local-only training on each of the three tasks, on the same questions.
set -eu
. "$(dirname "$0")/study.sh"

for task in $three_tasks; do
    setting "central_$task" --module train_centralized --task "$task"
    setting "federated_$task" --module train_homo_fed --task "$task"
    setting "local_only_$task" --module train_homo_fed --task "$task" --aggregate_method none
done

report
