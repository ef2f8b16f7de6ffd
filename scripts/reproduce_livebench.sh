#!/bin/sh
# LiveBench: reasoning and mathematics, federated; the files come from --data_dir (see the README).
set -eu
. "$(dirname "$0")/study.sh"

tasks=${LIVEBENCH_TASKS:-"livebench_reasoning livebench_math"}
# LiveBench's questions are not generated: in the smoke setting other tasks show that the script works
[ -z "${SMOKE:-}" ] || tasks=$three_tasks
for task in $tasks; do
    setting "$task" --module train_homo_fed --task "$task"
done

report
