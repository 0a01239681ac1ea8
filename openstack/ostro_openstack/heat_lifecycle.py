"""Lifecycle plugin for Heat: tells the service of a stack before Heat begins with it.

Heat calls it only with `[DEFAULT] convergence_engine = false`. Without it the service asks Heat for the stack when its
first server reaches the scheduler. It needs `[DEFAULT] stack_scheduler_hints = true`, by which Nova's filter knows
again what was planned here. Calls are made with the user's token.
"""

from heat.engine import lifecycle_plugin
from oslo_config import cfg
from oslo_log import log as logging

from ostro_openstack import options
from ostro_openstack.client import Client, NotFound, ValetError, segment
from ostro_openstack.stack_resources import has_server, of_stack

LOG = logging.getLogger(__name__)

DELETES = ("DELETE",)
UPDATES = ("UPDATE", "ROLLBACK")


class ValetLifecyclePlugin(lifecycle_plugin.LifecyclePlugin):
    """Plans a whole stack, and the stacks within it, as one."""

    def get_ordinal(self):
        return 100

    def do_pre_op(self, cnxt, stack, current_stack=None, action=None):
        """:raises Exception: the stack cannot be placed, and `[valet] failure_mode` is reject; Heat fails the stack"""
        # Of stacks within stacks Heat tells too, after the service has planned them with the outermost.
        if not cfg.CONF.stack_scheduler_hints or stack.root_stack_id() != stack.id:
            return
        try:
            announce(client_for(cnxt), stack, current_stack, action)
        except ValetError as error:
            self._failed(stack, action, error)

    def do_post_op(self, cnxt, stack, current_stack=None, action=None, is_stack_failure=False):
        """Nothing is left to tell: Nova tells what became of the servers."""

    @staticmethod
    def _failed(stack, action, error):
        # A stack can always be deleted: what its servers hold is free when Nova tells that they are gone.
        if action in DELETES or cfg.CONF[options.GROUP].failure_mode == "yield":
            LOG.error("Stack %s (%s): %s", stack.id, action, error)
            return
        raise ValetError(f"No place for stack {stack.name}: {error}") from error


def announce(client: Client, stack, new_stack, action) -> None:
    """:raises ValetError: the service refuses, or cannot be asked"""
    path = f"/plans/{segment(stack.id)}"
    if action in DELETES or (action == "ROLLBACK" and new_stack is None):
        try:
            client.call("DELETE", path)
        except NotFound:
            LOG.debug("Stack %s has no plan", stack.id)
    elif action == "CREATE":
        resources = of_stack(stack)
        if has_server(resources):
            client.call("POST", "/plans", plan(stack, resources))
    elif action in UPDATES and new_stack is not None:
        before = of_stack(stack)
        after = of_stack(new_stack, stack)
        if not has_server(before) and not has_server(after):
            return
        body = {"action": "update", "original_resources": before, "resources": after}
        try:
            client.call("PUT", path, body)
        except NotFound:
            # It was made before the service knew of stacks.
            client.call("POST", "/plans", plan(stack, after))


def plan(stack, resources: dict) -> dict:
    return {
        "plan_name": stack.name,
        "stack_id": stack.id,
        "timeout": "60 sec",
        "resources": resources,
    }


def client_for(cnxt) -> Client:
    """With the token of the user, or of the trust that Heat acts by."""
    try:
        return options.client(cfg.CONF, cnxt.keystone_session.get_token)
    except ValueError as error:
        raise ValetError(str(error)) from error


options.register(cfg.CONF)
