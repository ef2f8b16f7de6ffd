# What the serve scripts share: the right precision, a free port, waiting for a server, ending it.

# count_of GPUS: how many "0,1" are.
count_of() {
    echo "$1" | tr ',' '\n' | wc -l | tr -d ' '
}

# dtype_for GPUS: half where the first of them is older than Ampere (compute capability below 8.0), else auto.
dtype_for() {
    capability=
    if [ "$1" != cpu ] && command -v nvidia-smi >/dev/null; then
        capability=$(nvidia-smi --id="${1%%,*}" --query-gpu=compute_cap --format=csv,noheader 2>/dev/null || true)
    fi
    case "$capability" in [1-7].*) echo half ;; *) echo auto ;; esac
}

private=  # folder of the file in which a server reads its key, removed as soon as it has

# nobody_serves PORT PREFIX: ends the script where another server would be taken for ours.
nobody_serves() {
    ! answers "http://127.0.0.1:$1/v1/models" "$2" || { echo "port $1 has a server already: give another" >&2; exit 1; }
}

# wait_until_ready PROCESS PRODUCT PREFIX PORT ENGINE: until the server answers; then prints its use, and stays until it
# ends or this script is told to stop.
wait_until_ready() {
    server=$1
    trap 'end_server; exit 0' INT TERM
    trap end_server EXIT
    url=http://127.0.0.1:$4/v1
    # /v1/models answers only when the model is loaded; /health of some servers does earlier.
    until answers "$url/models" "$3"; do
        kill -0 "$server" 2>/dev/null || { echo "$2 ended before it answered: see above" >&2; exit 1; }
        sleep 2
    done
    [ -z "$private" ] || rm -rf "$private"
    tell_its_use "$3" "$url" "$5"
    wait "$server"
}

# tell_its_use PREFIX URL ENGINE: the line that uses the server.
tell_its_use() {
    echo "Ready. Use it with: $1_BASE_URL=$2 python main.py --test_engine $3 --evaluation_engine $3"
}

# answers URL PREFIX: true when a server does; PREFIX_API_KEY is sent where it is set.
answers() {
    python3 - "$1" "$2" <<'PYTHON' 2>/dev/null
import os, sys, urllib.request
key = os.environ.get(f"{sys.argv[2]}_API_KEY")
request = urllib.request.Request(sys.argv[1], headers={"Authorization": f"Bearer {key}"} if key else {})
# A proxy from the environment has no business between us and this machine.
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=5)
PYTHON
}

# end_server: asks the server to end, and waits until it has.
end_server() {
    trap '' INT TERM
    trap - EXIT
    [ -z "$private" ] || rm -rf "$private"
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
}
