#!/usr/bin/env bash
# RabbitMQ 3.10 on 127.0.0.1:$RABBIT_PORT (guest/guest), its management API on 1$RABBIT_PORT.
. "$(dirname "$0")/_lib.sh"
need_pkgs erlang-base erlang-crypto erlang-eldap erlang-inets erlang-mnesia erlang-os-mon erlang-parsetools erlang-public-key \
  erlang-runtime-tools erlang-ssl erlang-syntax-tools erlang-tools erlang-xmerl socat logrotate openssl curl jq
unpack_debs rabbitmq-server
R="$PEERS_DIR/rabbit"
mkdir -p "$R"/{home,mnesia,log}
echo '[rabbitmq_management].' >"$R/enabled_plugins"
cat >"$R/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$RABBIT_PORT
management.tcp.ip = 127.0.0.1
management.tcp.port = $RABBIT_ADMIN_PORT
loopback_users.guest = true
log.file.level = info
vm_memory_high_watermark.absolute = 512MB
CONF
cat >"$R/env" <<CONF
export HOME=$R/home
export RABBITMQ_NODENAME=peers@localhost RABBITMQ_CONFIG_FILE=$R/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=$R/enabled_plugins
export RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_MNESIA_BASE=$R/mnesia RABBITMQ_LOG_BASE=$R/log RABBITMQ_PID_FILE=$R/beam.pid
export RABBITMQ_DIST_PORT=$RABBIT_DIST_PORT ERL_EPMD_PORT=$RABBIT_EPMD_PORT ERL_EPMD_ADDRESS=127.0.0.1
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'
export PATH=$ROOT/usr/lib/rabbitmq/bin:\$PATH
CONF
. "$R/env"
# A private epmd, so that it can be ended by pid as well.
start epmd epmd -address 127.0.0.1 -port "$RABBIT_EPMD_PORT"
start rabbit "$ROOT/usr/lib/rabbitmq/bin/rabbitmq-server"
wait_port "$RABBIT_PORT" 60
wait_http "http://127.0.0.1:$RABBIT_ADMIN_PORT/api/overview" 60
# Nova declares queues for its notifications that nobody reads; without a bound they grow for ever.
curl -s -u guest:guest -X PUT -H 'Content-Type: application/json' "http://127.0.0.1:$RABBIT_ADMIN_PORT/api/policies/%2F/bounded" \
  -d '{"pattern":"notifications\\.","definition":{"max-length":2000},"apply-to":"queues"}'
say "RabbitMQ $(curl -s -u guest:guest "http://127.0.0.1:$RABBIT_ADMIN_PORT/api/overview" | jq -r .rabbitmq_version) at 127.0.0.1:$RABBIT_PORT"
