# What the studies (scripts/reproduce_*.sh) share. A study is a list of settings, each a run with a name of its own:
# started again, it goes on where it stopped and asks nothing twice. It ends in one report of all its runs.
#     TEST_ENGINE=ollama-llama3.1 sh scripts/reproduce_local_steps.sh [arguments of main.py]
# EVALUATION_ENGINE   judges, criticizes, rewrites and merges (default: TEST_ENGINE)
# TASK, TASKS         the task or tasks of homogeneous settings, and the three of heterogeneous ones
# REPEATS=3           every setting with three seeds; the report tells means over seeds and compares them
# LOG_DIR             holds the study's folder (default: logs)
# SMOKE=1             a tiny study on the simulated engine, to see that it works

cd "$(dirname "$0")/.."
python=${PYTHON:-.venv/bin/python}
[ -x "$python" ] || python=python3
study=$(basename "$0" .sh)
study=${study#reproduce_}
folder=${LOG_DIR:-logs}/$study
runs=

bbh="BBH_object_counting BBH_multistep_arithmetic_two"
if [ -n "${SMOKE:-}" ]; then
    folder=${LOG_DIR:-logs}/smoke_$study
    TEST_ENGINE=simulated EVALUATION_ENGINE=simulated
    one_task=RG_gcd three_tasks="RG_gcd RG_lcm RG_chain_sum"
else
    : "${TEST_ENGINE:?set TEST_ENGINE and EVALUATION_ENGINE, such as ollama-llama3.1; or SMOKE=1 to try the script}"
    EVALUATION_ENGINE=${EVALUATION_ENGINE:-$TEST_ENGINE}
    one_task=${TASK:-BBH_object_counting} three_tasks=${TASKS:-"$bbh GSM8K_DSPy"}
fi

# setting NAME [arguments of main.py]: one run of the study
setting() {
    name=$1
    shift
    smoke=
    [ -z "${SMOKE:-}" ] || smoke="--train_size 30 --val_size 6 --test_size 8 --rounds 1 --comet_mode disabled"
    echo "== $study: $name"
    # shellcheck disable=SC2086  # several words; arguments of the study's caller win, those of SMOKE win over all
    "$python" main.py --log_dir "$folder" --run_name "$name" --test_engine "$TEST_ENGINE" \
        --evaluation_engine "$EVALUATION_ENGINE" --repeats "${REPEATS:-1}" "$@" $given $smoke
    runs="$runs $folder/$name"
}

# homogeneous NAME [arguments]: one task over several clients, once for each word of TASK
homogeneous() {
    what=$1
    shift
    for task in $one_task; do
        plain=$(printf %s "${task##*/}" | tr -c 'A-Za-z0-9._-' _)
        setting "${what}_$plain" --module train_homo_fed --task "$task" "$@"
    done
}

# heterogeneous NAME [arguments]: one client a task
heterogeneous() { what=$1; shift; setting "$what" --module train_hetero_fed --task $three_tasks "$@"; }

# possible [as homogeneous]: whether there is data enough; says why not
possible() { ! homogeneous "$@" --dry_run 2>&1 | grep "too few for"; }

# report: all runs of the study side by side, in the study's folder
report() {
    # shellcheck disable=SC2086  # a word a run
    "$python" -m utils.report -o "$folder" $runs
}

given=$*
