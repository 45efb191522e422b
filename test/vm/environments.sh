#!/usr/bin/env bash
# environments.sh [--write] [ENVIRONMENTS...]
#
# Runs the built CLI in every environment of test/vm/environments, in guests, and holds docs/environments.md against what
# the tests have seen. The page is made of nothing else: one that was edited by hand, or not made anew, is an error here.
#   --write        write the page instead
#   ENVIRONMENTS   only these folders of test/vm/environments; the page is then left alone
# The results go to $TEST_RESULTS (default .cache/test-results): one JSON file a guest, and environments/*.json.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
export TEST_RESULTS=${TEST_RESULTS:-$PWD/.cache/test-results}
mkdir -p "$TEST_RESULTS"

how=--check
if [[ ${1:-} == --write ]]; then how=--write; shift; fi
chosen=("$@")
if (($# == 0)); then
  for folder in test/vm/environments/*/; do
    name=$(basename "$folder")
    [[ $name == support ]] || chosen+=("$name")
  done
fi
if [[ ! -e dist/main.cjs ]]; then
  echo 'environments.sh: the CLI is not built; run: npm run build' >&2
  exit 2
fi
# shellcheck source=guest/tools.sh
source test/vm/guest/tools.sh
need_debs systemd-oomd podman crun uidmap || exit

rm -rf "$TEST_RESULTS"/environments "$TEST_RESULTS"/vm-environments-*.json
status=0
test/vm/run-in-guest.sh "${chosen[@]/#/environments/}" || status=1
if (($# == 0)); then node scripts/environments-table.js "$how" "$TEST_RESULTS/environments" || status=1; fi
parts=("${chosen[@]/#/vm-environments-}")
node scripts/sum-tests.js "$TEST_RESULTS" "${parts[@]}" || status=1
exit "$status"
