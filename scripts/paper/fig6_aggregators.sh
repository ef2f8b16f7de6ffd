#!/bin/sh
# Figure 6: aggregators on homogeneous clients.
set -eu
. "$(dirname "$0")/../lib/study.sh"
