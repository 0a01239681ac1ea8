"""OpenStack's client of Redfish looks at a simulator as Ironic would: sushy_client.py URL SYSTEM."""
import sys
import time

import sushy
from sushy import auth

url, name = sys.argv[1:]
credentials = {"username": "admin", "password": "Passw0rd"}
for way in (auth.BasicAuth(**credentials), auth.SessionAuth(**credentials)):
    root = sushy.Sushy(url, auth=way)
    assert len(root.get_system_collection().members_identities) > 0

system = root.get_system("/redfish/v1/Systems/" + name)
assert system.processors.summary.count > 0
assert system.ethernet_interfaces.summary
assert system.memory_summary.size_gib > 0
assert [each.name for each in system.chassis]
assert all(size > 0 for size in system.storage.drives_sizes_bytes)
assert root.get_chassis_collection().get_members()
root.get_session_service(), root.get_event_service(), root.get_task_service()

system.set_system_boot_options(target=sushy.BOOT_SOURCE_TARGET_HDD, enabled=sushy.BOOT_SOURCE_ENABLED_CONTINUOUS)
system.refresh()
assert system.boot.target == sushy.BOOT_SOURCE_TARGET_HDD, system.boot.target


def until(power):
    for _ in range(100):
        system.refresh()
        if system.power_state == power:
            return
        time.sleep(0.1)
    raise AssertionError(system.power_state)


until(sushy.SYSTEM_POWER_STATE_ON)
system.reset_system(sushy.RESET_FORCE_OFF)
until(sushy.SYSTEM_POWER_STATE_OFF)
system.reset_system(sushy.RESET_ON)
until(sushy.SYSTEM_POWER_STATE_ON)
try:
    root.get_system("/redfish/v1/Systems/nothing")
    raise AssertionError("a system that is not there")
except sushy.exceptions.ResourceNotFoundError:
    pass
print("sushy", name, "is satisfied")
