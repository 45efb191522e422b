#!/usr/bin/env bash
# run.sh [ROUNDS] - memsched against GNU parallel's --memsuspend and --memfree: 12 tasks of 300 MB in a guest with 2 GB
# and no swap. Prints a table; fails when memsched is slower than the better of the two, or anything was killed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export MEMSCHED_PEER_ROUNDS=${1:-3}
exec test/vm/run-in-guest.sh bare -- -t 'the promise'
