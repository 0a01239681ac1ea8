#!/usr/bin/env bash
# Ironic twice, each with a database of its own: one that asks Keystone (IRONIC_PORT), one that stands alone and asks nobody
# (IRONIC_ALONE_PORT). API and conductor talk JSON-RPC, so they need no broker. Hardware types: redfish, ipmi, fake-hardware.
. "$(dirname "$0")/_lib.sh"
need_pkgs ipmitool python3-ironic python3-sushy sqlite3 curl jq
unpack_debs ironic-common ironic-api ironic-conductor
conf() { # conf NAME API_PORT RPC_PORT AUTH
  local d="$PEERS_DIR/ironic/$1"
  mkdir -p "$d"/{images,master,tftp,http,lock}
  cat <<CONF
[DEFAULT]
use_stderr = true
my_ip = 127.0.0.1
# With JSON-RPC this is where the conductor is asked.
host = 127.0.0.1
state_path = $d
auth_strategy = $4
rpc_transport = json-rpc
enabled_hardware_types = fake-hardware,redfish,ipmi
enabled_bios_interfaces = no-bios,redfish
enabled_boot_interfaces = fake,pxe,redfish-virtual-media
enabled_console_interfaces = fake,no-console
enabled_deploy_interfaces = fake,direct
enabled_inspect_interfaces = fake,no-inspect,redfish
enabled_management_interfaces = fake,ipmitool,redfish
enabled_network_interfaces = noop
default_network_interface = noop
enabled_power_interfaces = fake,ipmitool,redfish
enabled_raid_interfaces = no-raid,redfish
enabled_rescue_interfaces = no-rescue
enabled_storage_interfaces = fake,noop
enabled_vendor_interfaces = fake,ipmitool,no-vendor,redfish
[api]
host_ip = 127.0.0.1
port = $2
api_workers = 1
[json_rpc]
host_ip = 127.0.0.1
port = $3
auth_strategy = noauth
auth_type = none
[database]
connection = sqlite:///$d/ironic.sqlite
[conductor]
workers_pool_size = 20
automated_clean = false
api_url = http://127.0.0.1:$2
[dhcp]
dhcp_provider = none
[deploy]
http_root = $d/http
http_url = http://127.0.0.1:1
[pxe]
tftp_root = $d/tftp
tftp_master_path = $d/tftp/master
images_path = $d/images
instance_master_path = $d/master
[glance]
auth_type = none
endpoint_override = http://127.0.0.1:$GLANCE_PORT
[inspector]
auth_type = none
endpoint_override = http://127.0.0.1:5050
[service_catalog]
auth_type = none
endpoint_override = http://127.0.0.1:$2
[oslo_concurrency]
lock_path = $d/lock
CONF
  [ "$4" = noauth ] || authtoken_conf ironic
}
up() { # up NAME API_PORT RPC_PORT AUTH
  local name="ironic-$1" file="$ETC/ironic/$1.conf" database="$PEERS_DIR/ironic/$1/ironic.sqlite" i
  conf "$@" | configure "$file" "$name-api" "$name-conductor"
  if [ ! -s "$database" ]; then
    ironic-dbsync --config-file "$file" create_schema >>"$LOG/ironic-dbsync.log" 2>&1
    # Else two writers meet "database is locked".
    sqlite3 "$database" 'pragma journal_mode=wal' >/dev/null
  fi
  start "$name-conductor" ironic-conductor --config-file "$file"
  start "$name-api" ironic-api --config-file "$file"
  wait_http "http://127.0.0.1:$2/" 60
  for i in $(seq 60); do
    curl -s -H 'X-OpenStack-Ironic-API-Version: 1.50' ${5:+-H "X-Auth-Token: $5"} "http://127.0.0.1:$2/v1/drivers" |
      jq -e '.drivers | length > 0' >/dev/null 2>&1 && return 0
    sleep 1
  done
  say "the conductor of $name never told of its drivers"
  tail -n 20 "$LOG/$name-conductor.log"
  return 1
}
up alone "$IRONIC_ALONE_PORT" "$IRONIC_ALONE_RPC_PORT" noauth
alive keystone || "$HERE/up-keystone.sh"
ks_service baremetal ironic ironic "http://127.0.0.1:$IRONIC_PORT"
up keystone "$IRONIC_PORT" "$IRONIC_RPC_PORT" keystone "$(token admin admin)"
say "Ironic at http://127.0.0.1:$IRONIC_PORT (Keystone) and http://127.0.0.1:$IRONIC_ALONE_PORT (alone)"
