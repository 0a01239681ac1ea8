"""Keystone v2.0 as Valet's clients know it, in front of a real Keystone v3 or of a single known token.

A log-in with password and tenant name becomes one of v3 in the domain `default`; the token is v3's.
"""

import json
import threading

from BaseHTTPServer import BaseHTTPRequestHandler, HTTPServer
from stand_ins import requests


def start(v3_url=None, token=None, project=None):
    """Serves on a free port of loopback. Without `v3_url` the password is `secret` and the token `token`."""

    def log_in(auth):
        name, password = auth['passwordCredentials']['username'], auth['passwordCredentials']['password']
        if v3_url is None:
            return (token, project) if password == 'secret' else None
        domain = {'id': 'default'}
        identity = {'methods': ['password'],
                    'password': {'user': {'name': name, 'password': password, 'domain': domain}}}
        scope = {'project': {'name': auth['tenantName'], 'domain': domain}}
        answer = requests.post(v3_url + '/auth/tokens', timeout=10,
                               json={'auth': {'identity': identity, 'scope': scope}})
        if answer.status_code != 201:
            return None
        return answer.headers['X-Subject-Token'], answer.json()['token']['project']['id']

    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def reply(self, status, body=None):
            text = '' if body is None else json.dumps(body)
            self.send_response(status)
            self.send_header('Content-Type', 'application/json')
            self.send_header('Content-Length', str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
            found = log_in(asked['auth']) if self.path == '/v2.0/tokens' else None
            if found is None:
                self.reply(401, {'error': {'code': 401, 'title': 'Unauthorized'}})
                return
            granted = {'id': found[0], 'tenant': {'id': found[1], 'name': asked['auth']['tenantName']}}
            self.reply(200, {'access': {'token': granted, 'user': {}}})

        def do_DELETE(self):
            self.reply(204)

        def log_message(self, *args):
            pass

    server = HTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.daemon = True
    thread.start()
    return 'http://127.0.0.1:%d/v2.0' % server.server_port
