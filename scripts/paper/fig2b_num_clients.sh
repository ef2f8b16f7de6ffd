#!/bin/sh
# Figure 2b: accuracy over the number of clients.
set -eu
. "$(dirname "$0")/../lib/study.sh"
