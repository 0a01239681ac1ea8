#!/usr/bin/env bash
# Nova 26 (Zed) with its real scheduler and our filters, a nova-compute with a fake driver for each host of COMPUTES, Placement,
# Glance, and a stand-in for Neutron. Databases in a PostgreSQL cluster of our own.
. "$(dirname "$0")/_lib.sh"
need_pkgs python3-nova python3-placement python3-glance python3-psycopg2 uwsgi-core uwsgi-plugin-python3 curl jq
unpack_debs nova-common nova-api nova-scheduler nova-compute nova-conductor glance-common glance-api
up_postgres
pg_db placement glance nova_api nova_cell0 nova
N="$PEERS_DIR/nova" G="$PEERS_DIR/glance"
mkdir -p "$ETC"/{placement,glance,nova} "$N/lock" "$G/images" "$G/cache"

if [ ! -e "$ETC/.ks-nova" ]; then
  ks_service placement placement placement "http://127.0.0.1:$PLACEMENT_PORT"
  ks_service image glance glance "http://127.0.0.1:$GLANCE_PORT"
  ks_service network neutron neutron "http://127.0.0.1:$NEUTRON_PORT"
  ks_service compute nova nova "http://127.0.0.1:$NOVA_PORT/v2.1"
  : >"$ETC/.ks-nova"
fi

# --- Placement
{
  cat <<CONF
[DEFAULT]
use_stderr = true
[placement_database]
connection = $(pg_url placement)
[api]
auth_strategy = keystone
CONF
  authtoken_conf placement
} | configure "$ETC/placement/placement.conf" placement
if [ ! -e "$ETC/.db-placement" ]; then
  placement-manage --config-file "$ETC/placement/placement.conf" db sync >>"$LOG/placement-manage.log" 2>&1
  : >"$ETC/.db-placement"
fi
OS_PLACEMENT_CONFIG_DIR="$ETC/placement" start placement $UWSGI --http-socket "127.0.0.1:$PLACEMENT_PORT" --wsgi-file "$(command -v placement-api)" --processes 2

# --- Glance
{
  cat <<CONF
[DEFAULT]
use_stderr = true
bind_host = 127.0.0.1
bind_port = $GLANCE_PORT
workers = 1
enabled_backends = fs:file
[glance_store]
default_backend = fs
[fs]
filesystem_store_datadir = $G/images
[os_glance_staging_store]
filesystem_store_datadir = $G/staging
[os_glance_tasks_store]
filesystem_store_datadir = $G/tasks
[database]
connection = $(pg_url glance)
[paste_deploy]
flavor = keystone
config_file = $ROOT/usr/share/glance-common/glance-api-paste.ini
[oslo_concurrency]
lock_path = $G/lock
CONF
  authtoken_conf glance
} | configure "$ETC/glance/glance-api.conf" glance
if [ ! -e "$ETC/.db-glance" ]; then
  glance-manage --config-file "$ETC/glance/glance-api.conf" db_sync >>"$LOG/glance-manage.log" 2>&1
  : >"$ETC/.db-glance"
fi
start glance glance-api --config-file "$ETC/glance/glance-api.conf"

start neutron-stub /usr/bin/python3 "$HERE/neutron_stub.py" "$NEUTRON_PORT"

# --- Nova
computes=()
for h in $COMPUTES; do computes+=("nova-compute-$h"); done
{
  cat <<CONF
[DEFAULT]
use_stderr = true
debug = ${NOVA_DEBUG:-false}
enabled_apis = osapi_compute
osapi_compute_listen = 127.0.0.1
osapi_compute_listen_port = $NOVA_PORT
osapi_compute_workers = 1
my_ip = 127.0.0.1
state_path = $N
transport_url = $RABBIT_URL
compute_driver = ${NOVA_FAKE_DRIVER:-peer_driver.PeerDriver}
instance_usage_audit = true
# A host is down after 20 s, not after a minute.
report_interval = 5
service_down_time = 20
[wsgi]
api_paste_config = $ROOT/usr/share/nova-common/api-paste.ini
[api]
auth_strategy = keystone
[api_database]
connection = $(pg_url nova_api)
max_pool_size = 3
[database]
connection = $(pg_url nova)
max_pool_size = 3
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 30
[filter_scheduler]
available_filters = nova.scheduler.filters.all_filters
available_filters = ostro_openstack.nova_filter.all_filters
enabled_filters = ${NOVA_FILTERS:-OstroCandidates,ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter,ValetFilter}
[notifications]
notification_format = both
notify_on_state_change = vm_and_task_state
versioned_notifications_topics = versioned_notifications
[oslo_messaging_notifications]
driver = messagingv2
topics = notifications
[oslo_concurrency]
lock_path = $N/lock
[vnc]
enabled = false
[glance]
region_name = RegionOne
[placement]
region_name = RegionOne
CONF
  credentials placement
  printf '[neutron]\nregion_name = RegionOne\n'
  credentials neutron
  authtoken_conf nova
  valet_conf
} | configure "$ETC/nova/nova.conf" nova-api nova-scheduler nova-conductor "${computes[@]}"
manage() { nova-manage --config-file "$ETC/nova/nova.conf" "$@" >>"$LOG/nova-manage.log" 2>&1; }
if [ ! -e "$ETC/.db-nova" ]; then
  say "Nova: databases"
  manage api_db sync
  manage cell_v2 map_cell0 --database_connection "$(pg_url nova_cell0)"
  manage cell_v2 create_cell --name cell1 --database_connection "$(pg_url nova)" --transport-url "$RABBIT_URL"
  manage db sync
  : >"$ETC/.db-nova"
fi
wait_http "http://127.0.0.1:$PLACEMENT_PORT/" 60
wait_http "http://127.0.0.1:$GLANCE_PORT/" 60
export PYTHONPATH="$PLUGINS" PYTHONDONTWRITEBYTECODE=1
for service in nova-conductor nova-scheduler nova-api; do start $service $service --config-file "$ETC/nova/nova.conf"; done
wait_http "http://127.0.0.1:$NOVA_PORT/" 90
for h in $COMPUTES; do
  mkdir -p "$N/$h"
  printf '[DEFAULT]\nhost = %s\nstate_path = %s\n' "$h" "$N/$h" >"$ETC/nova/compute-$h.conf"
  start "nova-compute-$h" /usr/bin/python3 "$HERE/peer_compute.py" --config-file "$ETC/nova/nova.conf" --config-file "$ETC/nova/compute-$h.conf"
done
A=$(token admin admin)
nova() { curl -s -H "X-Auth-Token: $A" -H 'X-OpenStack-Nova-API-Version: 2.90' -H 'Content-Type: application/json' "$@"; }
NOVA="http://127.0.0.1:$NOVA_PORT/v2.1" GLANCE="http://127.0.0.1:$GLANCE_PORT/v2"
want=$(echo $COMPUTES | wc -w)
for i in $(seq 90); do
  up=$(nova "$NOVA/os-services?binary=nova-compute" | jq '[.services[]?|select(.state=="up" or .forced_down)]|length')
  [ "${up:-0}" -ge "$want" ] && break
  sleep 1
done
manage cell_v2 discover_hosts
for i in $(seq 30); do
  known=$(nova "$NOVA/os-hypervisors" | jq '.hypervisors|length')
  [ "${known:-0}" -ge "$want" ] && break
  sleep 1
done

# --- an image without content, and flavors
image() { curl -s -H "X-Auth-Token: $A" "$@"; }
if [ -z "$(image "$GLANCE/images?name=tiny" | jq -r '.images[0].id // empty')" ]; then
  id=$(image -H 'Content-Type: application/json' "$GLANCE/images" -d '{"name":"tiny","disk_format":"raw","container_format":"bare","visibility":"public"}' | jq -r .id)
  head -c 1024 /dev/zero | image -X PUT -H 'Content-Type: application/octet-stream' --data-binary @- "$GLANCE/images/$id/file"
fi
flavor() { # flavor NAME ID RAM VCPUS DISK
  nova "$NOVA/flavors" | jq -e ".flavors[]|select(.name==\"$1\")" >/dev/null ||
    nova "$NOVA/flavors" -d "{\"flavor\":{\"name\":\"$1\",\"id\":\"$2\",\"ram\":$3,\"vcpus\":$4,\"disk\":$5}}" >/dev/null
}
flavor m1.tiny 1 512 1 1
flavor m1.nano 3 256 1 1
flavor m1.small 2 2048 2 20
# Quotas are of no interest here.
for project in admin demo; do
  nova -X PUT "$NOVA/os-quota-sets/$(ks_id projects $project)" -d '{"quota_set":{"instances":-1,"cores":-1,"ram":-1,"server_groups":-1,"server_group_members":-1}}' >/dev/null
done
say "Nova at $NOVA: $(nova "$NOVA/os-hypervisors/detail" | jq -c '[.hypervisors[]|{(.hypervisor_hostname):.state}]|add')"
[ "${known:-0}" -ge "$want" ]
