#!/usr/bin/env bash
# The driver redfishv2 against services written by others: DMTF's Redfish-Interface-Emulator (1.0.5 really composes, 1.2.1
# only says so), DMTF's Redfish-Mockup-Server with DMTF's own mockups, and OpenStack's sushy-tools. They are fetched with git,
# or taken from REDFISH_CLONES (clones named owner+name); what cannot be had is named in the last line as skipped.
# composition.sh [OPTION...], options as of `vitest run`.
cd "$(dirname "$0")/../../.."
skip() { echo "services with composition SKIPPED: $1"; exit 0; }
command -v git >/dev/null || skip "there is no git"
missing=()
for package in python3-flask python3-flask-restful python3-flask-httpauth python3-requests python3-six python3-aniso8601 \
  python3-tenacity python3-bcrypt python3-pbr python3-webob; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || skip "installing ${missing[*]} takes root and apt"
  apt-get -q update >/dev/null 2>&1 || true
  apt-get -y -q -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
    skip "apt cannot install ${missing[*]}"
fi
set -euo pipefail
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY || true
work="$(mktemp -d)"
started=()
skipped=()
finish() {
  status=$?
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  if [ "$status" -ne 0 ]; then tail -n 4 "$work"/*.log 2>/dev/null || true; fi
  rm -rf "$work"
  exit "$status"
}
trap finish EXIT

obtain() { # obtain OWNER NAME FOLDER [REVISION [PATH]]
  local clone="${REDFISH_CLONES:-/nowhere}/$1+$2"
  if [ -d "$clone/repo" ]; then clone="$clone/repo"; fi
  if [ ! -d "$clone" ]; then clone="https://github.com/$1/$2.git"; fi
  if GIT_TERMINAL_PROMPT=0 timeout 120 git clone -q --no-checkout "$clone" "$work/$3" 2>/dev/null &&
    git -C "$work/$3" checkout -q "${4:-HEAD}" -- "${5:-.}"; then return 0; fi
  skipped+=("$1/$2")
  return 1
}
free_port() { /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
launch() { # launch NAME PORT FOLDER COMMAND...: when it answers, PEER_NAME is its URL
  local name="$1" port="$2" folder="$3"
  (cd "$folder" && PYTHONPATH="$work/stubs:." PORT="$port" exec "${@:4}" >"$work/$name.log" 2>&1) &
  started+=($!)
  for _ in $(seq 150); do
    if curl -fs "http://127.0.0.1:$port/redfish/v1/" >/dev/null; then
      export "PEER_$name=http://127.0.0.1:$port"
      return 0
    fi
    sleep 0.2
  done
  echo "$name does not answer"
  return 1
}

# Two libraries of theirs that Debian lacks, as far as they are used here.
mkdir "$work/stubs"
cat >"$work/stubs/strgen.py" <<'PYTHON'
import itertools
numbers = itertools.count(1)
class StringGenerator:
    def __init__(self, pattern): pass
    def render(self): return "GEN%010d" % next(numbers)
PYTHON
echo 'def post(*_, **__): raise NotImplementedError' >"$work/stubs/grequests.py"

emulator() { # emulator NAME REVISION CONFIGURATION
  obtain DMTF Redfish-Interface-Emulator "$1" "$2" || return 0
  local port
  port=$(free_port)
  sed -i 's/0\.0\.0\.0/127.0.0.1/' "$work/$1/emulator.py"
  [ "$3" = - ] || cp "$work/$1/$3" "$work/$1/emulator-config.json"
  launch "$1" "$port" "$work/$1" /usr/bin/python3 emulator.py -port "$port"
}
emulator RIE_1_0_5 1.0.5 -
emulator RIE_1_2_1 1.2.1 emulator-config_dynamic_populate.json

if obtain DMTF Redfish-Mockup-Server mockups && obtain DMTF Redfish-Publications publications HEAD mockups; then
  for pair in COMPOSABILITY=composability CONSTRAINED=constrained-composition BLADED_PARTITIONS=bladed-partitions; do
    port=$(free_port)
    launch "MOCKUP_${pair%=*}" "$port" "$work" /usr/bin/python3 mockups/redfishMockupServer.py -S -H 127.0.0.1 -p "$port" \
      -D "$work/publications/mockups/public-${pair#*=}"
  done
fi

if obtain openstack sushy-tools sushy; then
  port=$(free_port)
  printf 'SUSHY_EMULATOR_LISTEN_IP = "127.0.0.1"\nSUSHY_EMULATOR_LISTEN_PORT = %s\n' "$port" >"$work/sushy.conf"
  PBR_VERSION=2.0.0 launch SUSHY_TOOLS "$port" "$work/sushy" \
    /usr/bin/python3 -m sushy_tools.emulator.main --config "$work/sushy.conf" --fake
fi

if [ ${#started[@]} -gt 0 ]; then
  npx vitest run --config test/peers/vitest.config.ts test/peers/redfish/composition.scenario.ts "$@"
fi
[ ${#skipped[@]} -eq 0 ] || skip "cannot be fetched: ${skipped[*]} (driven: ${#started[@]} others)"
echo "services with composition: ${#started[@]} driven by redfishv2"
