#!/bin/sh
# Tasks without reasoning: house rules, of which each client sees a third.
set -eu
. "$(dirname "$0")/../lib/study.sh"
