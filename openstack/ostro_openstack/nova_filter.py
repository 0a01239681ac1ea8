"""Scheduler filters for Nova.

    [filter_scheduler]
    available_filters = nova.scheduler.filters.all_filters
    available_filters = ostro_openstack.nova_filter.all_filters
    enabled_filters = OstroCandidates,ComputeFilter,…,ValetFilter

ValetFilter comes last: it is offered the hosts that all others pass, and passes one of them. OstroCandidates comes
first.
"""

import threading

from keystoneauth1 import loading
from nova import exception, objects
from nova.scheduler import filters, utils
from oslo_config import cfg
from oslo_log import log as logging

from ostro_openstack import options
from ostro_openstack.client import ValetError
from ostro_openstack.placing import Server, place

LOG = logging.getLogger(__name__)

#: Attribute of a RequestSpec: the hosts that its first server could choose from.
CANDIDATES = "_ostro_candidates"


class OstroCandidates(filters.BaseHostFilter):
    """Lets each server of one request (min_count) choose from all hosts.

    Nova filters what the filters left to the server before, which is the one host that ValetFilter chose for it.
    """

    def filter_all(self, filter_obj_list, spec_obj):
        hosts = list(filter_obj_list)
        if getattr(spec_obj, CANDIDATES, None) is None:
            setattr(spec_obj, CANDIDATES, hosts)
        return getattr(spec_obj, CANDIDATES)


class ValetFilter(filters.BaseHostFilter):
    """Passes the one host that the service has planned for the server."""

    RUN_ON_REBUILD = False
    # A request for several servers asks for each.
    run_filter_once_per_request = False

    def __init__(self):
        super().__init__()
        self._lock = threading.Lock()
        self._client = None

    def filter_all(self, filter_obj_list, spec_obj):
        hosts = list(filter_obj_list)
        if not hosts or utils.request_is_rebuild(spec_obj):
            return hosts
        try:
            names = list(dict.fromkeys(host.host for host in hosts))
            chosen = place(self._service(), server_of(spec_obj), names)
        except ValetError as error:
            return self._failed(spec_obj, hosts, str(error))
        except Exception as error:  # nothing of ours may end a request of Nova
            LOG.exception("The choice of a host for %s broke down", spec_obj.instance_uuid)
            return self._failed(spec_obj, hosts, repr(error))
        LOG.info("%s goes to %s, of %d hosts", spec_obj.instance_uuid, chosen, len(names))
        return [host for host in hosts if host.host == chosen]

    def _failed(self, spec_obj, hosts, reason):
        passes = cfg.CONF[options.GROUP].failure_mode == "yield"
        LOG.error(
            "No host was chosen for %s, %s: %s",
            spec_obj.instance_uuid,
            "Nova chooses" if passes else "none passes",
            reason,
        )
        return hosts if passes else []

    def _service(self):
        """Made at the first request, when the configuration has been read. The log-in is kept."""
        with self._lock:
            if self._client is None:
                auth = loading.load_auth_from_conf_options(cfg.CONF, options.GROUP)
                if auth is None:
                    raise ValetError("[valet] auth_type and the credentials that belong to it are not set")
                session = loading.load_session_from_conf_options(cfg.CONF, options.GROUP, auth=auth)
                if session.timeout is None:
                    session.timeout = cfg.CONF[options.GROUP].read_timeout
                self._client = options.client(cfg.CONF, session.get_token, auth.invalidate)
            return self._client


def server_of(spec_obj) -> Server:
    """What a RequestSpec says of the server that it is for at the moment."""

    def value(field, default=None):
        return getattr(spec_obj, field) if spec_obj.obj_attr_is_set(field) else default

    image = value("image")
    return Server(
        uuid=spec_obj.instance_uuid,
        flavor=spec_obj.flavor.name,
        image=image.id if image is not None and image.obj_attr_is_set("id") else None,
        zone=value("availability_zone"),
        project_id=value("project_id"),
        metadata=metadata_of(spec_obj),
        hints=dict(value("scheduler_hints") or {}),
        # Resize, migration and evacuation leave out the host that the server is on, or name where it goes.
        moves=bool(value("ignore_hosts") or value("requested_destination")),
    )


def metadata_of(spec_obj) -> dict:
    """The user's metadata: a RequestSpec has none, the request to build the server has. Empty once it was built."""
    try:
        request = objects.BuildRequest.get_by_instance_uuid(spec_obj._context, spec_obj.instance_uuid)
        return dict(request.instance.metadata or {})
    except exception.BuildRequestNotFound:
        return {}
    except Exception as error:
        LOG.warning("The metadata of %s cannot be read: %r", spec_obj.instance_uuid, error)
        return {}


def all_filters():
    """Both, for `available_filters`."""
    return [OstroCandidates, ValetFilter]


options.register(cfg.CONF)
