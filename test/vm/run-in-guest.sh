#!/usr/bin/env bash
# run-in-guest.sh [FLAVOUR...] [-- VITEST-OPTIONS...]
#
# Runs the suites of test/vm with the built CLI, each flavour in a guest of its own:
#   bare      root, 2 GB, no swap, no init system
#   small     the same with 1 GB
#   systemd   an ordinary user who has logged in, under systemd
#   hostile   as bare: what hostile tasks may do, the slow cases; only when asked for
# The results go to $TEST_RESULTS (default .cache/test-results), one JSON file a flavour.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
boot=test/vm/guest/boot.sh
results=${TEST_RESULTS:-.cache/test-results}
mkdir -p "$results"

flavours=()
while (($# > 0)) && [[ $1 != -- ]]; do flavours+=("$1"); shift; done
[[ ${1:-} == -- ]] && shift
((${#flavours[@]} > 0)) || flavours=(bare small systemd)
for flavour in "${flavours[@]}"; do
  if [[ ! -d test/vm/$flavour ]]; then
    echo "run-in-guest.sh: no flavour \"$flavour\"; there are: bare small systemd hostile" >&2
    exit 2
  fi
done
if [[ ! -e dist/main.cjs ]]; then
  echo 'run-in-guest.sh: the CLI is not built; run: npm run build' >&2
  exit 2
fi
# shellcheck source=guest/tools.sh
source test/vm/guest/tools.sh
need_packages parallel:parallel

scratch=$(mktemp -d)
child=
# shellcheck disable=SC2317 # called by the trap
clean_up() {
  if [[ -n $child ]]; then kill "$child" 2> /dev/null || true; wait "$child" || true; fi
  rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# 1.5 GB of files that take no room: holes are read through the page cache like anything else.
mkdir "$scratch/files"
for n in 1 2 3; do truncate -s 512M "$scratch/files/$n"; done

# guest FLAVOUR BOOT-OPTIONS... - boots it and runs its suite; the status is vitest's, or the guest's own.
guest() {
  local flavour=$1 status=0 runner=()
  shift
  [[ $flavour == systemd ]] && runner=(test/vm/guest/as-user.sh)
  install -d -m 1777 "$scratch/$flavour"
  rm -f "$results/vm-$flavour.json"
  echo "== guest: $flavour"
  "$boot" "$@" -o "$scratch/$flavour" -- env "MEMSCHED_PAGE_CACHE_FILES=$scratch/files" "MEMSCHED_PEER_ROUNDS=${MEMSCHED_PEER_ROUNDS:-0}" "${runner[@]}" \
    test/vm/guest/suite.sh "$flavour" "${vitest_options[@]}" &
  child=$!
  wait "$child" || status=$?
  child=
  cp "$scratch/$flavour/results.json" "$results/vm-$flavour.json" 2> /dev/null ||
    echo "run-in-guest.sh: the $flavour guest left no results" >&2
  return "$status"
}

vitest_options=("$@")
failed=()
for flavour in "${flavours[@]}"; do
  case $flavour in
    bare) guest bare -m 2048 -t 1800 || failed+=(bare) ;;
    small) guest small -m 1024 -t 600 || failed+=(small) ;;
    hostile) guest hostile -m 2048 -t 1500 || failed+=(hostile) ;;
    systemd) guest systemd -m 2048 -t 900 -i systemd || failed+=(systemd) ;;
  esac
done
if ((${#failed[@]} > 0)); then
  echo "guests that failed: ${failed[*]}" >&2
  exit 1
fi
