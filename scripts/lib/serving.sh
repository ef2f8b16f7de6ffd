# Shared by the serve scripts: choose the precision, check the port, wait until the server is ready, stop it.

key_folder=  # holds the file from which a server reads its key; removed once the server is ready

# gpu_count LIST: how many GPUs a list such as 0,1 names.
gpu_count() {
    echo "$1" | tr ',' '\n' | wc -l | tr -d ' '
}

# dtype_for GPUS: half if the first GPU is older than Ampere (compute capability below 8.0), else auto.
dtype_for() {
    capability=
    if [ "$1" != cpu ] && command -v nvidia-smi >/dev/null; then
        capability=$(nvidia-smi --id="${1%%,*}" --query-gpu=compute_cap --format=csv,noheader 2>/dev/null || true)
    fi
    case "$capability" in [1-7].*) echo half ;; *) echo auto ;; esac
}

# require_free_port PORT PREFIX: exit if a server already answers at this port; it would be mistaken for ours.
require_free_port() {
    ! responds "http://127.0.0.1:$1/v1/models" "$2" || {
        echo "error: port $1 is already in use by another server: choose another port" >&2
        exit 1
    }
}

# wait_until_ready PID PRODUCT PREFIX PORT ENGINE: wait for the server, print how to use it, stay until it ends or is
# interrupted.
wait_until_ready() {
    server=$1
    trap 'stop_server; exit 0' INT TERM
    trap stop_server EXIT
    url=http://127.0.0.1:$4/v1
    # Not /health: some servers report healthy before the model is loaded.
    until responds "$url/models" "$3"; do
        kill -0 "$server" 2>/dev/null || { echo "error: $2 exited before it was ready: see above" >&2; exit 1; }
        sleep 2
    done
    [ -z "$key_folder" ] || rm -rf "$key_folder"
    print_use "$3" "$url" "$5"
    wait "$server"
}

# print_use PREFIX URL ENGINE: print the command that trains with this server.
print_use() {
    echo "Ready. Use it with: $1_BASE_URL=$2 .venv/bin/python main.py --test_engine $3 --evaluation_engine $3"
}

# responds URL PREFIX: succeed if a server answers; the request carries PREFIX_API_KEY if that is set.
responds() {
    python3 - "$1" "$2" <<'PYTHON' 2>/dev/null
import os, sys, urllib.request
key = os.environ.get(f"{sys.argv[2]}_API_KEY")
request = urllib.request.Request(sys.argv[1], headers={"Authorization": f"Bearer {key}"} if key else {})
# Ignore proxies of the environment: the server is on this machine.
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5)
PYTHON
}

# stop_server: stop the server and wait until it has ended.
stop_server() {
    trap '' INT TERM
    trap - EXIT
    [ -z "$key_folder" ] || rm -rf "$key_folder"
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
}
