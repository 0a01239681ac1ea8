"""Section [valet] of nova.conf and heat.conf."""

from oslo_config import cfg

from ostro_openstack.client import Client

GROUP = "valet"

OPTIONS = [
    cfg.StrOpt("url", help="Of the service, with the version: http://controller:8090/v1"),
    cfg.StrOpt(
        "failure_mode",
        default="reject",
        choices=["reject", "yield"],
        help="When there is no answer, or no place: pass no host (reject), or leave it to Nova (yield)",
    ),
    cfg.FloatOpt("connect_timeout", default=3, min=0.1, help="Seconds for a connection"),
    cfg.FloatOpt("read_timeout", default=10, min=0.1, help="Seconds for each answer"),
    cfg.IntOpt(
        "retries",
        default=6,
        min=0,
        help="Tries after the first when nobody answers; six of them bridge 12 seconds",
    ),
    cfg.FloatOpt(
        "budget",
        default=30,
        min=1,
        help="Seconds that one decision may take in all, tries and log-in at Keystone included",
    ),
]


def register(conf) -> None:
    """Idempotent. Credentials of Nova's filter are keystoneauth's options, in the same section."""
    from keystoneauth1 import loading

    conf.register_opts(OPTIONS, GROUP)
    loading.register_session_conf_options(conf, GROUP)
    loading.register_auth_conf_options(conf, GROUP)


def client(conf, token, renew=lambda: None) -> Client:
    """:raises ValueError: there is no url"""
    section = conf[GROUP]
    if not section.url:
        raise ValueError("[valet] url is not set; give it, e.g. http://controller:8090/v1")
    return Client(
        section.url,
        token,
        renew,
        budget=section.budget,
        connect_timeout=section.connect_timeout,
        read_timeout=section.read_timeout,
        retries=section.retries,
        verify=False if section.insecure else (section.cafile or True),
    )


def list_opts():
    """For oslo-config-generator."""
    return [(GROUP, OPTIONS)]
