#!/bin/sh
# LiveBench reasoning and mathematics, federated. The questions come from --data_dir or Hugging Face.
set -eu
. "$(dirname "$0")/../lib/study.sh"

tasks=${LIVEBENCH_TASKS:-"livebench_reasoning livebench_math"}
# LiveBench's questions cannot be generated: the smoke setting runs other tasks.
[ -z "${SMOKE:-}" ] || tasks=$three_tasks
for task in $tasks; do
    setting "$(file_name "$task")" --module train_homo_fed --task "$task" "$@"
done

report
