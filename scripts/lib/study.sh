# Shared by the studies (scripts/paper/reproduce_*.sh). A study is a list of settings; each setting is one named run.
# Started again, a study resumes: no request is paid for twice. It ends with one report of all its runs.
#     TEST_ENGINE=ollama-llama3.1 sh scripts/paper/reproduce_local_steps.sh [argument of main.py ...]
# Each study passes its own arguments, "$@", last, so that they override those of a setting.
# EVALUATION_ENGINE   judges, criticizes, rewrites and merges (TEST_ENGINE)
# TASK, TASKS         tasks of the homogeneous settings, and the three tasks of the heterogeneous ones
# REPEATS=3           run every setting with three seeds; the report compares means over seeds
# LOG_DIR             parent of the study's folder (logs)
# SMOKE=1             tiny study on the simulated engine, to check that everything works

cd "$(dirname "$0")/../.."
. scripts/lib/common.sh
. scripts/lib/integer.sh
require_integer REPEATS "${REPEATS:-1}" 1 10000
study=$(basename "$0" .sh)
study=${study#reproduce_}
folder=${LOG_DIR:-logs}/$study
smoke=
runs=  # names, one word each

bbh="BBH_object_counting BBH_multistep_arithmetic_two"
if [ -n "${SMOKE:-}" ]; then
    folder=${LOG_DIR:-logs}/smoke_$study
    TEST_ENGINE=simulated EVALUATION_ENGINE=simulated
    one_task=RG_gcd three_tasks="RG_gcd RG_lcm RG_chain_sum"
    smoke="--train_size 30 --val_size 6 --test_size 8 --rounds 1 --comet_mode disabled"
else
    : "${TEST_ENGINE:?set TEST_ENGINE and EVALUATION_ENGINE, such as ollama-llama3.1; or SMOKE=1 to try the script}"
    EVALUATION_ENGINE=${EVALUATION_ENGINE:-$TEST_ENGINE}
    one_task=${TASK:-BBH_object_counting} three_tasks=${TASKS:-"$bbh GSM8K_DSPy"}
fi

# setting NAME [argument of main.py ...]: one run, which adopts every merge as in the paper; later arguments override earlier ones, and SMOKE overrides all.
setting() {
    run=$1
    shift
    echo "== $study: $run"
    # shellcheck disable=SC2086  # one word per argument
    "$python" main.py --log_dir "$folder" --run_name "$run" --test_engine "$TEST_ENGINE" \
        --evaluation_engine "$EVALUATION_ENGINE" --repeats "${REPEATS:-1}" --min_retention 0 --no_aggregate_gate \
        "$@" $smoke || stopped $?
    runs="$runs $run"
}

# stopped STATUS: end the study, and say how to continue it.
stopped() {
    echo "the study stopped at $run: start it again to continue, with any option that the message above changes" >&2
    exit "$1"
}

# homogeneous NAME [argument ...]: one task split over several clients; one run per word of TASK.
homogeneous() {
    prefix=$1
    shift
    for task in $one_task; do
        setting "${prefix}_$(file_name "${task##*/}")" --module train_homo_fed --task "$task" "$@"
    done
}

# heterogeneous NAME [argument ...]: three tasks, one client per task.
heterogeneous() {
    prefix=$1
    shift
    # shellcheck disable=SC2086  # one word per task
    setting "$prefix" --module train_hetero_fed --task $three_tasks "$@"
}

# file_name TEXT: print the text with each character replaced that is not allowed in a run's name.
file_name() {
    printf %s "$1" | tr -c 'A-Za-z0-9._-' _
}

# enough_data NAME [argument ...]: succeed if the data suffices for this homogeneous setting; else print the reason.
enough_data() {
    ! homogeneous "$@" --dry_run 2>&1 | grep "too few for"
}

# report: write one report of all the study's runs into its folder.
report() {
    set --
    for run in $runs; do
        set -- "$@" "$folder/$run"
    done
    "$python" -m utils.report -o "$folder" "$@"
}
