"""With stacks that look like Heat's as far as the walk looks."""

from types import SimpleNamespace

from ostro_openstack.stack_resources import has_server, of_stack

ROOT = "6fbfbda7-2b4e-44d7-9fde-96d36c9872b3"


def resource(kind, properties=None, uuid=None, resource_id=None, inner=None):
    made = SimpleNamespace(uuid=uuid, resource_id=resource_id, name="", stack=SimpleNamespace(name="s"))
    made.type = lambda: kind
    made.t = SimpleNamespace(freeze=lambda: SimpleNamespace(_properties=properties))
    if inner is not None:
        made.child_template = made.child_params = lambda: None
        made._parse_nested_stack = lambda *_: stack(inner)
        made.nested = lambda: None
    return made


def stack(resources):
    return SimpleNamespace(id=ROOT, name="web", resources=resources)


def server(**more):
    return resource("OS::Nova::Server", {"flavor": "m1", "image": None}, **more)


def test_a_server_has_heats_uuid_and_the_hints_that_nova_will_see():
    told = of_stack(stack({"a": server(uuid="u-a")}))
    assert told == {
        "u-a": {
            "type": "OS::Nova::Server",
            "name": "a",
            "properties": {"flavor": "m1"},
            "metadata": {
                "heat_root_stack_id": ROOT,
                "heat_stack_id": ROOT,
                "heat_stack_name": "web",
                "heat_path_in_stack": ["web"],
                "heat_resource_name": "a",
                "heat_resource_uuid": "u-a",
            },
        }
    }


def test_what_has_no_place_is_not_told():
    told = of_stack(stack({"net": resource("OS::Neutron::Net"), "a": server(uuid="u-a")}))
    assert list(told) == ["u-a"]
    assert has_server(told)
    assert not has_server(of_stack(stack({"net": resource("OS::Neutron::Net")})))


def test_members_of_groups_are_named_by_their_ids():
    group = resource(
        "ATT::Valet::GroupAssignment",
        {"group_type": "affinity", "level": "host", "resources": ["a", "inner", "elsewhere"]},
        uuid="u-g",
    )
    inner = resource("my.yaml", inner={"x": server(), "y": server()})
    told = of_stack(stack({"a": server(uuid="u-a"), "inner": inner, "g": group}))
    below = [key for key, entry in told.items() if entry["name"] in ("x", "y")]
    assert told["u-g"]["properties"]["resources"] == ["u-a", *below, "elsewhere"]


def test_servers_within_stacks_have_the_same_id_each_time_and_their_path():
    def made():
        return of_stack(stack({"grp": resource("OS::Heat::ResourceGroup", inner={"0": server()})}))

    assert made() == made()
    ((_, entry),) = made().items()
    assert entry["metadata"]["heat_path_in_stack"] == ["web", "grp"]
    assert entry["metadata"]["heat_resource_name"] == "0"
    assert "heat_resource_uuid" not in entry["metadata"]


def test_members_of_scaling_groups_have_no_name_yet_and_keep_their_ids():
    def made(name):
        scaling = resource("OS::Heat::AutoScalingGroup", inner={name: server()})
        return of_stack(stack({"asg": scaling}))

    assert list(made("random1")) == list(made("random2"))
    ((_, entry),) = made("random1").items()
    assert "heat_resource_name" not in entry["metadata"]


def test_an_update_keeps_the_ids_of_what_is_there():
    before = stack({"a": server(uuid="u-a", resource_id="nova-a")})
    group = resource("OS::Valet::GroupAssignment", {"group": "g", "resources": ["nova-a", "b"]}, uuid=None)
    after = stack({"a": server(), "b": server(), "g": group})
    told = of_stack(after, before)
    assert told["u-a"]["resource_id"] == "nova-a"
    (new,) = (key for key, entry in told.items() if entry["name"] == "b")
    assert new != "u-a"
    (assignment,) = (entry for entry in told.values() if "group" in entry["properties"])
    assert assignment["properties"]["resources"] == ["u-a", new]


def test_a_server_group_of_the_stack_is_named_by_its_id():
    hinted = resource("OS::Nova::Server", {"flavor": "m1", "scheduler_hints": {"group": "sg"}}, uuid="u-a")
    told = of_stack(stack({"a": hinted, "sg": resource("OS::Nova::ServerGroup", {}, uuid="u-sg")}))
    assert told["u-a"]["properties"]["scheduler_hints"] == {"group": "u-sg"}


def test_a_stack_that_cannot_be_looked_into_is_left_out_of_its_groups_too():
    broken = resource("my.yaml", inner={})

    def fail(*_):
        raise NotImplementedError

    broken.child_template = fail
    group = resource("ATT::Valet::GroupAssignment", {"resources": ["a", "n"]}, uuid="u-g")
    nobody = resource("ATT::Valet::GroupAssignment", {"resources": ["n"]}, uuid="u-n")
    told = of_stack(stack({"n": broken, "a": server(uuid="u-a"), "g": group, "h": nobody}))
    assert list(told) == ["u-a", "u-g"]
    assert told["u-g"]["properties"]["resources"] == ["u-a"]
