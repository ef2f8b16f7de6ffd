#!/bin/sh
# Every figure and table of the paper, one after the other.
set -eu
. "$(dirname "$0")/../lib/study.sh"
