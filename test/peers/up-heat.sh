#!/usr/bin/env bash
# Heat 19 (Zed) with our plugins. HEAT_CONVERGENCE=true (Heat's default) or false, with which it calls lifecycle plugins;
# run it again with the other value to change.
. "$(dirname "$0")/_lib.sh"
need_pkgs python3-heat python3-psycopg2 curl jq
unpack_debs heat-common heat-api heat-engine
up_postgres
pg_db heat
mkdir -p "$ETC/heat/environment.d"
if [ ! -e "$ETC/.ks-heat" ]; then
  ks_service orchestration heat heat "http://127.0.0.1:$HEAT_PORT/v1/%(tenant_id)s"
  for role in heat_stack_owner heat_stack_user; do ks_role $role >/dev/null; done
  ks_grant admin admin heat_stack_owner
  ks_grant demo demo heat_stack_owner
  # The domain of the users that stacks make.
  D=$(ksapi GET "/domains?name=heat" | jq -r '.domains[0].id // empty')
  [ -n "$D" ] || D=$(ksapi POST /domains '{"domain":{"name":"heat"}}' | jq -r .domain.id)
  U=$(ksapi GET "/users?name=heat_domain_admin&domain_id=$D" | jq -r '.users[0].id // empty')
  [ -n "$U" ] || U=$(ksapi POST /users "{\"user\":{\"name\":\"heat_domain_admin\",\"domain_id\":\"$D\",\"password\":\"$PASS\"}}" | jq -r .user.id)
  ksapi PUT "/domains/$D/users/$U/roles/$(ks_role admin)"
  : >"$ETC/.ks-heat"
fi
{
  cat <<CONF
[DEFAULT]
use_stderr = true
transport_url = $RABBIT_URL
num_engine_workers = 1
# Twenty stacks at once wait for the one engine.
rpc_response_timeout = 240
max_stacks_per_tenant = 1000
stack_scheduler_hints = true
convergence_engine = ${HEAT_CONVERGENCE:-true}
plugin_dirs = $PLUGINS/ostro_openstack/heat_plugins
environment_dir = $ETC/heat/environment.d
template_dir = $ETC/heat/templates
heat_metadata_server_url = http://127.0.0.1:$HEAT_PORT
heat_waitcondition_server_url = http://127.0.0.1:$HEAT_PORT/v1/waitcondition
stack_user_domain_name = heat
stack_domain_admin = heat_domain_admin
stack_domain_admin_password = $PASS
auth_encryption_key = 0123456789abcdef0123456789abcdef
[database]
connection = $(pg_url heat)
max_pool_size = 3
[heat_api]
bind_host = 127.0.0.1
bind_port = $HEAT_PORT
workers = 1
[paste_deploy]
api_paste_config = $ROOT/etc/heat/api-paste.ini
[clients_keystone]
auth_uri = $KS
[clients]
endpoint_type = publicURL
[oslo_messaging_notifications]
driver = messagingv2
[trustee]
CONF
  credentials heat | grep -v '^project'
  authtoken_conf heat
  valet_conf
} | configure "$ETC/heat/heat.conf" heat-engine heat-api
if [ ! -e "$ETC/.db-heat" ]; then
  heat-manage --config-file "$ETC/heat/heat.conf" db_sync >>"$LOG/heat-manage.log" 2>&1
  : >"$ETC/.db-heat"
fi
export PYTHONPATH="$PLUGINS" PYTHONDONTWRITEBYTECODE=1
for service in heat-engine heat-api; do start $service $service --config-file "$ETC/heat/heat.conf"; done
wait_http "http://127.0.0.1:$HEAT_PORT/" 60
HEAT="http://127.0.0.1:$HEAT_PORT/v1/$(ks_id projects admin)"
heat() { curl -s -H "X-Auth-Token: $ADM_TOK" "$@"; }
for i in $(seq 60); do
  ADM_TOK=${ADM_TOK:-$(token admin admin)}
  heat "$HEAT/services" | jq -e '[.services[]?|select(.status=="up")]|length>0' >/dev/null 2>&1 && break
  sleep 1
done
types=$(heat "$HEAT/resource_types" | jq -c '[.resource_types[]|select(contains("Valet"))]')
say "Heat at http://127.0.0.1:$HEAT_PORT/v1, convergence ${HEAT_CONVERGENCE:-true}, types $types"
[ "$(jq length <<<"$types")" -eq 3 ]
