#!/usr/bin/env bash
# Fetches Intel's RSD simulators from GitHub and runs the driver redfishv1 against them: intel-rsd.sh [OPTION...], options as of
# `vitest run`. INTEL_RSD=FOLDER: a clone that is there already. Where they cannot be had, it says so and exits 0.
set -euo pipefail
cd "$(dirname "$0")/../../.."
skip() { echo "redfishv1 on Intel's RSD simulators SKIPPED: $1"; exit 0; }
command -v git >/dev/null || skip "there is no git"
readonly work=$(mktemp -d)
simulator=
finish() {
  [ -z "$simulator" ] || kill "$simulator" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
readonly origin=${INTEL_RSD:-https://github.com/intel/intelRSD.git}
# The repository is large, the simulators are not.
GIT_TERMINAL_PROMPT=0 timeout 120 git clone -q --depth 1 --filter=blob:none --sparse "$origin" "$work/rsd" 2>"$work/why" ||
  skip "$origin cannot be cloned ($(tail -n 1 "$work/why"))"
git -C "$work/rsd" sparse-checkout set Simulators 2>"$work/why" || skip "$(tail -n 1 "$work/why")"
[ -e "$work/rsd/Simulators/simulators/services/psme.js" ] || skip "$origin has no Simulators any more"
node test/peers/redfish/intel-rsd.cjs "$work/rsd/Simulators/simulators" >"$work/addresses" &
simulator=$!
for _ in $(seq 100); do
  [ "$(grep -c = "$work/addresses")" = 3 ] && break
  kill -0 "$simulator" 2>/dev/null || { echo "the simulators ended"; exit 1; }
  sleep 0.1
done
while IFS== read -r name url; do export "$name=$url"; done <"$work/addresses"
npx vitest run --config test/peers/vitest.config.ts intel-rsd "$@"
