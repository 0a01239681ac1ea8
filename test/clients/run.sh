#!/bin/bash
# Runs Valet's original clients, unmodified, against this service and records what was said; see README.md beside it.
# usage: run.sh FOLDER_2017 FOLDER_2018 [OUT]
#   FOLDER_2017  att-comdev/valet at ea89fbf     FOLDER_2018  openstack/valet at f8fc0a3
#   OUT          where recordings go, default test/fixtures/clients
# PYTHON2: a Python 2.7 with pip (default python2.7).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
old=$(cd "$1" && pwd)
new=$(cd "$2" && pwd)
out=${3:-$root/test/fixtures/clients}
python=${PYTHON2:-python2.7}
project=b7d0e9b175294b649464caa3411adb3f
state=$(mktemp -d)
server=
stop() { if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi; server=; }
trap 'stop; rm -rf "$state"' EXIT

cat >"$state/tokens.json" <<JSON
{"tokens": {"clients-token": {"user_id": "valet", "project_id": "$project", "roles": ["admin"]}},
 "projects": ["$project", "demo"]}
JSON

# Each client meets a service that knows nothing yet.
run() {
  : >"$state/log"
  node "$root/dist/host/cli.js" serve --valet-port 0 --valence-port 0 --database memory: --state-dir "$state" \
    --identity "$state/tokens.json" --datacenter "$root/test/fixtures/clients/data-center.json" >>"$state/log" 2>&1 &
  server=$!
  until grep -q '^Ostro is ready' "$state/log"; do
    kill -0 "$server" 2>/dev/null || { cat "$state/log"; exit 1; }
    sleep 0.2
  done
  url=$(grep -o "Valet's API at http://[0-9.:]*" "$state/log" | grep -o 'http.*')
  echo "== $1"
  "$python" "$here/run.py" "$1" --source "$2" --commit "$3" --url "$url" --token clients-token --out "$out"
  stop
}
run plugins-2017 "$old" ea89fbf
run plugins-2018 "$new" f8fc0a3
run tempest-2017 "$old" ea89fbf
run tempest-2018 "$new" f8fc0a3
run command "$new" f8fc0a3
run postman "$new" f8fc0a3
