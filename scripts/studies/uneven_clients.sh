#!/bin/sh
# One client of three with wrong labels, or with little data.
set -eu
. "$(dirname "$0")/../lib/study.sh"
