"""A service on loopback that answers as told."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


class Service:
    """`answers`: what to do with each request, in turn; the last one stays.

    A function of the request gives (status, body); body is an object, or bytes as they are.
    """

    def __init__(self):
        self.requests = []
        self.answers = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                """Quiet."""

            def respond(self):
                length = int(self.headers.get("Content-Length") or 0)
                text = self.rfile.read(length)
                request = {
                    "method": self.command,
                    "path": self.path,
                    "token": self.headers.get("X-Auth-Token"),
                    "body": json.loads(text) if text else None,
                }
                service.requests.append(request)
                answers = service.answers
                answer = answers.pop(0) if len(answers) > 1 else answers[0]
                status, body = answer(request) if callable(answer) else answer
                data = body if isinstance(body, bytes) else json.dumps(body).encode()
                try:
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                except OSError:
                    pass  # who asked has gone

            do_GET = do_POST = do_PUT = do_DELETE = respond

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"

    def told(self):
        """Method and path of each request."""
        return [f"{request['method']} {request['path'].split('?')[0]}" for request in self.requests]


@pytest.fixture
def service():
    running = Service()
    threading.Thread(target=running.server.serve_forever, args=(0.02,), daemon=True).start()
    yield running
    running.server.shutdown()
    running.server.server_close()
