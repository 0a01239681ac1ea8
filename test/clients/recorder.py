"""Writes down what a client was asked to do, each request it sent to the service, the answer, and what it made of it."""

import json
import os
import re
import uuid

from stand_ins import requests

HEADERS = ('Accept', 'Content-Type', 'X-Auth-Token')
FORM = re.compile('^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')


class Recorder(object):
    def __init__(self, base_url, token):
        self.base_url, self.token = base_url, token
        self.steps, self.sent, self.made = [], [], []
        plain = requests.sessions.Session.send

        def send(session, prepared, **kwargs):
            answer = plain(session, prepared, **kwargs)
            if prepared.url.startswith(self.base_url):
                self.sent.append(self.exchange(prepared, answer))
            return answer
        requests.sessions.Session.send = send
        # The clients make ids up; each run the same ones.
        count = [0]

        def uuid4():
            count[0] += 1
            return uuid.UUID('00000000-0000-4000-8000-%012x' % count[0])
        uuid.uuid4 = uuid4

    def exchange(self, prepared, answer):
        body = prepared.body
        headers = dict((name, prepared.headers[name]) for name in HEADERS if name in prepared.headers)
        request = {'method': prepared.method, 'path': prepared.url[len(self.base_url):], 'headers': headers}
        if body:
            request['body'] = json.loads(body)
        response = {'status': answer.status_code}
        if answer.text:
            try:
                response['body'] = answer.json()
            except ValueError:
                response['text'] = answer.text
        return {'request': request, 'response': response}

    def do(self, what, call):
        """One step; what the client raises is its answer too."""
        self.sent = []
        try:
            outcome = {'returned': call()}
        except SystemExit as end:
            outcome = {'exit': end.code}
        except Exception as fault:
            outcome = {'raised': type(fault).__name__, 'message': str(fault)}
        self.steps.append({'call': what, 'exchanges': self.sent, 'outcome': outcome})
        return outcome.get('returned')

    def write(self, path, origin, known=()):
        """`known`: bodies that are files already, relative to the one that is written."""
        ids = self.ids()
        for step in self.steps:
            for one in step['exchanges']:
                for name in known:
                    with open(os.path.join(os.path.dirname(path), name)) as file:
                        if one['request'].get('body') == json.load(file):
                            one['request']['body'] = {'$file': name}
        told = json.dumps({'origin': origin, 'steps': self.steps})
        for at, made in enumerate(ids, 1):
            told = told.replace(made, '{{id%d}}' % at)
        told = told.replace(self.base_url, '{{service}}').replace(self.token, '{{token}}')
        record = json.loads(told)
        for step in record['steps']:
            for one in step['exchanges']:
                hide_hosts(one['response'].get('body'))
            hide_hosts(step['outcome'])
        with open(path, 'w') as file:
            file.write(json.dumps(record, indent=2, sort_keys=True, separators=(',', ': ')) + '\n')

    def ids(self):
        """Those that the service made: they are in an answer before they are in any request."""
        found, before = [], ''
        for step in self.steps:
            for one in step['exchanges']:
                before += json.dumps(one['request'])
                for text in strings(one['response'].get('body')):
                    if FORM.match(text) and text not in before and text not in found:
                        found.append(text)
        return found


def strings(value):
    if isinstance(value, dict):
        value = list(value.keys()) + [value[key] for key in sorted(value)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, (str, type(u''))) else []


def hide_hosts(value):
    """Where the service puts a server is not what is recorded."""
    if isinstance(value, dict):
        for key in value:
            if key == 'location':
                value[key] = '{{host}}'
            elif key == 'passed' and value[key]:
                value[key] = ['{{host}}']
            else:
                hide_hosts(value[key])
    elif isinstance(value, list):
        for item in value:
            hide_hosts(item)
