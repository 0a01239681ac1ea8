"""Resources for Heat: `[DEFAULT] plugin_dirs` names the folder of this file.

- ATT::Valet::GroupAssignment and OS::Valet::GroupAssignment say which servers of a stack belong together, or apart.
  They make nothing in the cloud; the service reads them in the stack.
- OS::Valet::Group is a group with a name, for servers of several stacks and projects. It needs the role admin.
"""

from heat.common import exception
from heat.common.i18n import _
from heat.engine import attributes, constraints, properties, resource
from oslo_config import cfg

from ostro_openstack import options
from ostro_openstack.client import NotFound, ValetError, segment

TYPES = ["affinity", "diversity", "exclusivity"]
LEVELS = ["host", "rack"]


class _Assignment(resource.Resource):
    """Exists only in the stack."""

    def handle_create(self):
        self.resource_id_set(self.physical_resource_name())

    def handle_update(self, json_snippet, tmpl_diff, prop_diff):
        pass

    def handle_delete(self):
        pass

    def check(self):
        pass


def _resources(description):
    return properties.Schema(
        properties.Schema.LIST,
        description,
        required=True,
        update_allowed=True,
        schema=properties.Schema(properties.Schema.STRING),
    )


class GroupAssignment2017(_Assignment):
    PROPERTIES = (GROUP_NAME, GROUP_TYPE, LEVEL, RESOURCES) = (
        "group_name",
        "group_type",
        "level",
        "resources",
    )
    properties_schema = {
        GROUP_NAME: properties.Schema(
            properties.Schema.STRING,
            _("Name of the group; needed for exclusivity, and for nothing else."),
            update_allowed=True,
        ),
        GROUP_TYPE: properties.Schema(
            properties.Schema.STRING,
            _("affinity: together, diversity: apart, exclusivity: with nobody else."),
            required=True,
            update_allowed=True,
            constraints=[constraints.AllowedValues(TYPES)],
        ),
        LEVEL: properties.Schema(
            properties.Schema.STRING,
            _("On or by what: host or rack."),
            required=True,
            update_allowed=True,
            constraints=[constraints.AllowedValues(LEVELS)],
        ),
        RESOURCES: _resources(_("Servers, volumes and other assignments.")),
    }


class GroupAssignment2018(_Assignment):
    PROPERTIES = (GROUP, RESOURCES) = ("group", "resources")
    properties_schema = {
        GROUP: properties.Schema(
            properties.Schema.STRING,
            _("Id or name of a group, or an OS::Valet::Group."),
            required=True,
        ),
        RESOURCES: _resources(_("Servers.")),
    }


class Group(resource.Resource):
    PROPERTIES = (NAME, TYPE, LEVEL, DESCRIPTION, MEMBERS) = (
        "name",
        "type",
        "level",
        "description",
        "members",
    )
    ATTRIBUTES = (DESCRIPTION, LEVEL, MEMBERS, NAME, TYPE)
    properties_schema = {
        NAME: properties.Schema(
            properties.Schema.STRING,
            _("Name, of letters, digits and - . _ ~"),
            required=True,
            constraints=[constraints.CustomConstraint("valet.group_name")],
        ),
        TYPE: properties.Schema(
            properties.Schema.STRING,
            _("affinity: together, diversity: apart, exclusivity: with nobody else."),
            required=True,
            constraints=[constraints.AllowedValues(TYPES)],
        ),
        LEVEL: properties.Schema(
            properties.Schema.STRING,
            _("On or by what: host or rack."),
            required=True,
            constraints=[constraints.AllowedValues(LEVELS)],
        ),
        DESCRIPTION: properties.Schema(properties.Schema.STRING, _("Free text."), default="", update_allowed=True),
        MEMBERS: properties.Schema(
            properties.Schema.LIST,
            _("Ids of the projects that may use the group; none: all may."),
            default=[],
            update_allowed=True,
            schema=properties.Schema(properties.Schema.STRING),
        ),
    }
    attributes_schema = {
        name: attributes.Schema(_("As the service knows it."), type=kind)
        for name, kind in (
            (DESCRIPTION, attributes.Schema.STRING),
            (LEVEL, attributes.Schema.STRING),
            (MEMBERS, attributes.Schema.LIST),
            (NAME, attributes.Schema.STRING),
            (TYPE, attributes.Schema.STRING),
        )
    }

    def validate(self):
        super().validate()
        others = {other.type() for other in self.stack.resources.values()} - {self.type()}
        if others:
            raise exception.StackValidationFailed(
                message=_("OS::Valet::Group resources must be isolated in a dedicated stack")
            )

    def handle_create(self):
        fields = (self.NAME, self.TYPE, self.LEVEL, self.DESCRIPTION)
        group = self._call("POST", "/groups", {name: self.properties[name] for name in fields})
        self.resource_id_set(group["id"])
        members = self.properties[self.MEMBERS]
        if not members:
            return
        try:
            self._call("PUT", self._path("members"), {"members": members})
        except ValetError:
            self._call("DELETE", self._path())
            self.resource_id_set(None)
            raise

    def handle_update(self, json_snippet, tmpl_diff, prop_diff):
        if self.DESCRIPTION in prop_diff:
            description = prop_diff[self.DESCRIPTION] or ""
            self._call("PUT", self._path(), {"description": description})
        if self.MEMBERS not in prop_diff:
            return
        before = set(self._group()["members"])
        after = set(prop_diff[self.MEMBERS] or [])
        if after - before:
            self._call("PUT", self._path("members"), {"members": sorted(after - before)})
        for member in sorted(before - after):
            self._call("DELETE", self._path("members", member))

    def handle_delete(self):
        if self.resource_id is None:
            return
        try:
            if self._group()["members"]:
                self._call("DELETE", self._path("members"))
            self._call("DELETE", self._path())
        except NotFound:
            return

    def _resolve_attribute(self, name):
        return self._group().get(name)

    def _group(self):
        return self._call("GET", self._path())["group"]

    def _path(self, *more):
        return "/".join(["/groups", *(segment(part) for part in (self.resource_id, *more))])

    def _call(self, method, path, body=None):
        token = self.context.keystone_session.get_token
        return options.client(cfg.CONF, token).call(method, path, body)


def resource_mapping():
    """Type -> class, for Heat."""
    return {
        "ATT::Valet::GroupAssignment": GroupAssignment2017,
        "OS::Valet::GroupAssignment": GroupAssignment2018,
        "OS::Valet::Group": Group,
    }


options.register(cfg.CONF)
