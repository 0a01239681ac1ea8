#!/usr/bin/env bash
# Keystone 22 (Zed) on SQLite at http://127.0.0.1:$KEYSTONE_PORT/v3: admin in project admin, demo (an ordinary user) in project demo,
# and ostro, our service user. All passwords are the same.
. "$(dirname "$0")/_lib.sh"
need_pkgs python3-keystone uwsgi-core uwsgi-plugin-python3 sqlite3 curl jq
D="$PEERS_DIR/keystone" C="$ETC/keystone"
mkdir -p "$D" "$C/fernet" "$C/credential"
configure "$C/keystone.conf" keystone <<CONF
[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///$D/keystone.sqlite
[token]
provider = fernet
[fernet_tokens]
key_repository = $C/fernet
[credential]
key_repository = $C/credential
[identity]
password_hash_rounds = 4
CONF
export OS_KEYSTONE_CONFIG_DIR="$C"
if [ ! -e "$D/.bootstrapped" ]; then
  say "Keystone: database"
  manage() { keystone-manage --config-file "$C/keystone.conf" "$@" >>"$LOG/keystone-manage.log" 2>&1; }
  chmod 700 "$C/fernet" "$C/credential"
  manage db_sync
  manage fernet_setup --keystone-user root --keystone-group root
  manage credential_setup --keystone-user root --keystone-group root
  manage bootstrap --bootstrap-password "$PASS" --bootstrap-username admin --bootstrap-project-name admin --bootstrap-role-name admin \
    --bootstrap-service-name keystone --bootstrap-region-id RegionOne \
    --bootstrap-admin-url "$KS" --bootstrap-public-url "$KS" --bootstrap-internal-url "$KS"
  # With several workers any other journal mode answers "database is locked".
  sqlite3 "$D/keystone.sqlite" 'pragma journal_mode=wal' >/dev/null
  : >"$D/.bootstrapped"
fi
# One thread a process: handles of SQLite stay in theirs.
start keystone $UWSGI --http-socket "127.0.0.1:$KEYSTONE_PORT" --wsgi-file /usr/bin/keystone-wsgi-public --processes 2
wait_http "$KS" 60
if [ ! -e "$D/.users" ]; then
  ks_project service >/dev/null
  ks_grant demo demo member
  # admin: it validates tokens, sees the servers of all projects, and reads the stacks of all projects.
  ks_grant service ostro admin
  : >"$D/.users"
fi
U=$(token demo demo)
ksapi GET /auth/tokens >/dev/null
say "Keystone at $KS: $(curl -s -H "X-Auth-Token: $(token ostro service)" -H "X-Subject-Token: $U" "$KS/auth/tokens" | jq -c '.token|{user:.user.name,project:.project.name,roles:[.roles[].name]}')"
