import socket
import threading
import time

import pytest

from ostro_openstack.client import LARGEST_ANSWER, Client, NotFound, Unavailable, ValetError, segment


def error(status, explanation):
    return status, {"title": "t", "explanation": explanation, "code": status}


def test_the_answer_is_an_object_and_the_token_goes_along(service):
    service.answers = [(200, {"plan": {"id": "p"}})]
    client = Client(service.url + "/", lambda: "secret")
    assert client.call("GET", "/plans/p", query={"a": "b c"}) == {"plan": {"id": "p"}}
    assert service.requests[0]["token"] == "secret"
    assert service.requests[0]["path"] == "/v1/plans/p?a=b+c"


def test_nothing_in_the_answer_is_an_empty_object(service):
    service.answers = [(204, b"")]
    assert Client(service.url, lambda: "t").call("DELETE", "/plans/p") == {}


def test_an_old_token_is_renewed_once(service):
    tokens = iter(["old", "new"])
    current = [next(tokens)]
    service.answers = [lambda request: (401, b"Authentication required") if request["token"] == "old" else (200, {})]
    client = Client(service.url, lambda: current[0], lambda: current.__setitem__(0, next(tokens)))
    assert client.call("GET", "/plans") == {}
    assert [request["token"] for request in service.requests] == ["old", "new"]


def test_a_token_that_stays_wrong_is_an_error_and_no_loop(service):
    service.answers = [(401, b"Authentication required")]
    with pytest.raises(Unavailable, match="401 Authentication required"):
        Client(service.url, lambda: "t", retries=1).call("GET", "/plans")
    assert len(service.requests) == 3


def test_a_refusal_says_why_and_is_not_tried_again(service):
    service.answers = [error(500, "Ostro error: no host has room")]
    with pytest.raises(ValetError, match="Ostro error: no host has room"):
        Client(service.url, lambda: "t").call("POST", "/plans", {})
    assert len(service.requests) == 1


def test_404_can_be_told_from_other_refusals(service):
    service.answers = [error(404, "Plan not found")]
    with pytest.raises(NotFound, match="Plan not found"):
        Client(service.url, lambda: "t").call("GET", "/plans/p")


def test_a_service_that_is_away_for_a_moment_is_asked_again(service):
    service.answers = [(503, b"<html>"), (502, b"<html>"), (200, {"ok": True})]
    assert Client(service.url, lambda: "t").call("GET", "/plans") == {"ok": True}
    assert len(service.requests) == 3


def test_nobody_listening_is_told_with_the_address():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unavailable, match=f"127.0.0.1:{port}"):
        Client(f"http://127.0.0.1:{port}/v1", lambda: "t", retries=1).call("GET", "/plans")


@pytest.mark.parametrize("body", [b"<html>no</html>", b"[1]", b"null", b'{"half":'])
def test_an_answer_that_is_no_object_is_an_error(service, body):
    service.answers = [(200, body)]
    with pytest.raises(ValetError, match="the answer is not"):
        Client(service.url, lambda: "t").call("GET", "/plans")


def test_an_endless_answer_is_cut_off(service):
    service.answers = [(200, b"x" * (LARGEST_ANSWER + 1))]
    with pytest.raises(ValetError, match="bytes came"):
        Client(service.url, lambda: "t").call("GET", "/plans")


def test_a_silent_service_costs_no_more_than_the_budget(service):
    done = threading.Event()
    service.answers = [lambda request: (done.wait(20), (200, {}))[1]]
    client = Client(service.url, lambda: "t", budget=1, read_timeout=5, retries=3)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        client.call("GET", "/plans")
    done.set()
    assert time.monotonic() - began < 5


def test_a_service_that_sends_a_byte_now_and_then_costs_no_more_than_the_budget():
    server = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def drip():
        peer, _ = server.accept()
        try:
            while not done.wait(0.1):
                peer.sendall(b"H")
        except OSError:
            pass
        peer.close()

    threading.Thread(target=drip, daemon=True).start()
    url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
    began = time.monotonic()
    with pytest.raises(Unavailable, match="in time"):
        Client(url, lambda: "t", budget=1, read_timeout=1).call("GET", "/plans")
    assert time.monotonic() - began < 5
    done.set()
    server.close()


def test_keystone_that_hangs_costs_no_more_than_the_budget(service):
    service.answers = [(200, {})]
    done = threading.Event()
    with pytest.raises(Unavailable, match="in time"):
        Client(service.url, lambda: done.wait(20), budget=1).call("GET", "/plans")
    done.set()


def test_keystone_that_refuses_is_told(service):
    def refuse():
        raise RuntimeError("The request you have made requires authentication")

    with pytest.raises(Unavailable, match="requires authentication"):
        Client(service.url, refuse, retries=0).call("GET", "/plans")


def test_keystone_that_is_away_for_a_moment_is_asked_again(service):
    answers = iter([ConnectionError("refused"), "token"])

    def token():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    service.answers = [(200, {"ok": True})]
    assert Client(service.url, token).call("GET", "/plans") == {"ok": True}


def test_a_service_that_starts_again_is_waited_for(service):
    """As while it is restarted: refused connections, then answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    threading.Timer(1, start_answering, [address]).start()
    url = f"http://127.0.0.1:{address[1]}/v1"
    assert Client(url, lambda: "t").call("GET", "/plans") == {}


def start_answering(address):
    with socket.create_server(address) as server:
        peer, _ = server.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")


def test_redirects_are_not_followed(service):
    service.answers = [(302, b"")]
    with pytest.raises(ValetError, match="302"):
        Client(service.url, lambda: "t").call("GET", "/plans")


def test_ids_of_any_form_stay_one_segment():
    assert segment("a/../b c") == "a%2F..%2Fb%20c"
