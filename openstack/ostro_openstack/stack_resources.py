"""The resources of a stack, and of the stacks within it, as the service reads them. Imports nothing of Heat."""

import logging
import uuid
from types import SimpleNamespace

LOG = logging.getLogger(__name__)

SERVER = "OS::Nova::Server"
#: What the service reads. Everything else of a stack has no place.
READ = frozenset(
    (
        SERVER,
        "OS::Nova::ServerGroup",
        "OS::Cinder::Volume",
        "OS::Cinder::VolumeAttachment",
        "ATT::Valet::GroupAssignment",
        "OS::Valet::GroupAssignment",
        "ATT::Valet::Pipe",
        "OS::Valet::Pipe",
    )
)
#: Their members have random names, which they get when Heat makes them.
SCALED = frozenset(("OS::Heat::AutoScalingGroup", "OS::Heat::InstanceGroup", "AWS::AutoScaling::AutoScalingGroup"))
#: Properties that name other resources.
REFERRING = frozenset(("resources", "instance_uuid", "volume_id", "group"))


def of_stack(stack, stored=None) -> dict:
    """Orchestration id -> resource.

    The id is Heat's uuid of the resource, which the scheduler hints of its server carry. Resources of stacks within the
    stack, and new ones of an update, have none yet: theirs follows from their path, so that it is the same each time.

    :param stored: the stack that is being updated to `stack`; its resources keep their ids
    """
    found: dict = {}
    _level(_Root(stored or stack), stack, stored, [stack.name], found)
    return found


def has_server(resources: dict) -> bool:
    return any(entry["type"] == SERVER for entry in resources.values())


class _Root:
    def __init__(self, stack):
        self.id = stack.id

    def id_of(self, path):
        try:
            space = uuid.UUID(self.id)
        except ValueError:
            space = uuid.NAMESPACE_URL
        # The name of the outermost stack may change, the path below it says all.
        return str(uuid.uuid5(space, "/".join(path[1:])))


def _level(root, stack, stored, path, found, scaled=False) -> list:
    """Adds the resources of one stack. Returns the ids of the servers in it and below."""
    known = stored.resources if stored is not None else {}
    #: What properties may call a resource -> its ids here.
    means: dict = {}
    entries = []
    servers = []
    for position, (name, resource) in enumerate(stack.resources.items()):
        before = known.get(name)
        # Names of scaled members differ each time, their positions do not.
        inner = [*path, str(position) if scaled else name]
        nested = _nested(resource)
        if nested is not None:
            below = _level(root, nested, _stored(before), inner, found, resource.type() in SCALED)
            servers += below
            ids = below
        elif resource.type() in READ:
            top = len(path) == 1
            key = (top and (_uuid(before) or _uuid(resource))) or root.id_of(inner)
            ids = [key]
            entries.append((key, name, resource, before))
            if resource.type() == SERVER:
                servers.append(key)
        else:
            continue
        for alias in (name, _physical(resource), _physical(before)):
            if alias:
                means[alias] = ids
    for key, name, resource, before in entries:
        entry = _entry(root, stack, key, name, resource, before, path, means, scaled)
        # A group of nobody.
        if entry["properties"].get("resources") != []:
            found[key] = entry
    return servers


def _entry(root, stack, key, name, resource, before, path, means, scaled) -> dict:
    definition = resource.t.freeze()
    properties = dict(definition._properties or {})
    entry = {
        "type": resource.type(),
        "name": name,
        "properties": _referring(properties, means),
    }
    if resource.type() == SERVER:
        top = len(path) == 1
        hints = {
            "heat_root_stack_id": root.id,
            "heat_stack_id": root.id if top else None,
            "heat_stack_name": stack.name if top else None,
            "heat_path_in_stack": path,
            "heat_resource_name": None if scaled else name,
            "heat_resource_uuid": key if top and key in (_uuid(before), _uuid(resource)) else None,
        }
        entry["metadata"] = {hint: value for hint, value in hints.items() if value}
        physical = _physical(before) or _physical(resource)
        if physical:
            entry["resource_id"] = physical
    return entry


def _nested(resource):
    """The stack that the resource will be, not made yet; None if it is no stack."""
    make = getattr(resource, "_parse_nested_stack", None)
    if make is None:
        return None
    try:
        # Heat's own preview() does the same, but leaves the result in the resource.
        name = f"{resource.stack.name}-{resource.name}"
        return make(name, resource.child_template(), resource.child_params())
    except Exception as error:
        LOG.warning("What %s holds cannot be told before it is made: %r", resource.name, error)
        # Its servers are told of one by one, when they come; a group of them is one of nobody yet.
        return SimpleNamespace(name="", resources={})


def _stored(resource):
    """The stack that the resource is by now."""
    nested = getattr(resource, "nested", None)
    return nested() if nested is not None else None


def _uuid(resource):
    return getattr(resource, "uuid", None)


def _physical(resource):
    return getattr(resource, "resource_id", None)


def _referring(value, means, inside=False):
    """Names of resources become ids, where a property names resources."""
    if isinstance(value, dict):
        return {key: _referring(item, means, key in REFERRING) for key, item in value.items() if item is not None}
    if isinstance(value, (list, tuple)):
        flat = []
        for item in value:
            ids = means.get(item) if inside and isinstance(item, str) else None
            flat.extend(ids if ids is not None else [_referring(item, means, inside)])
        return flat
    if inside and isinstance(value, str):
        ids = means.get(value)
        # A single reference to something that holds several means none of them.
        return ids[0] if ids is not None and len(ids) == 1 else value
    return value
