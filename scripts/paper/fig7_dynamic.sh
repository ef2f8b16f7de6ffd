#!/bin/sh
# Figure 7: dynamic aggregation, which concatenates short prompts and summarizes long ones.
set -eu
. "$(dirname "$0")/../lib/study.sh"
