"""Stacks and servers as Heat and Nova hand them to the plug-ins."""

PROJECT = 'b7d0e9b175294b649464caa3411adb3f'
HOSTS = ['qos%d' % number for number in range(101, 149)]
STACK = '7c4a1e52-6f0b-4d63-9a38-2b1f0c5d8e90'
WEB1 = '11111111-aaaa-4bbb-8ccc-000000000001'
WEB2 = '11111111-aaaa-4bbb-8ccc-000000000002'
APART = '11111111-aaaa-4bbb-8ccc-000000000003'
DISK = '11111111-aaaa-4bbb-8ccc-000000000004'
NOVA = '22222222-aaaa-4bbb-8ccc-00000000000%d'


class Named(object):
    def __init__(self, **names):
        self.__dict__.update(names)


class HeatResource(object):
    def __init__(self, name, kind, uuid, properties, capitals):
        self.name, self.kind, self.uuid, self.resource_id = name, kind, uuid, None
        self.definition = {'Type': kind, 'Properties': properties}
        if not capitals:
            self.definition = dict((key.lower(), value) for key, value in self.definition.items())

    def type(self):
        return self.kind

    def parsed_template(self):
        return dict(self.definition)

    def _scheduler_hints(self, hints):
        return {'heat_root_stack_id': STACK, 'heat_stack_id': STACK, 'heat_stack_name': 'shop',
                'heat_path_in_stack': [['shop', 'shop']], 'heat_resource_name': self.name,
                'heat_resource_uuid': self.uuid}


def server(name, uuid, capitals=True, **more):
    properties = {'flavor': 'm1.small', 'image': 'ubuntu', 'networks': [{'network': 'net'}]}
    properties.update(more)
    return HeatResource(name, 'OS::Nova::Server', uuid, properties, capitals)


def stack(resources, status='IN_PROGRESS', token=None):
    named = dict((one.name, one) for one in resources)
    # The preview is nested as the stacks are.
    return Named(id=STACK, name='shop', status=status, resources=named, context=Named(auth_token=token),
                 preview_resources=lambda: [resources[0], list(resources[1:])])


def spec(number, hints=None, **more):
    properties = {'uuid': NOVA % number, 'metadata': {}, 'availability_zone': None}
    properties.update(more)
    return {'request_spec': {'instance_properties': properties, 'image': {'name': 'ubuntu'}},
            'instance_type': {'name': 'm1.small'}, 'scheduler_hints': hints or {}}


def passes(nova_filter, hosts, properties):
    """Names of the hosts that the filter lets pass."""
    states = [Named(host=name) for name in hosts]
    return {'passed': [state.host for state in nova_filter.filter_all(states, properties)]}
