#!/usr/bin/env bash
# A small real cloud on this machine, as root on Debian 12: RabbitMQ, Keystone, Placement, Glance, Nova, Heat, Ironic, with the plugins
# of openstack/ in Nova and Heat. What runs already stays. The first time it takes some five minutes, mostly packages.
# Writes PEERS_DIR/env, which says where everything is. ostro.sh starts the service for it, down.sh ends all.
. "$(dirname "$0")/_lib.sh"
for part in rabbit keystone plugins nova heat ironic; do "$HERE/up-$part.sh"; done
id() { ksapi GET "/$1?name=$2" | jq -r ".$1[0].id"; }
cat >"$PEERS_DIR/env" <<CONF
# Of the cloud that up.sh has started; for a shell, or any reader of KEY=VALUE.
PEERS_DIR=$PEERS_DIR
PEERS_PASSWORD=$PASS
KEYSTONE_URL=$KS
NOVA_URL=http://127.0.0.1:$NOVA_PORT/v2.1
PLACEMENT_URL=http://127.0.0.1:$PLACEMENT_PORT
GLANCE_URL=http://127.0.0.1:$GLANCE_PORT
IRONIC_URL=http://127.0.0.1:$IRONIC_PORT
IRONIC_ALONE_URL=http://127.0.0.1:$IRONIC_ALONE_PORT
HEAT_URL=http://127.0.0.1:$HEAT_PORT/v1
RABBIT_URL=amqp://guest:guest@127.0.0.1:$RABBIT_PORT/
RABBIT_ADMIN_URL=http://127.0.0.1:$RABBIT_ADMIN_PORT
OSTRO_URL=http://127.0.0.1:$OSTRO_PORT
OSTRO_DATABASE=${OSTRO_DATABASE:-$OSTRO_STORE}
ADMIN_PROJECT_ID=$(id projects admin)
DEMO_PROJECT_ID=$(id projects demo)
SERVICE_PROJECT_ID=$(id projects service)
HEAT_CONVERGENCE=${HEAT_CONVERGENCE:-true}
COMPUTES="$COMPUTES"
CONF
say "all up; $PEERS_DIR/env says where"
