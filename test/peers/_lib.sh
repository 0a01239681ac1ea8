# Shared by the scripts of this folder (bash, sourced). All state is below PEERS_DIR; only loopback addresses are used.
set -euo pipefail
: "${PEERS_DIR:=${TMPDIR:-/tmp}/ostro-peers}"
export PEERS_DIR DEBIAN_FRONTEND=noninteractive
HERE="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
REPOSITORY="$(cd "$HERE/../.." && pwd)"
ROOT="$PEERS_DIR/root"          # what was unpacked of Debian's service packages
RUN="$PEERS_DIR/run"            # NAME.pid = "<pid> <start time>"
LOG="$PEERS_DIR/log"
ETC="$PEERS_DIR/etc"
PLUGINS="$PEERS_DIR/plugins"    # our Python package, installed
mkdir -p "$ROOT" "$RUN" "$LOG" "$ETC" "$PEERS_DIR/debs"
export XDG_CACHE_HOME="$PEERS_DIR/cache" PATH="$ROOT/usr/bin:$PATH" LC_ALL=C.UTF-8 PYTHONUNBUFFERED=1
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY || true
export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost

# A broker of our own, not one that runs already: the scenarios stop and start it.
RABBIT_PORT="${RABBIT_PORT:-5673}"
RABBIT_DIST_PORT="${RABBIT_DIST_PORT:-25673}"
RABBIT_EPMD_PORT="${RABBIT_EPMD_PORT:-4469}"
RABBIT_ADMIN_PORT="1$RABBIT_PORT"
KEYSTONE_PORT="${KEYSTONE_PORT:-5000}"
PG_PORT="${PEERS_PG_PORT:-5439}"
GLANCE_PORT="${GLANCE_PORT:-9292}"
PLACEMENT_PORT="${PLACEMENT_PORT:-8778}"
NOVA_PORT="${NOVA_PORT:-8774}"
HEAT_PORT="${HEAT_PORT:-8004}"
NEUTRON_PORT="${NEUTRON_PORT:-9696}"
IRONIC_PORT="${IRONIC_PORT:-6385}"
IRONIC_ALONE_PORT="${IRONIC_ALONE_PORT:-6386}"
IRONIC_RPC_PORT="${IRONIC_RPC_PORT:-8087}"
IRONIC_ALONE_RPC_PORT="${IRONIC_ALONE_RPC_PORT:-8088}"
OSTRO_PORT="${OSTRO_PORT:-8090}"
PASS="${PEERS_PASSWORD:-peerpass}"
# Names that follow the convention: region xyz01, racks r01 and r02, two hosts each.
COMPUTES="${COMPUTES:-xyz01r01c001 xyz01r01c002 xyz01r02c001 xyz01r02c002}"
RABBIT_URL="rabbit://guest:guest@127.0.0.1:$RABBIT_PORT/"
OSTRO_STORE="postgres://peers@127.0.0.1:$PG_PORT/ostro"
KS="http://127.0.0.1:$KEYSTONE_PORT/v3"

say() { echo "[$(date +%T)] $*"; }

# --- packages
apt_get() { apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"; }
need_pkgs() { # installs what is missing; no service is started
  local missing=() p
  for p in "$@"; do dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing+=("$p"); done
  [ ${#missing[@]} -eq 0 ] && return 0
  apt_get update >"$LOG/apt-update.log" 2>&1 || true
  RUNLEVEL=1 apt_get install --no-install-recommends "${missing[@]}" >"$LOG/apt-$1.log" 2>&1 || {
    tail -n 20 "$LOG/apt-$1.log"
    return 1
  }
}
unpack_debs() { # services as files only: no user, no daemon, no questions about databases
  local p
  for p in "$@"; do
    [ -e "$ROOT/.unpacked-$p" ] && continue
    (
      cd "$PEERS_DIR/debs"
      ls "$p"_*.deb >/dev/null 2>&1 || apt-get -q download "$p" >"$LOG/apt-$p.log" 2>&1 || { cat "$LOG/apt-$p.log"; exit 1; }
      dpkg -x "$(ls "$p"_*.deb | tail -n 1)" "$ROOT"
    )
    : >"$ROOT/.unpacked-$p"
  done
}

# --- processes
starttime() { awk '{print $22}' "/proc/$1/stat" 2>/dev/null || true; }
alive() { # alive NAME: the recorded pid still is the process that we started
  local f="$RUN/$1.pid" pid began
  [ -s "$f" ] || return 1
  read -r pid began <"$f"
  [ -n "$began" ] && [ "$(starttime "$pid")" = "$began" ]
}
start() { # start NAME COMMAND...: in a session of its own, so that its children end with it; log in $LOG/NAME.log
  local name="$1" pid
  shift
  if alive "$name"; then return 0; fi
  setsid "$@" >>"$LOG/$name.log" 2>&1 </dev/null &
  pid=$!
  sleep 0.2
  echo "$pid $(starttime "$pid")" >"$RUN/$name.pid"
  say "$name started (pid $pid)"
}
stop() { # stop NAME [SIGNAL]: the whole session of the recorded pid; KILL after 15 s
  local name="$1" signal="${2:-TERM}" f="$RUN/$1.pid" pid began i
  if alive "$name"; then
    read -r pid began <"$f"
    kill "-$signal" -- "-$pid" 2>/dev/null || kill "-$signal" "$pid" 2>/dev/null || true
    for i in $(seq 60); do
      [ "$(starttime "$pid")" = "$began" ] || break
      sleep 0.25
    done
    if [ "$(starttime "$pid")" = "$began" ]; then kill -KILL -- "-$pid" 2>/dev/null || true; fi
    say "$name stopped"
  fi
  rm -f "$f"
}
configure() { # configure FILE [NAME...] <TEXT: writes it; if it was different, stops the services that read it
  local file="$1" text
  shift
  text="$(cat)"
  [ -e "$file" ] && [ "$text" = "$(cat "$file")" ] && return 0
  mkdir -p "$(dirname "$file")"
  printf '%s\n' "$text" >"$file"
  local name
  for name in "$@"; do stop "$name"; done
}
wait_http() { # wait_http URL [SECONDS]: any answer counts
  local i
  for i in $(seq $((${2:-60} * 2))); do
    curl -s -o /dev/null --max-time 5 "$1" && return 0
    sleep 0.5
  done
  say "no answer from $1"
  return 1
}
wait_port() {
  local i
  for i in $(seq $((${2:-60} * 2))); do
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
    sleep 0.5
  done
  say "port $1 never opened"
  return 1
}

# --- PostgreSQL: a cluster of our own for the databases of the services
up_postgres() {
  need_pkgs postgresql
  local d="$PEERS_DIR/pg" b i
  b="$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)"
  local as=(setpriv --reuid=postgres --regid=postgres --init-groups)
  if [ ! -s "$d/PG_VERSION" ]; then
    mkdir -p "$d"
    chown postgres "$d"
    chmod 700 "$d"
    (cd / && "${as[@]}" "$b/initdb" -D "$d" -U peers -A trust -E UTF8 --locale=C.UTF-8 >/dev/null)
  fi
  chmod 755 "$PEERS_DIR"
  start postgres "${as[@]}" "$b/postgres" -D "$d" -p "$PG_PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
    -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=400
  wait_port "$PG_PORT" 30
  for i in $(seq 30); do psql -h 127.0.0.1 -p "$PG_PORT" -U peers -d postgres -tAc 'select 1' >/dev/null 2>&1 && break; sleep 0.5; done
}
pg_db() {
  local n
  for n in "$@"; do
    psql -h 127.0.0.1 -p "$PG_PORT" -U peers -d postgres -tAc "select 1 from pg_database where datname='$n'" | grep -q 1 ||
      psql -h 127.0.0.1 -p "$PG_PORT" -U peers -d postgres -qc "create database $n"
  done
}
pg_url() { echo "postgresql+psycopg2://peers@127.0.0.1:$PG_PORT/$1"; }

# --- Keystone through curl: the command line client takes 1.5 s a call
token() { # token [USER] [PROJECT]: prints a token of the project
  curl -s -i -H 'Content-Type: application/json' "$KS/auth/tokens" -d '{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"'"${1:-admin}"'","domain":{"id":"default"},"password":"'"$PASS"'"}}},"scope":{"project":{"name":"'"${2:-admin}"'","domain":{"id":"default"}}}}}' |
    tr -d '\r' | awk 'tolower($1)=="x-subject-token:"{print $2}'
}
ksapi() { # ksapi METHOD PATH [JSON], as admin
  [ -n "${ADM_TOK:-}" ] || ADM_TOK=$(token admin admin)
  curl -s -X "$1" -H "X-Auth-Token: $ADM_TOK" -H 'Content-Type: application/json' "$KS$2" ${3:+-d "$3"}
}
ks_id() { ksapi GET "/$1?name=$2" | jq -r ".$1[0].id // empty"; }
ks_project() { local i; i=$(ks_id projects "$1"); [ -n "$i" ] || i=$(ksapi POST /projects "{\"project\":{\"name\":\"$1\",\"domain_id\":\"default\"}}" | jq -r .project.id); echo "$i"; }
ks_user() { local i; i=$(ks_id users "$1"); [ -n "$i" ] || i=$(ksapi POST /users "{\"user\":{\"name\":\"$1\",\"domain_id\":\"default\",\"password\":\"$PASS\"}}" | jq -r .user.id); echo "$i"; }
ks_role() { local i; i=$(ks_id roles "$1"); [ -n "$i" ] || i=$(ksapi POST /roles "{\"role\":{\"name\":\"$1\"}}" | jq -r .role.id); echo "$i"; }
ks_grant() { ksapi PUT "/projects/$(ks_project "$1")/users/$(ks_user "$2")/roles/$(ks_role "$3")"; }
ks_service() { # ks_service TYPE NAME USER URL: service, endpoints, and a service user with role admin in project service
  local id i
  id=$(ks_id services "$2")
  [ -n "$id" ] || id=$(ksapi POST /services "{\"service\":{\"type\":\"$1\",\"name\":\"$2\"}}" | jq -r .service.id)
  for i in public internal admin; do
    [ -n "$(ksapi GET "/endpoints?service_id=$id&interface=$i" | jq -r '.endpoints[0].id // empty')" ] ||
      ksapi POST /endpoints "{\"endpoint\":{\"interface\":\"$i\",\"region_id\":\"RegionOne\",\"service_id\":\"$id\",\"url\":\"$4\"}}" >/dev/null
  done
  [ -z "$3" ] || { ks_user "$3" >/dev/null; ks_grant service "$3" admin; }
}
# uwsgi closes connections that clients would keep, so it has to say so.
UWSGI="uwsgi --plugins python3 --master --die-on-term --enable-threads --lazy-apps --buffer-size 65535 --post-buffering 1048576 --add-header Connection:close --need-app"
credentials() { # credentials USER: of a service user, as every section of every service reads them
  cat <<CONF
auth_type = password
auth_url = $KS
username = $1
password = $PASS
project_name = service
user_domain_id = default
project_domain_id = default
CONF
}
authtoken_conf() {
  printf '[keystone_authtoken]\nwww_authenticate_uri = %s\nservice_token_roles_required = false\n' "$KS"
  credentials "$1"
}
valet_conf() { # what our plugins read, in nova.conf and heat.conf alike
  cat <<CONF
[valet]
url = http://127.0.0.1:$OSTRO_PORT/v1
failure_mode = ${VALET_FAILURE_MODE:-reject}
CONF
  credentials ostro
}
