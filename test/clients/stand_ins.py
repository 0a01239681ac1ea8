"""What Valet's clients import and a machine of today has not got for Python 2.7, as small as they need it.

Nothing of the clients themselves is here. `requests` is the real one (2.22), from pip's own copy.
"""

import sys
import types

import pip._internal  # noqa: F401  (pip's copy of requests cannot be imported before it)
from pip._vendor import requests


def module(name, **names):
    made = types.ModuleType(name)
    made.__path__ = []
    for key, value in names.items():
        setattr(made, key, value)
    sys.modules[name] = made
    parent, _, leaf = name.rpartition('.')
    if parent:
        setattr(sys.modules[parent], leaf, made)
    return made


class Anything(object):
    """Heat's schemas and constraints: taken, never looked at."""

    def __init__(self, *args, **kwargs):
        pass

    def __call__(self, *args, **kwargs):
        return self

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        return self


class Group(dict):
    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError('no such option %s' % name)


class Conf(object):
    """oslo.config as far as it is used: groups of options with defaults; a value set before an option stays."""

    def __init__(self):
        self.stack_scheduler_hints = True

    def group(self, name):
        return self.__dict__.setdefault(str(name), Group())

    def register_group(self, group):
        self.group(group.name)

    def register_opts(self, opts, group=None):
        target = self.__dict__ if group is None else self.group(getattr(group, 'name', group))
        for opt in opts:
            if not isinstance(opt, Anything):
                target.setdefault(opt.name, opt.default)

    def register_cli_opts(self, opts, group=None):
        self.register_opts(opts, group)

    def import_opt(self, name, where, group=None):
        pass

    def __call__(self, *args, **kwargs):
        pass


class Opt(object):
    def __init__(self, name, default=None, **_):
        self.name, self.default = name, default


class OptGroup(object):
    def __init__(self, name, **_):
        self.name = name


class KeystoneV2(object):
    """keystoneclient.v2_0.client.Client, of which only the log-in is used."""

    def __init__(self, username, password, tenant_name, auth_url):
        credentials = {'username': username, 'password': password}
        body = {'auth': {'tenantName': tenant_name, 'passwordCredentials': credentials}}
        answer = requests.post(auth_url + '/tokens', json=body, timeout=10)
        answer.raise_for_status()
        self.auth_token = answer.json()['access']['token']['id']


class Resource(object):
    """heat.engine.resource.Resource: what a plug-in is given."""

    def __init__(self, name, json_snippet, stack):
        self.name, self.properties, self.stack = name, json_snippet, stack
        self.context, self.resource_id = stack.context, None

    def resource_id_set(self, value):
        self.resource_id = value

    def physical_resource_name(self):
        return self.name

    def physical_resource_name_or_FnGetRefId(self):
        return self.resource_id


class RestFault(Exception):
    pass


class ResponseBody(dict):
    def __init__(self, response, body=None):
        dict.__init__(self, body or {})
        self.response = response


class RestClient(object):
    """tempest's rest_client: asks with a token, raises for 4xx and 5xx, and holds the status against the expected one."""

    def __init__(self, base_url, token):
        self.base_url, self.token = base_url, token

    def _ask(self, method, path, body=None):
        headers = {'X-Auth-Token': self.token, 'Accept': 'application/json', 'Content-Type': 'application/json'}
        answer = requests.request(method, self.base_url + path, data=body, headers=headers, timeout=30)
        if answer.status_code >= 400:
            raise RestFault('%d %s' % (answer.status_code, answer.json().get('explanation')))
        answer.status = answer.status_code
        return answer, answer.text

    def get(self, path):
        return self._ask('GET', path)

    def post(self, path, body):
        return self._ask('POST', path, body)

    def put(self, path, body):
        return self._ask('PUT', path, body)

    def delete(self, path):
        return self._ask('DELETE', path)

    def expected_success(self, expected, status):
        if status != expected:
            raise RestFault('expected %d, got %d' % (expected, status))


def install():
    def same(text):
        return text

    sys.modules['requests'] = requests
    kinds = ('StrOpt', 'IntOpt', 'ListOpt', 'FloatOpt', 'BoolOpt')
    cfg = module('oslo_config')
    cfg = module('oslo_config.cfg', CONF=Conf(), OptGroup=OptGroup, **dict((kind, Opt) for kind in kinds))
    log = Anything()
    module('oslo_log')
    module('oslo_log.log', getLogger=lambda name: log, register_options=log, setup=log)
    translators = type('TranslatorFactory', (), {'__init__': lambda self, domain: None, 'primary': staticmethod(same)})
    module('oslo_i18n', TranslatorFactory=translators)
    module('keystoneclient')
    module('keystoneclient.v2_0')
    module('keystoneclient.v2_0.client', Client=KeystoneV2)
    module('nova')
    module('nova.i18n', _=same, _LI=same, _LW=same, _LE=same)
    module('nova.scheduler')
    module('nova.scheduler.filters', BaseHostFilter=object)
    module('heat')
    module('heat.common')
    module('heat.common.i18n', _=same)
    module('heat.common.exception', ResourceNotAvailable=type('ResourceNotAvailable', (Exception,), {}))
    module('heat.engine')
    module('heat.engine.lifecycle_plugin', LifecyclePlugin=object)
    for name in ('attributes', 'properties', 'support'):
        module('heat.engine.' + name, Schema=Anything(), SupportStatus=Anything())
    constraints = module('heat.engine.constraints', BaseCustomConstraint=object)
    constraints.AllowedValues = constraints.CustomConstraint = Anything()
    module('heat.engine.resource', Resource=Resource)
    module('heat.engine.resources')
    module('heat.engine.resources.scheduler_hints', SchedulerHintsMixin=object)
    module('tempest_lib')
    module('tempest_lib.common')
    module('tempest_lib.common.rest_client', RestClient=RestClient, ResponseBody=ResponseBody)
    return cfg.CONF
