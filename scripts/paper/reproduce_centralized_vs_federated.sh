#!/bin/sh
# Centralized, federated and local-only training on each of three tasks, with the same questions.
set -eu
. "$(dirname "$0")/../lib/study.sh"

for task in $three_tasks; do
    name=$(file_name "${task##*/}")
    setting "central_$name" --module train_centralized --task "$task" "$@"
    setting "federated_$name" --module train_homo_fed --task "$task" "$@"
    setting "local_only_$name" --module train_homo_fed --task "$task" --aggregate_method none "$@"
done

report
