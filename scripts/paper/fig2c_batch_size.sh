#!/bin/sh
# Figure 2c: accuracy over the batch size.
set -eu
. "$(dirname "$0")/../lib/study.sh"
