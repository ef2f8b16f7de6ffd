# What flower_local.sh and flower_tls.sh share: a SuperLink and the sites of a run on this machine, and a clean stop.
# From outside: PYTHON; ENGINE of server and sites; PORT of the SuperLink; NODE_PORT of the first site, others follow.

python=${PYTHON:-.venv/bin/python}
command -v "$python" >/dev/null || python=python3
PATH=$(cd "$(dirname "$(command -v "$python")")" && pwd):$PATH
export PATH PYTHONPATH="$PWD" FLWR_TELEMETRY_ENABLED=0 FLWR_DISABLE_UPDATE_CHECK=1
engine=${ENGINE:-simulated:topics=4}
port=${PORT:-8000}
node_port=${NODE_PORT:-9094}
pids=
# Where it can be had: ctrl-C then reaches the run alone, which tells the SuperLink to stop before that is stopped.
apart=$(command -v setsid || true)
umask 077

[ $# -ge 1 ] || { echo "usage: sh $0 FOLDER [arguments of main.py]" >&2; exit 2; }
command -v flower-superlink >/dev/null || {
    echo "error: Flower is missing: pip install -r scripts/requirements-flower.txt" >&2; exit 2; }
mkdir -p "$1"
work=$(cd "$1" && pwd)
shift

# descendants: the processes that ours have started, one a line.
descendants() {
    command -v ps >/dev/null || return 0
    ps -A -o pid= -o ppid= | awk -v ours="$pids" '
        BEGIN { split(ours, list, " "); for (i in list) found[list[i]] }
        { parent[$1] = $2 }
        END {
            do {
                grown = 0
                for (pid in parent) if (!(pid in found) && parent[pid] in found) { print pid; found[pid]; grown = 1 }
            } while (grown)
        }'
}

# shellcheck disable=SC2086  # a word a process
stop() {
    trap - EXIT INT TERM
    [ -n "$pids" ] || return 0
    # Flower's helpers look only every few seconds whether they are still needed: they are told, and waited for.
    helpers=$(descendants)
    kill $pids $helpers 2>/dev/null || true
    wait $pids 2>/dev/null || true
    tries=0
    until [ -z "$helpers" ] || [ $tries -gt 50 ] || ! ps -o stat= -p "$(echo $helpers | tr ' ' ,)" | grep -qv '^Z'; do
        tries=$((tries + 1))
        sleep 0.2
    done
    [ $tries -le 50 ] || kill -9 $helpers 2>/dev/null || true
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Deals the data to $work/site-0 ..., as a run on one machine would deal it to its clients.
deal() {
    "$python" -m utils.flower.export_shards --to "$work" --test_engine "$engine" --evaluation_engine "$engine" "$@"
}

# superlink [options]: with its state in $work/superlink and the run's results in $work/server/logs.
superlink() {
    mkdir -p "$work/superlink" "$work/server"
    FLWR_HOME="$work/superlink" FEDTEXTGRAD_LOGS="$work/server/logs" $apart flower-superlink --host 127.0.0.1 \
        --port "$port" --database "$work/superlink/state.db" --disable-runtime-dependency-installation "$@" \
        >"$work/superlink/log" 2>&1 &
    pids="$pids $!"
    tries=0
    until grep -q "Uvicorn running" "$work/superlink/log"; do
        tries=$((tries + 1))
        if [ $tries -gt 120 ] || grep -q "shutdown complete" "$work/superlink/log" || ! kill -0 $! 2>/dev/null; then
            { grep ERROR "$work/superlink/log" || cat "$work/superlink/log"; } | tail -5 >&2
            echo "error: the SuperLink does not start on port $port; PORT=... chooses another" >&2
            exit 1
        fi
        sleep 0.5
    done
}

# site NAME [options]: one SuperNode with the data in $work/NAME.
site() {
    name=$1
    shift
    mkdir -p "$work/$name"
    FLWR_HOME="$work/$name/flwr" $apart flower-supernode --superlink "127.0.0.1:$port" --host 127.0.0.1 \
        --port "$node_port" --node-config "name='$name' data='$work/$name' engine='$engine'" "$@" \
        >"$work/$name/log" 2>&1 &
    pids="$pids $!"
    node_port=$((node_port + 1))
}

# run [arguments of main.py]: the run itself, with the held-out questions of the server where a task is a file.
run() {
    for argument in "$@"; do
        shift
        case $argument in
            *.jsonl) argument=$work/server/$(basename "$argument") ;;
        esac
        set -- "$@" "$argument"
    done
    "$python" main.py --runtime flower --test_engine "$engine" --evaluation_engine "$engine" "$@"
}

# sites: names of the folders that deal has made, in order.
sites() {
    for folder in "$work"/site-*/; do
        basename "$folder"
    done
}
