# Shared by the studies: start the study that is named like the script.
#     TEST_ENGINE=ollama-llama3.1 sh scripts/paper/fig2a_local_steps.sh [option ...]
# Options are those of `python -m utils.studies` and of main.py, such as --dry_run.
# TEST_ENGINE         engine in place of Llama-3.1-8B; --engines names those of other models
# PROTOCOL            paper (default) or corrected, which is this project's own defaults
# REPEATS=3           run every setting with three seeds
# LOG_DIR             parent of the results folder (logs)
# SMOKE=1             tiny runs on the simulated engine, to check that everything works

name=$(basename "$0" .sh)
cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/integer.sh
require_integer REPEATS "${REPEATS:-1}" 1 10000
exec "$python" -m utils.studies "$name" --repeats "${REPEATS:-1}" ${SMOKE:+--smoke} \
    ${TEST_ENGINE:+--engines "Llama-3.1-8B=$TEST_ENGINE"} ${PROTOCOL:+--protocol "$PROTOCOL"} \
    ${LOG_DIR:+--log_dir "$LOG_DIR"} "$@"
