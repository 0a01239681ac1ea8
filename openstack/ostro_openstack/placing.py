"""Where the service wants one server: the conversation that the scheduler filter has. Knows nothing of Nova."""

import json
from dataclasses import dataclass, field
from typing import Any, Optional

from ostro_openstack.client import Client, NotFound, ValetError, segment


@dataclass(frozen=True)
class Server:
    """What the scheduler knows of a server that needs a host."""

    uuid: str
    flavor: str
    image: Optional[str] = None
    zone: Optional[str] = None
    project_id: Optional[str] = None
    #: The user's.
    metadata: dict = field(default_factory=dict)
    #: Each a list, as in a RequestSpec.
    hints: dict = field(default_factory=dict)
    #: It lives already, and has to go to another host.
    moves: bool = False


#: A list, of however many.
PATH = "heat_path_in_stack"


def place(client: Client, server: Server, hosts: list) -> str:
    """The host for the server, one of `hosts`. The same question gives the same host.

    :raises ValetError: there is none, or the service cannot be asked
    """
    until = client.deadline()
    hints = single(server.hints)
    reservation = {
        "resource_id": server.uuid,
        "locations": hosts,
        "flavor": server.flavor,
        "project_id": server.project_id,
    }

    def reserve(placement: str, action: str = "reserve") -> str:
        path = f"/placements/{segment(placement)}"
        answer = client.call("POST", path, {"action": action, **reservation}, deadline=until)
        return _location(answer.get("placement"), hosts)

    def search(**query: Any) -> Optional[str]:
        found = client.call("GET", "/placements", query=query, deadline=until).get("placements")
        return found[0]["id"] if found else None

    uuid = hints.get("heat_resource_uuid")
    if uuid:
        try:
            return reserve(uuid)
        except NotFound:
            # No plugin told of this stack, or it could not know the id yet (a stack within a stack).
            pass
    if hints.get("heat_root_stack_id") and hints.get("heat_resource_name"):
        planned = search(
            heat_root_stack_id=hints["heat_root_stack_id"],
            heat_resource_name=hints["heat_resource_name"],
            heat_path_in_stack=json.dumps(hints.get(PATH, [])),
        )
        if planned:
            return reserve(planned)
    known = search(resource_id=server.uuid)
    if known:
        return reserve(known, "replan" if server.moves else "reserve")
    answer = client.call("POST", "/plans", ad_hoc(server, hosts), deadline=until)
    plan = answer.get("plan") or {}
    location = _location(plan.get("placements", {}).get(server.uuid), hosts)
    # In the plan of its stack the server is reserved already; a plan of its own is only a plan.
    return reserve(server.uuid) if plan.get("stack_id") == server.uuid else location


def ad_hoc(server: Server, hosts: list) -> dict:
    """A plan of one server. With Heat's hints, the service plans the whole stack instead."""
    hints = single(server.hints)
    heat = {key: value for key, value in hints.items() if key.startswith("heat_")}
    own = {key: value for key, value in hints.items() if key not in heat}
    properties = {
        "flavor": server.flavor,
        "image": server.image,
        "availability_zone": server.zone,
        "metadata": server.metadata,
        "scheduler_hints": own,
    }
    return {
        "plan_name": server.uuid,
        "stack_id": server.uuid,
        "locations": hosts,
        "timeout": "60 sec",
        "resources": {
            server.uuid: {
                "type": "OS::Nova::Server",
                "name": "ad_hoc_instance",
                "properties": {key: value for key, value in properties.items() if value},
                "metadata": {**heat, **({"project_id": server.project_id} if server.project_id else {})},
            }
        },
    }


def single(hints: dict) -> dict:
    """Hints as users give them: one value alone instead of a list of one. Nova's own are left out."""
    return {
        key: value[0] if isinstance(value, list) and len(value) == 1 and key != PATH else value
        for key, value in hints.items()
        if not key.startswith("_nova")
    }


def _location(placement: Any, hosts: list) -> str:
    location = placement.get("location") if isinstance(placement, dict) else None
    if not isinstance(location, str):
        raise ValetError(f"the answer names no host: {placement!r}")
    if location not in hosts:
        raise ValetError(f"{location} was chosen, which is not among the {len(hosts)} candidates")
    return location
