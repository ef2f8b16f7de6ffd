#!/bin/sh
# A smaller evaluation engine than test engine, and the reverse.
set -eu
. "$(dirname "$0")/../lib/study.sh"
