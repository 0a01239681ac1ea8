"""Runs one of Valet's original clients, unmodified, against a running service; see README.md beside it."""

import __future__
import argparse
import imp
import json
import os
import sys

sys.dont_write_bytecode = True

import cloud  # noqa: E402
import keystone_v2  # noqa: E402
import postman  # noqa: E402
import stand_ins  # noqa: E402
from cloud import APART, DISK, HOSTS, PROJECT, STACK, WEB1, WEB2, passes, server, spec, stack  # noqa: E402
from recorder import Recorder  # noqa: E402

LICENCE = 'Apache-2.0'


def configure(conf, options, auth_url):
    conf.group('valet').update(url=options.url + '/v1', admin_username='valet', admin_password='secret',
                               admin_tenant_name='service', admin_auth_url=auth_url)


def plugins_2017(options, conf, auth_url, record):
    from valet_plugins.plugins.heat import plugins
    from valet_plugins.plugins.nova import valet_filter
    context = cloud.Named(auth_token=options.token)
    heat = plugins.ValetLifecyclePlugin()
    nova = valet_filter.ValetFilter()
    nova.interval = 0
    group = {'group_type': 'diversity', 'level': 'rack', 'resources': ['web1', 'web2']}
    shop = stack([server('web1', WEB1), server('web2', WEB2),
                  cloud.HeatResource('disk', 'OS::Cinder::Volume', DISK, {'size': 1}, True),
                  cloud.HeatResource('apart', 'ATT::Valet::GroupAssignment', APART, group, True)])
    record.do('heat: CREATE', lambda: heat.do_pre_op(context, shop, action='CREATE'))
    hint1, hint2 = {'heat_resource_uuid': WEB1}, {'heat_resource_uuid': WEB2}
    record.do('nova: first server, all hosts', lambda: passes(nova, HOSTS, spec(1, hint1)))
    record.do('nova: first server again', lambda: passes(nova, HOSTS, spec(1, hint1)))
    record.do('nova: second server, few hosts', lambda: passes(nova, HOSTS[40:44], spec(2, hint2)))
    record.do('nova: no hosts', lambda: passes(nova, [], spec(1, hint1)))
    record.do('nova: server without a stack', lambda: passes(nova, HOSTS[4:8], spec(3)))
    record.do('nova: the same again', lambda: passes(nova, HOSTS[4:8], spec(3)))
    record.do('nova: no place for a server', lambda: passes(nova, ['nowhere'], spec(6)))
    record.do('nova: an unknown placement', lambda: passes(nova, HOSTS, spec(4, {'heat_resource_uuid': DISK})))
    api = heat.api
    lonely = {'a': {'name': 'a', 'type': 'OS::Nova::Server', 'properties': {'flavor': 'm9.none'}}}
    plan = {'plan_name': 'x', 'stack_id': 'x', 'resources': lonely}
    record.do('wrapper: a plan that is refused', lambda: api.plans_create(None, plan, auth_token=options.token))
    crowd = {'stack_id': 'y', 'plan_name': 'y', 'locations': ['nowhere'],
             'resources': {'a': {'name': 'a', 'type': 'OS::Nova::Server', 'properties': {'flavor': 'm1.small'}}}}
    record.do('wrapper: a plan without a place', lambda: api.plans_create(None, crowd, auth_token=options.token))
    record.do('wrapper: a wrong token', lambda: api.plans_create(None, plan, auth_token='wrong'))
    record.do('heat: DELETE', lambda: heat.do_pre_op(context, shop, action='DELETE'))
    record.do('heat: DELETE again', lambda: heat.do_pre_op(context, shop, action='DELETE'))
    record.do('wrapper: delete the plan of the server', lambda: api.plans_delete(cloud.Named(id=cloud.NOVA % 3),
                                                                                auth_token=options.token))


def absolute(path):
    """A module whose own name hides the package that it imports, at the commit that we have; the file as it is."""
    made = imp.new_module('heat_lifecycle')
    with open(path) as source:
        flags = __future__.absolute_import.compiler_flag
        exec(compile(source.read(), path, 'exec', flags, True), made.__dict__)
    return made


def plugins_2018(options, conf, auth_url, record):
    from plugins.heat import group as group_resource
    from plugins.plugins.nova import valet_filter
    plugins = absolute(os.path.join(options.source, 'plugins/plugins/heat/plugins.py'))
    context = cloud.Named(auth_token=options.token)
    heat = plugins.ValetLifecyclePlugin()
    nova = valet_filter.ValetFilter()
    properties = {'name': 'db.prod', 'type': 'diversity', 'level': 'rack', 'description': 'replicas',
                  'members': [PROJECT]}
    # As the properties of a resource, a key that is not there is None.
    group = group_resource.Group('group', properties, stack([], token=options.token))
    record.do('Group: create', group.handle_create)
    record.do('Group: attributes', lambda: dict((key, group._resolve_attribute(key)) for key in group.ATTRIBUTES))
    record.do('Group: new description', lambda: group.handle_update(None, None, {'description': 'new'}))
    record.do('Group: new members', lambda: group.handle_update(None, None, {'members': [PROJECT, 'demo']}))
    bad = group_resource.Group('bad', dict(properties, name='bad', members=['nobody']), stack([], token=options.token))
    record.do('Group: with an unknown member', bad.handle_create)
    again = group_resource.Group('again', properties, stack([], token=options.token))
    record.do('Group: of the same name', again.handle_create)

    named = {'metadata': {'valet': {'groups': ['db.prod']}}}
    shop = stack([server('web1', WEB1, **named), server('web2', WEB2, **named)])
    record.do('heat: CREATE', lambda: heat.do_pre_op(context, shop, action='CREATE'))
    hint1 = {'heat_resource_uuid': WEB1}
    path = {'heat_root_stack_id': STACK, 'heat_resource_name': 'web2', 'heat_path_in_stack': [['shop', 'shop']]}
    record.do('nova: first server, by its hint', lambda: passes(nova, HOSTS, spec(1, hint1)))
    record.do('nova: second server, by search', lambda: passes(nova, HOSTS, spec(2, path)))
    record.do('nova: second server moves', lambda: passes(nova, HOSTS[40:44], spec(2)))
    record.do('nova: no hosts', lambda: passes(nova, [], spec(1, hint1)))
    record.do('nova: server without a stack', lambda: passes(nova, HOSTS[4:8], spec(3)))
    meta = {'metadata': {'valet': json.dumps({'groups': ['db.prod']})}}
    record.do('nova: server of a group', lambda: passes(nova, HOSTS, spec(5, **dict(meta, availability_zone='nova'))))
    record.do('nova: no place for a server', lambda: passes(nova, ['nowhere'], spec(6)))
    record.do('nova: an unknown placement', lambda: passes(nova, HOSTS, spec(4, {'heat_resource_uuid': DISK})))

    grown = stack([server('web1', None, **named), server('web2', None, **named), server('web3', None, **named)])
    record.do('heat: UPDATE', lambda: heat.do_pre_op(context, shop, current_stack=grown, action='UPDATE'))
    heat.api.auth_token = options.token
    record.do('api: delete the plan', lambda: heat.api.plans_delete(shop))
    record.do('heat: UPDATE of an unknown plan',
              lambda: heat.do_pre_op(context, shop, current_stack=grown, action='UPDATE'))
    record.do('heat: DELETE', lambda: heat.do_pre_op(context, shop, action='DELETE'))
    record.do('heat: DELETE again', lambda: heat.do_pre_op(context, shop, action='DELETE'))
    lonely = {'a': {'name': 'a', 'type': 'OS::Nova::Server', 'properties': {'flavor': 'm1.small'}}}
    plan = {'plan_name': 'y', 'stack_id': 'y', 'resources': lonely, 'locations': ['nowhere']}
    record.do('api: a plan without a place', lambda: heat.api.plans_create(None, plan))
    record.do('api: a wrong token', lambda: heat.api.plans_create(None, plan, auth_token='wrong'))
    record.do('api: a group that is not there', lambda: heat.api.groups_get('nothing'))
    record.do('api: delete the plan of a server', lambda: heat.api.plans_delete(cloud.Named(id=cloud.NOVA % 3)))
    record.do('Group: delete while its servers run', group.handle_delete)
    free = group_resource.Group('free', dict(properties, name='free'), stack([], token=options.token))
    record.do('Group: create another', free.handle_create)
    record.do('Group: delete', free.handle_delete)
    record.do('Group: delete again', free.handle_delete)


def tempest(options, conf, auth_url, record, level):
    from valet.tests.tempest.services import client
    api = client.ValetClient(options.url + '/v1', options.token)
    more = {'level': 'host'} if level else {}
    group = record.do('create_group', lambda: api.create_group(name='tempest', group_type='exclusivity',
                                                               description='for a test', **more))
    record.do('list_groups', api.list_groups)
    record.do('show_group', lambda: api.show_group(group['id']))
    record.do('update_group', lambda: api.update_group(group['id'], 'new'))
    record.do('add_members', lambda: api.add_members(group['id'], [PROJECT]))
    record.do('verify_membership', lambda: api.verify_membership(group['id'], PROJECT))
    record.do('delete_group with members', lambda: api.delete_group(group['id']))
    record.do('delete_member', lambda: api.delete_member(group['id'], PROJECT))
    record.do('verify_membership of nobody', lambda: api.verify_membership(group['id'], PROJECT))
    record.do('delete_all_members', lambda: api.delete_all_members(group['id']))
    record.do('delete_group', lambda: api.delete_group(group['id']))
    resources = {WEB1: {'name': 'web1', 'type': 'OS::Nova::Server', 'properties': {'flavor': 'm1.small'}}}
    plan = record.do('create_plan', lambda: api.create_plan('tempest', resources, 'tempest-stack'))
    record.do('update_plan', lambda: api.update_plan(plan['plan']['id'], 'migrate', ['qos101'], [WEB1]))
    record.do('delete_plan', lambda: api.delete_plan(plan['plan']['id']))


def command(options, conf, auth_url, record):
    import StringIO
    from valet.cli import valetcli
    conf.group('identity')['uth_url'] = auth_url  # The option that the command looks for.
    host, port = options.url[len('http://'):].split(':')

    def run(*words):
        before, sys.stdout = sys.stdout, StringIO.StringIO()
        try:
            arguments = ['valet', 'group', '--host', host, '--port', port, '--os-tenant-name', 'service',
                         '--os-user-name', 'valet', '--os-password', 'secret'] + list(words)
            try:
                valetcli.main(arguments)
            except SystemExit as end:
                return {'exit': end.code, 'printed': sys.stdout.getvalue()}
            return {'printed': sys.stdout.getvalue()}
        finally:
            sys.stdout = before

    def do(*words):
        return record.do('valet group ' + ' '.join(words), lambda: run(*words))
    made = json.loads(do('create', 'cli', 'exclusivity', '--description', 'by hand')['printed'])['id']
    do('list')
    do('show', made)
    do('update', made, '--description', 'new')
    do('update-member', made, PROJECT)
    do('delete', made)
    do('delete-member', made, PROJECT)
    do('delete-all-members', made)
    do('delete', made)
    do('show', made)


def collection(options, conf, auth_url, record):
    environment = {'valet': options.url, 'keystone': auth_url[:-len('/v2.0')], 'tenant_name': 'service',
                   'username': 'valet', 'password': 'secret'}
    postman.send_all(os.path.join(options.source, COLLECTION), environment, record)


COLLECTION = 'valet/tests/api/Valet.json.postman_collection'
CLIENTS = {
    'postman': ('openstack/valet', '.', collection, [COLLECTION]),
    'plugins-2017': ('att-comdev/valet', 'plugins', plugins_2017,
                     ['plugins/valet_plugins/common/valet_api.py', 'plugins/valet_plugins/plugins/heat/plugins.py',
                      'plugins/valet_plugins/plugins/nova/valet_filter.py']),
    'plugins-2018': ('openstack/valet', '.', plugins_2018,
                     ['plugins/common/valet_api.py', 'plugins/heat/group.py', 'plugins/plugins/heat/plugins.py',
                      'plugins/plugins/nova/valet_filter.py']),
    'tempest-2017': ('att-comdev/valet', '.', lambda *args: tempest(*args, level=False),
                     ['valet/tests/tempest/services/client.py']),
    'tempest-2018': ('openstack/valet', '.', lambda *args: tempest(*args, level=True),
                     ['valet/tests/tempest/services/client.py']),
    'command': ('openstack/valet', '.', command, ['valet/cli/groupcli.py', 'valet/cli/valetcli.py']),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('client', choices=sorted(CLIENTS))
    parser.add_argument('--source', required=True, help='folder of the original, as its repository has it')
    parser.add_argument('--commit', required=True)
    parser.add_argument('--url', required=True, help='of the service')
    parser.add_argument('--token', required=True, help='that the service knows, of project ' + PROJECT)
    parser.add_argument('--keystone', help='the URL of a real Keystone (v3) that gives the tokens instead')
    parser.add_argument('--out', required=True, help='folder for the recordings')
    options = parser.parse_args()
    repository, folder, scenario, files = CLIENTS[options.client]
    conf = stand_ins.install()
    sys.path.insert(0, os.path.join(options.source, folder))
    record = Recorder(options.url, options.token)
    auth_url = keystone_v2.start(options.keystone, options.token, PROJECT)
    configure(conf, options, auth_url)
    scenario(options, conf, auth_url, record)
    origin = {'repository': repository, 'commit': options.commit, 'files': files, 'licence': LICENCE,
              'python': '2.7'}
    folder = os.path.join(options.out, options.client)
    if not os.path.isdir(folder):
        os.makedirs(folder)
    known = ['../../postman/ceph.json'] if options.client == 'postman' else []
    record.write(os.path.join(folder, 'requests.json'), origin, known)
    for step in record.steps:
        statuses = ' '.join(str(one['response']['status']) for one in step['exchanges'])
        print('%-45s %-16s %s' % (step['call'][:45], statuses, json.dumps(step['outcome'])[:110]))


main()
