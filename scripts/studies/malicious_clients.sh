#!/bin/sh
# Aggregators with one malicious client of five, over three seeds by default.
set -eu
REPEATS=${REPEATS:-3}
. "$(dirname "$0")/../lib/study.sh"
