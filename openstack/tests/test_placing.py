import json
from urllib.parse import parse_qs, urlparse

import pytest

from ostro_openstack.client import Client, ValetError
from ostro_openstack.placing import Server, ad_hoc, place

UUID = "0b7e2bcd-1111-4111-8111-000000000001"
HEAT = {
    "heat_root_stack_id": ["root"],
    "heat_stack_id": ["inner"],
    "heat_stack_name": ["s-grp-abc"],
    "heat_path_in_stack": ["s", "grp,s-grp-abc"],
    "heat_resource_name": ["web"],
    "heat_resource_uuid": ["orch-1"],
    "mine": ["x"],
}


class Valet:
    """As much of the service as the conversation needs."""

    def __init__(self, placements=(), planned="h2"):
        self.placements = {p["id"]: p for p in placements}
        self.planned = planned

    def __call__(self, request):
        url = urlparse(request["path"])
        parts = url.path.split("/")[2:]
        if request["method"] == "GET":
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            found = [p for p in self.placements.values() if self.matches(p, query)]
            return 200, {"placements": found}
        if parts == ["plans"]:
            body = request["body"]
            (key,) = body["resources"]
            self.placements[key] = {"id": key, "location": self.planned, "metadata": {}}
            placements = {key: {"name": "n", "location": self.planned}}
            return 201, {"plan": {"id": "p", "stack_id": body["stack_id"], "placements": placements}}
        placement = self.placements.get(parts[1])
        if placement is None:
            return 404, {"explanation": "Placement not found"}
        placement["resource_id"] = request["body"]["resource_id"]
        return 201, {"placement": placement}

    @staticmethod
    def matches(placement, query):
        known = {**placement["metadata"], **placement}
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in known.items()}
        return all(texts.get(key) == value for key, value in query.items())


def asked(service, server, hosts=("h1", "h2"), **valet):
    service.answers = [Valet(**valet)]
    return place(Client(service.url, lambda: "t"), server, list(hosts))


def test_a_planned_server_of_a_stack_is_reserved_by_its_orchestration_id(service):
    planned = {"id": "orch-1", "location": "h2", "metadata": {}}
    assert asked(service, Server(UUID, "m1", project_id="p", hints=HEAT), placements=[planned]) == "h2"
    assert service.told() == ["POST /v1/placements/orch-1"]
    body = service.requests[0]["body"]
    assert body["action"] == "reserve"
    assert body["resource_id"] == UUID
    assert body["locations"] == ["h1", "h2"]
    assert (body["flavor"], body["project_id"]) == ("m1", "p")


def test_a_planned_server_whose_id_was_not_known_is_found_by_its_hints(service):
    metadata = {
        "heat_root_stack_id": "root",
        "heat_resource_name": "web",
        "heat_path_in_stack": HEAT["heat_path_in_stack"],
    }
    planned = {"id": "pl", "location": "h1", "metadata": metadata}
    assert asked(service, Server(UUID, "m1", hints=HEAT), placements=[planned]) == "h1"
    assert service.told()[-1] == "POST /v1/placements/pl"


def test_a_server_that_lives_and_moves_is_planned_again(service):
    living = {"id": "pl", "location": "h1", "resource_id": UUID, "metadata": {}}
    server = Server(UUID, "m2", moves=True)
    assert asked(service, server, placements=[living]) == "h1"
    assert service.told() == ["GET /v1/placements", "POST /v1/placements/pl"]
    assert service.requests[-1]["body"]["action"] == "replan"
    assert service.requests[-1]["body"]["flavor"] == "m2"


def test_any_other_server_gets_a_plan_of_its_own_and_keeps_it(service):
    server = Server(UUID, "m1", zone="az", metadata={"valet": "{}"}, hints={"group": ["g"]})
    valet = Valet()
    service.answers = [valet]
    client = Client(service.url, lambda: "t")
    assert place(client, server, ["h1", "h2"]) == "h2"
    expected = ["GET /v1/placements", "POST /v1/plans", f"POST /v1/placements/{UUID}"]
    assert service.told() == expected
    # Nova asks twice for the last of several servers.
    assert place(client, server, ["h1", "h2"]) == "h2"
    assert service.told().count("POST /v1/plans") == 1


def test_a_plan_of_one_server_says_what_nova_knows():
    server = Server(
        UUID,
        "m1",
        image="i",
        zone="az",
        project_id="p",
        metadata={"valet": '{"groups": ["g"]}'},
        hints={**HEAT, "group": ["g"], "different_host": ["a", "b"], "_nova_check_type": ["resize"]},
    )
    body = ad_hoc(server, ["h1"])
    assert body["plan_name"] == body["stack_id"] == UUID
    assert body["locations"] == ["h1"]
    entry = body["resources"][UUID]
    assert entry["name"] == "ad_hoc_instance"
    assert entry["properties"] == {
        "flavor": "m1",
        "image": "i",
        "availability_zone": "az",
        "metadata": {"valet": '{"groups": ["g"]}'},
        "scheduler_hints": {"mine": "x", "group": "g", "different_host": ["a", "b"]},
    }
    assert entry["metadata"]["heat_root_stack_id"] == "root"
    assert entry["metadata"]["project_id"] == "p"


def test_what_nobody_said_is_left_out_of_the_plan():
    entry = ad_hoc(Server(UUID, "m1"), ["h1"])["resources"][UUID]
    assert entry["properties"] == {"flavor": "m1"}
    assert entry["metadata"] == {}


def test_a_server_taken_into_the_plan_of_its_stack_is_not_asked_for_again(service):
    def stack(request):
        if request["method"] == "GET":
            return 200, {"placements": []}
        if request["path"] == "/v1/plans":
            return 201, {"plan": {"stack_id": "root", "placements": {UUID: {"location": "h1"}}}}
        return 404, {"explanation": "Placement not found"}

    service.answers = [stack]
    server = Server(UUID, "m1", hints=HEAT)
    assert place(Client(service.url, lambda: "t"), server, ["h1", "h2"]) == "h1"
    assert service.told()[-1] == "POST /v1/plans"


@pytest.mark.parametrize("plan", [{}, {"placements": {UUID: {}}}, {"placements": {UUID: None}}, None])
def test_an_answer_without_a_host_is_an_error(service, plan):
    service.answers = [lambda request: (200, {"placements": []} if request["method"] == "GET" else {"plan": plan})]
    with pytest.raises(ValetError, match="names no host"):
        place(Client(service.url, lambda: "t"), Server(UUID, "m1"), ["h1"])


def test_a_host_that_was_not_offered_is_an_error(service):
    planned = {"id": "orch-1", "location": "h9", "metadata": {}}
    with pytest.raises(ValetError, match="h9 was chosen, which is not among the 2 candidates"):
        asked(service, Server(UUID, "m1", hints=HEAT), placements=[planned])
