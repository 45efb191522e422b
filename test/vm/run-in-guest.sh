#!/usr/bin/env bash
# run-in-guest.sh [FLAVOUR...] [-- VITEST-OPTIONS...]
#
# Runs the suites of test/vm with the built CLI, each flavour in a guest of its own:
#   bare      root, 2 GB, no swap, no init system
#   small     the same with 1 GB
#   uneven    as bare: tasks with uneven curves, twice; minutes, so it is no part of scripts/test.sh, but of .ci/run
#   systemd   an ordinary user who has logged in, under systemd
#   hostile   as bare: what hostile tasks may do, the slow cases; only when asked for
# $CRASHES is how often the bare one kills a supervisor (default: 12 times); its time limit grows with it.
# Those of test/vm/environments are run by environments.sh, or here when they are named:
#   environments/bare           root, cgroup v2, no init system, 512 MB of swap to turn on
#   environments/psi-off        the same, booted with psi=0
#   environments/v1             the same with cgroup v1 alone
#   environments/systemd        root, and users, under systemd
#   environments/side-by-side   the same, cgroup v1 and v2 side by side
# The results go to $TEST_RESULTS (default .cache/test-results), one JSON file a flavour, and what the tests of
# environments have seen to $TEST_RESULTS/environments.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
boot=test/vm/guest/boot.sh
results=${TEST_RESULTS:-.cache/test-results}
# A kill, and what it takes to start again, on an emulated machine whose host is busy.
SECONDS_A_CRASH=50
mkdir -p "$results"

flavours=()
while (($# > 0)) && [[ $1 != -- ]]; do flavours+=("$1"); shift; done
[[ ${1:-} == -- ]] && shift
((${#flavours[@]} > 0)) || flavours=(bare uneven small systemd)
for flavour in "${flavours[@]}"; do
  if [[ ! -d test/vm/$flavour || $flavour == environments ]]; then
    echo "run-in-guest.sh: no flavour \"$flavour\"; there are: bare uneven small systemd hostile environments/*" >&2
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
  local flavour=$1 name=${1//\//-} status=0 runner=()
  shift
  [[ $flavour == systemd ]] && runner=(test/vm/guest/as-user.sh)
  install -d -m 1777 "$scratch/$name"
  rm -f "$results/vm-$name.json"
  echo "== guest: $flavour"
  "$boot" "$@" -o "$scratch/$name" -- env "MEMSCHED_PAGE_CACHE_FILES=$scratch/files" "MEMSCHED_PEER_ROUNDS=${MEMSCHED_PEER_ROUNDS:-0}" \
    MEMSCHED_ENVIRONMENTS=/vmout/environments ${CRASHES:+"CRASHES=$CRASHES"} "${runner[@]}" \
    test/vm/guest/suite.sh "$flavour" "${vitest_options[@]}" &
  child=$!
  wait "$child" || status=$?
  child=
  cp "$scratch/$name/results.json" "$results/vm-$name.json" 2> /dev/null ||
    echo "run-in-guest.sh: the $flavour guest left no results" >&2
  if [[ -d $scratch/$name/environments ]]; then cp -r "$scratch/$name/environments" "$results/"; fi
  return "$status"
}

# environment_options NAME - how the guest of these environments is booted.
environment_options() {
  case $1 in
    bare) echo -s 512 ;;
    psi-off) echo -a psi=0 ;;
    v1) echo -a memsched.cgroups=v1 ;;
    systemd) echo -i systemd ;;
    side-by-side) echo -i systemd -a systemd.unified_cgroup_hierarchy=0 ;;
  esac
}

vitest_options=("$@")
if [[ ! ${CRASHES:-1} =~ ^[1-9][0-9]*$ ]]; then
  echo "run-in-guest.sh: CRASHES=$CRASHES: expected a number of kills, as in CRASHES=500" >&2
  exit 2
fi
failed=()
for flavour in "${flavours[@]}"; do
  case $flavour in
    bare) guest bare -m 2048 -t $((1800 + SECONDS_A_CRASH * ${CRASHES:-0})) || failed+=(bare) ;;
    uneven) guest uneven -m 2048 -t 1200 || failed+=(uneven) ;;
    small) guest small -m 1024 -t 600 || failed+=(small) ;;
    hostile) guest hostile -m 2048 -t 5400 || failed+=(hostile) ;;
    systemd) guest systemd -m 2048 -t 900 -i systemd || failed+=(systemd) ;;
    environments/*)
      # shellcheck disable=SC2046 # options without spaces
      guest "$flavour" -m 2048 -t 3600 $(environment_options "${flavour#*/}") || failed+=("$flavour")
      ;;
  esac
done
if ((${#failed[@]} > 0)); then
  echo "guests that failed: ${failed[*]}" >&2
  exit 1
fi
