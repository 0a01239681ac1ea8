#!/usr/bin/env bash
# Valence's own client, python-valenceclient, unmodified: its four commands in Debian's `openstack` against this service. It is
# fetched with git, or taken from VALENCECLIENT (a clone). What it sends is sent again by
# test/host/api/valence/client.test.ts. Where it cannot be had, it says so and exits 0.
set -euo pipefail
cd "$(dirname "$0")/../.."
skip() { echo "python-valenceclient SKIPPED: $1"; exit 0; }
command -v git >/dev/null || skip "there is no git"
command -v openstack >/dev/null || skip "there is no openstack command (Debian: python3-openstackclient)"
/usr/bin/python3 -c 'import requests, six, osc_lib, oslo_utils, oslo_i18n, oslo_serialization' 2>/dev/null ||
  skip "Debian's python3-requests, -six, -osc-lib and -oslo.* are not all installed"
[ -e dist/host/cli.js ] || { echo "dist is missing: npm run build"; exit 1; }
work=$(mktemp -d)
server=
finish() {
  status=$?
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
  rm -rf "$work"
  [ "$status" = 0 ] || echo "=== FAILED ($status)"
}
trap finish EXIT
# The last commit with code; the one after it removes everything.
readonly commit=5a0c344
clone=${VALENCECLIENT:-$work/clone}
[ -n "${VALENCECLIENT:-}" ] ||
  git clone -q https://github.com/openstack/python-valenceclient "$clone" 2>/dev/null || skip "it cannot be fetched"
mkdir "$work/client"
git -C "$clone" archive "$commit" | tar x -C "$work/client" || skip "the clone has no commit $commit"
# Its entry points, as an installation would write them.
egg=$work/client/python_valenceclient-0.egg-info
mkdir "$egg"
printf 'Metadata-Version: 2.1\nName: python-valenceclient\nVersion: 0\n' >"$egg/PKG-INFO"
sed -n '/^\[entry_points\]/,/^\[build_sphinx\]/p' "$work/client/setup.cfg" |
  sed -n 's/^\(openstack[a-z0-9._]*\) =$/[\1]/p; s/^ \{4\}\([a-z_]* = valenceclient\)/\1/p' >"$egg/entry_points.txt"

node dist/host/cli.js serve --valet-port 0 --valence-port 0 --database memory: --state-dir "$work/state" >"$work/log" 2>&1 &
server=$!
until grep -q '^Ostro is ready' "$work/log"; do
  kill -0 "$server" 2>/dev/null || { cat "$work/log"; exit 1; }
  sleep 0.2
done
url=$(grep -o "Valence's at http://[0-9.:]*" "$work/log" | grep -o 'http.*')
valence() { PYTHONPATH=$work/client PYTHONWARNINGS=ignore openstack --valence-api-url "$url/" valence podmanager "$@" 2>&1; }
# says WHAT TEXT: what was printed contains it.
says() { grep -qF -- "$2" <<<"$1" || { printf 'expected "%s" in:\n%s\n' "$2" "$1"; exit 1; }; }

listed=$(valence list -f value -c name -c status) || { echo "$listed"; exit 1; }
says "$listed" "simulated Online"
made=$(valence create away http://127.0.0.1:1/redfish/v1 --auth username=admin --auth password=Passw0rd -f json) ||
  { echo "$made"; exit 1; }
says "$made" '"status": "Offline"'
id=$(grep -o '"uuid": "[^"]*"' <<<"$made" | cut -d'"' -f4)
says "$(valence show "$id")" "http://127.0.0.1:1/redfish/v1"
again=$(valence create away http://127.0.0.1:2/redfish/v1 --auth username=a --auth password=b) && exit 1
says "$again" "(HTTP 400) (Request-ID: req-"
unknown=$(valence show none) && exit 1
says "$unknown" "Pod manager none not found (HTTP 404)"
both=$(valence delete "$id" none) && exit 1
says "$both" "1 of 2"
left=$(valence list -f value -c name) || { echo "$left"; exit 1; }
[ "$left" = simulated ] || { echo "left is: $left"; exit 1; }
echo "python-valenceclient $commit: list, create, show and delete as its users know them"
