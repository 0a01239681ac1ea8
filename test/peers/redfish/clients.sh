#!/usr/bin/env bash
# Redfish clients written by others, Debian's redfishtool and python3-sushy, against `ostro sim podm` and `ostro sim redfish`:
# they must find everything they look for, reset, boot otherwise, and log in by session. Needs `npm run build`.
# The last line says what was done, or names what was skipped.
cd "$(dirname "$0")/../../.."
skip() { echo "Redfish clients (redfishtool, python3-sushy) SKIPPED: $1"; exit 0; }
missing() { ! dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }
command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || skip "there is no apt-get"
if missing redfishtool || missing python3-sushy; then
  [ "$(id -u)" = 0 ] || skip "installing Debian's packages takes root"
  apt-get -q update >/dev/null 2>&1 || true
  apt-get -y -q -o DPkg::Lock::Timeout=300 install --no-install-recommends redfishtool python3-sushy >/dev/null 2>&1 ||
    skip "apt cannot install them"
fi
set -euo pipefail
[ -e dist/host/cli.js ] || { echo "dist is missing: npm run build"; exit 1; }
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY || true
work="$(mktemp -d)"
started=()
finish() {
  status=$?
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  if [ "$status" -ne 0 ]; then tail -n 30 "$work"/*.log; fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

simulate() { # simulate KIND OPTION...: its URL in $url
  node dist/host/cli.js sim "$1" --port 0 "${@:2}" >"$work/$1.log" 2>&1 &
  started+=($!)
  for _ in $(seq 100); do
    url=$(sed -n 's/^Simulated .*: \(http:.*\)$/\1/p' "$work/$1.log")
    [ -z "$url" ] || return 0
    sleep 0.1
  done
  return 1
}
tool() { timeout 60 redfishtool -r "${url#http://}" -S Never -u admin -p Passw0rd "$@" >"$work/tool.log" 2>&1; }
shows() { grep -q "$1" "$work/tool.log" || { echo "redfishtool $2: no $1"; return 1; }; }

accept() { # accept SYSTEM
  local system="$1" auth
  tool versions && shows '"v1"' versions
  for auth in Basic Session; do
    tool -A "$auth" Systems && shows "/redfish/v1/Systems/$system\"" "Systems by $auth"
  done
  for part in root odata Chassis SessionService; do tool -A Basic "$part" && shows '@odata' "$part"; done
  tool -A Basic metadata && shows 'edmx:Edmx' metadata
  for part in Processors EthernetInterfaces; do
    tool -A Basic Systems -I "$system" "$part" && shows 'Members@odata.count' "$part"
  done
  tool -A Basic Systems -I "$system" setBootOverride Once Pxe
  tool -A Basic Systems -I "$system" reset ForceOff
  tool -A Basic Systems -I "$system" && shows '"PowerState": "\(PoweringOff\|Off\)"' 'Systems after reset'
  tool -A Basic Systems -I "$system" && shows '"BootSourceOverrideTarget": "Pxe"' 'Systems after setBootOverride'
  tool -A Basic Systems -I "$system" reset On
  /usr/bin/python3 test/peers/redfish/sushy_client.py "$url" "$system"
}

simulate podm --reset 100
echo "pod manager at $url"
accept System1
simulate redfish --reset 100
echo "CompositionService at $url"
accept Server-1
echo "Redfish clients: redfishtool $(dpkg-query -W -f='${Version}' redfishtool) and sushy $(dpkg-query -W -f='${Version}' python3-sushy) accept both simulators"
