#!/bin/sh
# Table 1: local steps and batch size with one task per client.
set -eu
. "$(dirname "$0")/../lib/study.sh"
