"""As much of Neutron as Nova asks for: one shared network, ports, a security group. Nova asks it on every delete, too.

Usage: neutron_stub.py PORT
"""

import json
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

NET, SUBNET, GROUP = (f"11111111-1111-4111-8111-11111111111{i}" for i in (1, 2, 3))
OWNER = {"tenant_id": "x", "project_id": "x"}
TABLES = {
    "networks": {
        NET: {
            "id": NET,
            "name": "demo-net",
            "status": "ACTIVE",
            "admin_state_up": True,
            "shared": True,
            "router:external": False,
            "port_security_enabled": True,
            "mtu": 1450,
            "subnets": [SUBNET],
            "qos_policy_id": None,
            "dns_domain": "",
            **OWNER,
        }
    },
    "subnets": {
        SUBNET: {
            "id": SUBNET,
            "name": "demo-sub",
            "network_id": NET,
            "cidr": "10.77.0.0/16",
            "ip_version": 4,
            "gateway_ip": "10.77.0.1",
            "enable_dhcp": True,
            "dns_nameservers": [],
            "host_routes": [],
            "allocation_pools": [],
            **OWNER,
        }
    },
    "security-groups": {
        GROUP: {"id": GROUP, "name": "default", "description": "", "security_group_rules": [], **OWNER}
    },
    "ports": {},
    "floatingips": {},
    "routers": {},
    "trunks": {},
}
EXTENSIONS = ("binding", "binding-extended", "security-group", "quotas", "dns-integration", "port-security")
QUOTAS = ("port", "network", "subnet", "floatingip", "security_group", "security_group_rule", "router")
FILTERS = ("id", "name", "device_id", "network_id", "mac_address", "shared", "router:external")
LOCK = threading.Lock()
ports_made = 10


def port_defaults(row):
    global ports_made
    ports_made += 1
    high, low = divmod(ports_made, 250)
    row.update(
        {
            "status": "ACTIVE",
            "mac_address": f"fa:16:3e:00:{high:02x}:{low:02x}",
            "fixed_ips": [{"subnet_id": SUBNET, "ip_address": f"10.77.{high}.{low}"}],
            "binding:vif_type": "ovs",
            "binding:vif_details": {},
            "binding:vnic_type": "normal",
            "binding:profile": {},
            "allowed_address_pairs": [],
        }
    )
    defaults = {"device_id": "", "device_owner": "", "admin_state_up": True, "security_groups": [GROUP]}
    for field, value in defaults.items():
        row.setdefault(field, value)


def answer(method, path, query, body):
    """Status and body of the answer."""
    parts = [part for part in path.split("/") if part]
    if not parts:
        return 200, {"versions": [{"id": "v2.0", "status": "CURRENT", "links": []}]}
    if parts[0] != "v2.0":
        return 404, {}
    if len(parts) == 1:
        return 200, {"resources": []}
    table = parts[1]
    plural = table.replace("-", "_")
    one = plural[:-1]
    if table == "extensions":
        names = [{"alias": a, "name": a, "links": [], "description": "", "updated": ""} for a in EXTENSIONS]
        return 200, {"extensions": names}
    if table == "quotas":
        return 200, {"quota": dict.fromkeys(QUOTAS, -1)}
    if table not in TABLES:
        return (200, {plural: []}) if method == "GET" else (404, {})
    rows = TABLES[table]
    if len(parts) == 2 and method == "GET":
        wanted = {field: values for field, values in query.items() if field in FILTERS}
        found = [r for r in rows.values() if all(str(r.get(f)) in v for f, v in wanted.items())]
        return 200, {plural: found}
    if len(parts) == 2 and method == "POST":
        row = {"id": str(uuid.uuid4()), "name": "", "tenant_id": "x", **body[one]}
        if table == "ports":
            port_defaults(row)
        rows[row["id"]] = row
        return 201, {one: row}
    row = rows.get(parts[2]) if len(parts) > 2 else None
    if row is None:
        kind = f"{one.title().replace('_', '')}NotFound"
        return 404, {"NeutronError": {"type": kind, "message": "not found", "detail": ""}}
    if len(parts) > 3:
        return 200, {parts[3]: []}
    if method == "DELETE":
        del rows[parts[2]]
        return 204, None
    if method == "PUT":
        row.update(body[one])
    return 200, {one: row}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Quiet."""

    def respond(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        url = urlparse(self.path)
        with LOCK:
            status, value = answer(self.command, url.path, parse_qs(url.query), body)
        data = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_DELETE = respond


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
