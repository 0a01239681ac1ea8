"""Sends the requests of Valet's Postman collection, each once, in an order in which they make sense."""

import json
import re

from stand_ins import requests

ORDER = [
    'POST Keystone Generate Token v2',
    'GET API Root', 'OPTIONS API', 'GET API v1 endpoints', 'OPTIONS API v1 endpoints',
    'HEAD Get status of all components', 'GET List status of all components', 'OPTIONS Status',
    'POST Create group', 'GET List groups', 'GET Show group details', 'PUT Update a group', 'PUT Update group members',
    'GET Verify group membership', 'OPTIONS Groups', 'OPTIONS Single Group', 'OPTIONS Group Members',
    'POST Create plan', 'GET List plans', 'GET Show plan details', 'OPTIONS Plans', 'OPTIONS Single Plan',
    'POST Create plan (error)', 'POST Create plan with Exclusivity Group', 'GET List placements',
    'GET List single placement, no replan', 'POST List placements with replan', 'PUT Migrate Resource in a Plan',
    'PUT Update a plan (not yet used)', 'OPTIONS Placements', 'POST Create plan (ceph example)',
    'OPTIONS Single Placement', 'DELETE Delete plan (ceph example)', 'DELETE Delete plan', 'DELETE Delete group member',
    'DELETE Delete all group members', 'DELETE Delete group', 'DELETE Keystone Delete Token v2',
]
SET = re.compile(r'postman\.setEnvironmentVariable\("(\w+)", data((?:\[\'\w+\'\])+)\)')


def send_all(path, environment, record):
    with open(path) as file:
        requests_of = dict(('%(method)s %(name)s' % one, one) for one in json.load(file)['requests'])
    missing = set(requests_of) ^ set(ORDER)
    if missing:
        raise ValueError('the collection is another one: %s' % ', '.join(sorted(missing)))

    def filled(text):
        return re.sub(r'\{\{(\w+)\}\}', lambda found: environment.get(found.group(1)) or 'undefined', text)

    def send(one):
        headers = dict(line.split(': ', 1) for line in filled(one['headers']).splitlines() if line)
        raw = one.get('rawModeData')
        body = filled(raw) if raw and one['method'] in ('POST', 'PUT') else None
        answer = requests.request(one['method'], filled(one['url']), headers=headers, data=body, timeout=60)
        for name, path in SET.findall(one.get('tests') or ''):
            found = answer.json()
            for key in re.findall(r"'(\w+)'", path):
                found = found.get(key) if found else None
            environment[name] = found
        return {'allow': answer.headers['Allow']} if 'Allow' in answer.headers else None

    for name in ORDER:
        record.do(name, lambda: send(requests_of[name]))
