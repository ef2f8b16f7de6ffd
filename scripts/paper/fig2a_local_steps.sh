#!/bin/sh
# Figure 2a: accuracy over the number of local steps.
set -eu
. "$(dirname "$0")/../lib/study.sh"
