from types import SimpleNamespace

import pytest

pytest.importorskip("nova", reason="python3-nova is not installed")

from nova import objects  # noqa: E402
from oslo_config import cfg  # noqa: E402

from ostro_openstack import nova_filter  # noqa: E402
from ostro_openstack.client import Client  # noqa: E402
from ostro_openstack.nova_filter import OstroCandidates, ValetFilter, server_of  # noqa: E402

UUID = "0b7e2bcd-1111-4111-8111-000000000001"


@pytest.fixture(autouse=True)
def prepared(monkeypatch):
    objects.register_all()
    cfg.CONF([], project="nova", default_config_files=[])
    monkeypatch.setattr(nova_filter, "metadata_of", lambda _: {"mine": "1"})
    yield
    cfg.CONF.reset()


def spec(**more):
    flavor = objects.Flavor(name="m1", flavorid="1", vcpus=1, memory_mb=1, root_gb=1)
    fields = {"instance_uuid": UUID, "flavor": flavor, "scheduler_hints": {}, "ignore_hosts": None}
    return objects.RequestSpec(**{**fields, **more})


def hosts(*names):
    return [SimpleNamespace(host=name, nodename=name) for name in names]


def asking(service):
    made = ValetFilter()
    made._client = Client(service.url, lambda: "t", retries=0)
    return made


def planned(location):
    def answer(request):
        if request["method"] == "GET":
            return 200, {"placements": []}
        if request["path"] == "/v1/plans":
            plan = {"stack_id": UUID, "placements": {UUID: {"location": location}}}
            return 201, {"plan": plan}
        return 201, {"placement": {"location": location}}

    return answer


def names(passed):
    return [host.host for host in passed]


def test_only_the_planned_host_passes(service):
    service.answers = [planned("h2")]
    assert names(asking(service).filter_all(iter(hosts("h1", "h2", "h3")), spec())) == ["h2"]
    (plan,) = (r["body"] for r in service.requests if r["path"] == "/v1/plans")
    assert plan["locations"] == ["h1", "h2", "h3"]


def test_without_a_place_no_host_passes(service):
    service.answers = [(500, {"explanation": "Ostro error: no host has room"})]
    assert asking(service).filter_all(hosts("h1", "h2"), spec()) == []


def test_or_all_do_where_failures_yield(service):
    cfg.CONF.set_override("failure_mode", "yield", "valet")
    service.answers = [(500, {"explanation": "Ostro error: no host has room"})]
    assert names(asking(service).filter_all(hosts("h1", "h2"), spec())) == ["h1", "h2"]


def test_a_fault_of_ours_is_a_failure_and_not_the_end_of_the_scheduler(service, monkeypatch):
    monkeypatch.setattr(nova_filter, "server_of", lambda _: 1 / 0)
    assert asking(service).filter_all(hosts("h1"), spec()) == []


def test_missing_credentials_are_a_failure():
    assert ValetFilter().filter_all(hosts("h1"), spec()) == []


def test_a_rebuild_stays_where_it_is(service):
    rebuild = spec(scheduler_hints={"_nova_check_type": ["rebuild"]})
    assert names(asking(service).filter_all(hosts("h1"), rebuild)) == ["h1"]
    assert service.requests == []


def test_without_candidates_nobody_is_asked(service):
    assert asking(service).filter_all([], spec()) == []
    assert service.requests == []


def test_what_nova_says_of_a_server_is_passed_on():
    image = objects.ImageMeta(id="5e1b1b5f-0000-4000-8000-000000000000")
    told = server_of(
        spec(
            image=image,
            availability_zone="az",
            project_id="p",
            scheduler_hints={"group": ["g"]},
            ignore_hosts=["h1"],
        )
    )
    assert told.uuid == UUID
    assert (told.flavor, told.image, told.zone, told.project_id) == ("m1", image.id, "az", "p")
    assert told.hints == {"group": ["g"]}
    assert told.metadata == {"mine": "1"}
    assert told.moves


def test_a_new_server_does_not_move():
    assert not server_of(spec()).moves


def test_each_server_of_one_request_can_choose_from_all_hosts():
    first = OstroCandidates()
    request = spec()
    assert names(first.filter_all(iter(hosts("h1", "h2")), request)) == ["h1", "h2"]
    # Nova offers what the filters left to the server before.
    assert names(first.filter_all(hosts("h1"), request)) == ["h1", "h2"]
    assert names(first.filter_all(hosts("h1"), spec())) == ["h1"]


def test_both_filters_are_asked_for_each_server():
    for each in (OstroCandidates(), ValetFilter()):
        assert each.run_filter_for_index(0)
        assert each.run_filter_for_index(1)
