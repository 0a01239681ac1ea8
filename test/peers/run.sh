#!/usr/bin/env bash
# Brings up the cloud of up.sh and the service, runs the scenarios of this folder in them, and takes everything down:
# run.sh [OPTION...], options as of `vitest run`. With PEERS_KEEP=1 the cloud stays up, for the next run or to look at.
# Where Debian's packages cannot be installed, it says so and exits 0.
cd "$(dirname "$0")/../.."
skip() { echo "scenarios on a real cloud SKIPPED: $1"; exit 0; }
[ "$(id -u)" = 0 ] || skip "installing Debian's packages takes root"
command -v apt-get >/dev/null || skip "there is no apt-get"
if ! dpkg-query -W -f='${Status}' python3-nova 2>/dev/null | grep -q 'ok installed'; then
  apt-get -q update >/dev/null 2>&1 || true
  candidate=$(apt-cache policy python3-nova 2>/dev/null | awk '$1 == "Candidate:" { print $2 }')
  case $candidate in
    2:26.*) ;;
    *) skip "apt offers no python3-nova 26 (Debian 12), but ${candidate:-none}" ;;
  esac
fi
. test/peers/_lib.sh
[ -e dist/host/cli.js ] || { echo "dist is missing: npm run build"; exit 1; }
readonly began=$SECONDS
finish() {
  local status=$?
  trap - EXIT
  if [ "$status" -ne 0 ]; then
    echo "=== FAILED ($status); the service's last words:"
    tail -n 60 "$LOG/ostro.log" 2>/dev/null || true
  fi
  if [ "${PEERS_KEEP:-}" != 1 ]; then test/peers/down.sh --wipe >/dev/null 2>&1 || true; fi
  echo "=== scenarios ended after $((SECONDS - began)) s, exit $status"
  exit "$status"
}
trap finish EXIT
# A cloud that was left behind is in no known state.
if [ "${PEERS_KEEP:-}" != 1 ]; then test/peers/down.sh --wipe; fi
test/peers/up.sh
test/peers/ostro.sh restart
echo "=== all up after $((SECONDS - began)) s"
npx vitest run --config test/peers/vitest.config.ts "$@"
