# What the run scripts share: which Python, which engines, how main.py is called.

python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=python3

# run_module MODULE TASK... -- [arguments of main.py]
run_module() {
    module=$1
    shift
    tasks=
    while [ "$1" != "--" ]; do
        tasks="$tasks $1"
        shift
    done
    shift
    # shellcheck disable=SC2086  # a word a task
    exec "$python" main.py --module "$module" --task $tasks \
        --test_engine "${TEST_ENGINE:-gpt-3.5-turbo-0125}" --evaluation_engine "${EVALUATION_ENGINE:-gpt-4o}" "$@"
}
