from types import SimpleNamespace

import pytest

pytest.importorskip("heat", reason="python3-heat is not installed")

from oslo_config import cfg  # noqa: E402

from ostro_openstack import heat_lifecycle  # noqa: E402
from ostro_openstack.client import Client, ValetError  # noqa: E402
from ostro_openstack.heat_lifecycle import ValetLifecyclePlugin  # noqa: E402
from tests.test_stack_resources import ROOT, server, stack  # noqa: E402

MISSING = (404, {"explanation": "Plan not found"})


@pytest.fixture
def plugin(service, monkeypatch):
    """Tells the service on loopback."""
    # Heat's own module of options cannot be in one process with Nova's.
    cfg.CONF.register_opt(cfg.BoolOpt("stack_scheduler_hints"))
    cfg.CONF([], project="heat", default_config_files=[])
    cfg.CONF.set_override("stack_scheduler_hints", True)
    monkeypatch.setattr(heat_lifecycle, "client_for", lambda _: Client(service.url, lambda: "user"))
    yield ValetLifecyclePlugin()
    cfg.CONF.reset()


def of_heat(resources, root=ROOT):
    made = stack(resources)
    made.root_stack_id = lambda: root
    return made


def test_a_new_stack_is_planned_with_the_token_of_the_user(plugin, service):
    service.answers = [(201, {"plan": {}})]
    plugin.do_pre_op(None, of_heat({"a": server(uuid="u")}), action="CREATE")
    (request,) = service.requests
    assert (request["method"], request["path"], request["token"]) == ("POST", "/v1/plans", "user")
    assert request["body"]["plan_name"] == "web"
    assert list(request["body"]["resources"]) == ["u"]


def test_a_stack_without_servers_is_nobodys_business(plugin, service):
    plugin.do_pre_op(None, of_heat({}), action="CREATE")
    assert service.requests == []


def test_stacks_within_stacks_are_planned_with_the_outermost(plugin, service):
    plugin.do_pre_op(None, of_heat({"a": server(uuid="u")}, root="other"), action="CREATE")
    assert service.requests == []


def test_without_scheduler_hints_nothing_is_told_because_nova_could_not_find_it(plugin, service):
    cfg.CONF.set_override("stack_scheduler_hints", False)
    plugin.do_pre_op(None, of_heat({"a": server(uuid="u")}), action="CREATE")
    assert service.requests == []


def test_a_stack_that_has_no_place_fails_with_the_reason(plugin, service):
    service.answers = [(500, {"explanation": "Ostro error: no host has room"})]
    with pytest.raises(ValetError, match="No place for stack web: .*Ostro error: no host has room"):
        plugin.do_pre_op(None, of_heat({"a": server(uuid="u")}), action="CREATE")


def test_or_is_left_to_nova_where_failures_yield(plugin, service):
    cfg.CONF.set_override("failure_mode", "yield", "valet")
    service.answers = [(500, {"explanation": "Ostro error: no host has room"})]
    plugin.do_pre_op(None, of_heat({"a": server(uuid="u")}), action="CREATE")
    assert len(service.requests) == 1


def test_an_update_tells_both_stacks(plugin, service):
    service.answers = [(201, {"plan": {}})]
    before = of_heat({"a": server(uuid="u", resource_id="n")})
    plugin.do_pre_op(None, before, of_heat({"a": server(), "b": server()}), action="UPDATE")
    (request,) = service.requests
    assert (request["method"], request["path"]) == ("PUT", f"/v1/plans/{ROOT}")
    assert request["body"]["action"] == "update"
    assert list(request["body"]["original_resources"]) == ["u"]
    assert len(request["body"]["resources"]) == 2


def test_an_update_of_a_stack_that_the_service_does_not_know_makes_a_plan(plugin, service):
    service.answers = [MISSING, (201, {"plan": {}})]
    plugin.do_pre_op(None, of_heat({}), of_heat({"b": server()}), action="UPDATE")
    assert service.told() == [f"PUT /v1/plans/{ROOT}", "POST /v1/plans"]


@pytest.mark.parametrize("answer", [(204, b""), MISSING, (500, {"explanation": "away"})])
def test_a_stack_can_always_be_deleted(plugin, service, answer):
    service.answers = [answer]
    plugin.do_pre_op(None, of_heat({}), action="DELETE")
    assert service.told() == [f"DELETE /v1/plans/{ROOT}"]


def test_other_actions_are_nobodys_business(plugin, service):
    plugin.do_pre_op(SimpleNamespace(), of_heat({"a": server(uuid="u")}), action="SUSPEND")
    assert service.requests == []
