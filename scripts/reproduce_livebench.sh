#!/bin/sh
# LiveBench: reasoning and mathematics, federated; the files come from --data_dir (see the README).
set -eu
. "$(dirname "$0")/study.sh"

tasks=${LIVEBENCH_TASKS:-"livebench_reasoning livebench_math"}
[ -z "${SMOKE:-}" ] || tasks=$three_tasks  # LiveBench's questions are not generated: other tasks show that the script works
for task in $tasks; do
    setting "$task" --module train_homo_fed --task "$task"
done

report
