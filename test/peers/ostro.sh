#!/usr/bin/env bash
# The service for the cloud of up.sh, as it was built: ostro.sh start [OPTION...] | stop | kill | restart [OPTION...].
# Its store is a database of the cloud's PostgreSQL, its log PEERS_DIR/log/ostro.log. Options are those of `ostro serve`.
. "$(dirname "$0")/_lib.sh"
command="${1:-start}"
shift || true
begin() {
  [ -n "${OSTRO_DATABASE:-}" ] || { up_postgres; pg_db ostro; }
  export OSTRO_IDENTITY="keystone:$KS" OSTRO_KEYSTONE_USERNAME=ostro OSTRO_KEYSTONE_PASSWORD="$PASS" OSTRO_KEYSTONE_PROJECT=service
  export OSTRO_VALET_PORT="$OSTRO_PORT" OSTRO_VALENCE_PORT=0 OSTRO_STATE_DIR="$PEERS_DIR/ostro"
  export OSTRO_DATABASE="${OSTRO_DATABASE:-$OSTRO_STORE}"
  export OSTRO_DATACENTER="${OSTRO_DATACENTER:-nova}" OSTRO_BUS_URL="${OSTRO_BUS_URL-$RABBIT_URL}"
  start ostro node "$REPOSITORY/dist/host/cli.js" serve "$@"
  local i
  for i in $(seq 120); do
    alive ostro || { tail -n 20 "$LOG/ostro.log"; exit 1; }
    curl -sf -o /dev/null --max-time 5 "http://127.0.0.1:$OSTRO_PORT/readyz" && { say "ostro at http://127.0.0.1:$OSTRO_PORT"; return 0; }
    sleep 0.5
  done
  tail -n 20 "$LOG/ostro.log"
  exit 1
}
case $command in
  start) begin "$@" ;;
  stop) stop ostro ;;
  kill) stop ostro KILL ;;
  restart) stop ostro; begin "$@" ;;
  *) say "start, stop, kill or restart"; exit 2 ;;
esac
