# Shared by the run scripts and the studies: the Python to use, and the start of a run.

python=${PYTHON:-.venv/bin/python}
command -v "$python" >/dev/null || {
    echo "error: no Python at $python: run 'sh scripts/setup.sh', or set PYTHON" >&2
    exit 2
}
set -f  # the words of TASK, TASKS and the like are names, not file patterns

# run_module MODULE "TASK ..." [argument of main.py ...]: train; later arguments override earlier ones.
run_module() {
    module=$1 tasks=$2
    shift 2
    # shellcheck disable=SC2086  # one word per task
    exec "$python" main.py --module "$module" --task $tasks \
        --test_engine "${TEST_ENGINE:-gpt-3.5-turbo-0125}" --evaluation_engine "${EVALUATION_ENGINE:-gpt-4o}" "$@"
}
