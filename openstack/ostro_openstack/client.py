"""A client of Valet's API that always comes back: within its budget, whatever the other side does.

Knows nothing of Nova and Heat, and needs only `requests`.
"""

import json
import threading
import time
import urllib.parse
from typing import Any, Callable, Optional

import requests

#: No answer of the service is nearly as large.
LARGEST_ANSWER = 16 * 1024 * 1024
#: Answers of a service, or of a proxy before it, that is not there at the moment. It answers 401, too, while it cannot
#: ask Keystone about a token.
PASSING = frozenset((401, 502, 503, 504))


class ValetError(Exception):
    """The service refused, or could not be asked. The text says why."""


class NotFound(ValetError):
    """404."""


class Unavailable(ValetError):
    """No answer: the service, or Keystone, cannot be reached in time."""


class NoToken(Exception):
    """Keystone gave none."""


class Client:
    """Calls with a total budget each.

    :param url: with the version, e.g. `http://controller:8090/v1`
    :param token: gives a token of Keystone
    :param renew: is called once when the service does not take that token; `token` should give another one then
    :param budget: seconds that a call may take in all, the token and all tries included
    :param retries: tries after the first, when no answer came or the service or Keystone is away; the first comes 0.2 s
        later, each further one after twice the time
    """

    def __init__(
        self,
        url: str,
        token: Callable[[], Optional[str]],
        renew: Callable[[], None] = lambda: None,
        *,
        budget: float = 30,
        connect_timeout: float = 3,
        read_timeout: float = 10,
        retries: int = 6,
        verify: Any = True,
    ) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._renew = renew
        self._budget = budget
        self._timeouts = (connect_timeout, read_timeout)
        self._retries = retries
        self._verify = verify

    def call(
        self,
        method: str,
        path: str,
        body: Optional[dict] = None,
        query: Optional[dict] = None,
        deadline: Optional[float] = None,
    ) -> dict:
        """The JSON object of the answer, empty when there is none.

        :param path: below the url, e.g. `/plans`; segments are quoted by :func:`segment`
        :param deadline: of `time.monotonic()`, when several calls share one budget
        :raises NotFound: 404
        :raises Unavailable: no answer in time
        :raises ValetError: any other answer that is not a success
        """
        until = self.deadline() if deadline is None else deadline
        return within(until, f"{method} {path}", lambda: self._tries(method, path, body, query, until))

    def deadline(self) -> float:
        """When a budget that begins now ends."""
        return time.monotonic() + self._budget

    def _tries(self, method, path, body, query, until) -> dict:
        renewed = False
        failures = 0
        while True:
            try:
                status, answer = self._send(method, path, body, query, until)
                if status == 401 and not renewed:
                    renewed = True
                    self._renew()
                    continue
                if status not in PASSING:
                    return _result(method, path, status, answer)
                reason = f"{status} {_explanation(answer)}"
            except (requests.RequestException, NoToken) as error:
                reason = str(error)
            failures += 1
            pause = 0.1 * 2**failures  # seconds
            if failures > self._retries or time.monotonic() + pause >= until:
                raise Unavailable(f"{method} {self._url}{path}: {reason}")
            time.sleep(pause)

    def _send(self, method, path, body, query, until) -> tuple:
        left = until - time.monotonic()
        if left <= 0:
            raise Unavailable(f"{method} {self._url}{path}: no time is left")
        try:
            token = self._token() or ""
        except Exception as error:  # of whatever library gives it
            raise NoToken(f"no token: {type(error).__name__}: {error}") from error
        # A session for each: schedulers keep connections that nobody answers on any more.
        with (
            requests.Session() as session,
            session.request(
                method,
                self._url + path,
                params=query,
                data=None if body is None else json.dumps(body),
                headers={
                    "Accept": "application/json",
                    "Content-Type": "application/json",
                    "X-Auth-Token": token,
                },
                timeout=tuple(min(seconds, left) for seconds in self._timeouts),
                allow_redirects=False,
                stream=True,
                verify=self._verify,
            ) as response,
        ):
            content = bytearray()
            for chunk in response.iter_content(65536):
                content += chunk
                if len(content) > LARGEST_ANSWER:
                    raise ValetError(f"{method} {path}: more than {LARGEST_ANSWER} bytes came")
            return response.status_code, bytes(content)


def segment(text: str) -> str:
    """One segment of a path."""
    return urllib.parse.quote(text, safe="")


def within(until: float, what: str, function: Callable[[], dict]) -> dict:
    """The result of the function, if it comes in time.

    Timeouts of sockets bound each read, but not a peer that sends a byte now and then, nor the look-up of a name. So
    the call has a thread of its own (a green one where eventlet has patched threads), and who waits can go.
    """
    outcome: dict = {}
    done = threading.Event()

    def run() -> None:
        try:
            outcome["result"] = function()
        except Exception as error:  # told to who waits
            outcome["error"] = error
        finally:
            done.set()

    threading.Thread(target=run, name="ostro", daemon=True).start()
    if not done.wait(max(0.0, until - time.monotonic()) + 0.05):
        raise Unavailable(f"{what}: no answer in time")
    if "error" not in outcome:
        return outcome["result"]
    raise outcome["error"]


def _result(method: str, path: str, status: int, answer: bytes) -> dict:
    if status == 404:
        raise NotFound(f"{method} {path}: {_explanation(answer)}")
    if not 200 <= status < 300:
        raise ValetError(f"{method} {path}: {status} {_explanation(answer)}")
    if not answer.strip():
        return {}
    try:
        value = json.loads(answer)
    except ValueError as error:
        raise ValetError(f"{method} {path}: the answer is not JSON: {answer[:80]!r}") from error
    if not isinstance(value, dict):
        raise ValetError(f"{method} {path}: the answer is not a JSON object: {answer[:80]!r}")
    return value


def _explanation(answer: bytes) -> str:
    """What an error says of itself: Valet's form, or the beginning of any other text."""
    try:
        explanation = json.loads(answer)["explanation"]
    except (ValueError, KeyError, TypeError):
        explanation = answer[:200].decode("utf-8", "replace")
    return str(explanation)
