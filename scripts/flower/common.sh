# Shared by local.sh and tls.sh: start a SuperLink and the sites of one run on this machine, and stop them cleanly.
# Environment: PYTHON; ENGINE of server and sites (simulated:topics=4); PORT of the SuperLink (8000); NODE_PORT of the
# first site (9094), the others use the next ports.

python=${PYTHON:-.venv/bin/python}
command -v "$python" >/dev/null || { echo "error: no Python at $python: run 'sh scripts/setup.sh', or set PYTHON" >&2; exit 2; }
. scripts/lib/integer.sh
require_integer PORT "${PORT:-8000}" 1 65535
require_integer NODE_PORT "${NODE_PORT:-9094}" 1 65535
PATH=$(cd "$(dirname "$(command -v "$python")")" && pwd):$PATH
export PATH PYTHONPATH="$PWD" FLWR_TELEMETRY_ENABLED=0 FLWR_DISABLE_UPDATE_CHECK=1
engine=${ENGINE:-simulated:topics=4}
port=${PORT:-8000}
node_port=${NODE_PORT:-9094}
pids=
# In a new session, the servers do not receive ctrl-C: main.py first stops its run through the SuperLink.
new_session=$(command -v setsid || true)
umask 077

[ $# -ge 1 ] || { echo "usage: sh $0 FOLDER [argument of main.py ...]" >&2; exit 2; }
command -v flower-superlink >/dev/null || {
    echo "error: Flower is not installed: .venv/bin/python -m pip install -r scripts/flower/requirements.txt" >&2
    exit 2
}
case $1 in *\'*) echo "error: $1: the name of the folder must not contain a quote" >&2; exit 2 ;; esac
mkdir -p "$1"
work=$(cd "$1" && pwd)
shift

# descendants: print the ids of all processes that ours have started, one per line.
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

# stop: stop the SuperLink, the sites and their helper processes; runs when the script exits.
# shellcheck disable=SC2086  # one word per process
stop() {
    trap - EXIT INT TERM
    [ -n "$pids" ] || return 0
    # Flower's helper processes exit only seconds after their parents: signal them, then wait.
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

# export_shards [argument of main.py ...]: write each site's data to $work/<site>, split as in a run without Flower, and
# the names of the sites to $work/sites, one per line.
export_shards() {
    "$python" -m utils.flower.export_shards --to "$work" --test_engine "$engine" --evaluation_engine "$engine" "$@"
}

# write_connection LINE: write the SuperLink's address for the `flwr` command; LINE configures its security.
write_connection() {
    export FLWR_HOME="$work/home"
    mkdir -p "$FLWR_HOME"
    printf '[superlink]\ndefault = "local"\n\n[superlink.local]\naddress = "127.0.0.1:%s"\n%s\n' "$port" "$1" \
        >"$FLWR_HOME/config.toml"
}

# superlink [option ...]: start it with its state in $work/superlink and the results of runs in $work/server/logs.
superlink() {
    mkdir -p "$work/superlink" "$work/server"
    FLWR_HOME="$work/superlink" FEDTEXTGRAD_LOGS="$work/server/logs" $new_session flower-superlink --host 127.0.0.1 \
        --port "$port" --database "$work/superlink/state.db" --disable-runtime-dependency-installation "$@" \
        >"$work/superlink/log" 2>&1 &
    pids="$pids $!"
    tries=0
    until grep -q "Uvicorn running" "$work/superlink/log"; do
        tries=$((tries + 1))
        if [ $tries -gt 120 ] || grep -q "shutdown complete" "$work/superlink/log" || ! kill -0 $! 2>/dev/null; then
            { grep ERROR "$work/superlink/log" || cat "$work/superlink/log"; } | tail -5 >&2
            echo "error: the SuperLink did not start on port $port: see above, or choose another port with PORT=..." >&2
            exit 1
        fi
        sleep 0.5
    done
}

# site NAME [option ...]: start a SuperNode that trains on the data in $work/NAME.
site() {
    name=$1
    shift
    [ "$node_port" -le 65535 ] || { echo "error: no port is left for $name: choose a smaller NODE_PORT" >&2; exit 2; }
    mkdir -p "$work/$name"
    FLWR_HOME="$work/$name/flwr" $new_session flower-supernode --superlink "127.0.0.1:$port" --host 127.0.0.1 \
        --port "$node_port" --node-config "name='$name' data='$work/$name' engine='$engine'" "$@" \
        >"$work/$name/log" 2>&1 &
    pids="$pids $!"
    node_port=$((node_port + 1))
}

# run [argument of main.py ...]: train. A task that is a file is replaced by the server's held-out questions of it.
run() {
    flag=
    for argument in "$@"; do
        shift
        case $argument in
            --task=*.jsonl) argument=${argument#--task=} argument=--task=$work/server/${argument##*/} ;;
            --*) flag=$argument ;;
            *.jsonl) [ "$flag" != --task ] || argument=$work/server/${argument##*/} ;;
        esac
        set -- "$@" "$argument"
    done
    "$python" main.py --runtime flower --test_engine "$engine" --evaluation_engine "$engine" "$@" || {
        status=$?
        echo "the run stopped: start this script again to continue, with any option that the message above changes" >&2
        exit $status
    }
}
