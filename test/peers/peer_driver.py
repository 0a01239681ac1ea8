"""Nova's fake driver with hosts of 10 vCPUs and 8 GiB, live migration, and builds that fail on demand.

While the file `fail` stands in the state_path of a nova-compute, each build there fails.
"""

import os

from nova import exception
from nova.conf import CONF
from nova.virt import fake


class PeerDriver(fake.FakeLiveMigrateDriver):
    vcpus = 10
    memory_mb = 8192
    local_gb = 1028

    def spawn(self, context, instance, *args, **kwargs):
        if os.path.exists(os.path.join(CONF.state_path, "fail")):
            raise exception.BuildAbortException(instance_uuid=instance.uuid, reason="told to fail")
        super().spawn(context, instance, *args, **kwargs)

    def live_migration(
        self, context, instance, dest, post_method, recover_method, block_migration=False, migrate_data=None
    ):
        # At once; the base class waits to be told.
        post_method(context, instance, dest, block_migration, migrate_data)

    def get_host_uptime(self):
        """Listings of hypervisors ask for it; without an answer each is an error in the log."""
        return None
