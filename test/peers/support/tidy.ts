// What each scenario leaves behind: nothing.
import { rmSync } from "node:fs";
import { admin, env, failFile, HOSTS, type User, until } from "./cloud.ts";
import { deleteStacks } from "./heat.ts";
import { inventoryEqualsNovas, placements } from "./inventory.ts";
import { remove, servers } from "./nova.ts";

/** Deletes all stacks, servers and server groups of the users; then nothing is held and no placement is left. */
export async function tidy(users: readonly User[]): Promise<void> {
  for (const host of HOSTS) rmSync(failFile(host), { force: true });
  for (const user of users) {
    const { stacks } = await user.call("GET", `${env.HEAT_URL}/${user.projectId}/stacks`);
    await deleteStacks(
      user,
      (stacks as { id: string }[]).map(({ id }) => id),
    );
  }
  await remove((await servers()).map(({ id }) => id));
  for (const user of users) {
    const { server_groups } = await user.call("GET", `${env.NOVA_URL}/os-server-groups`);
    for (const { id } of server_groups) await user.call("DELETE", `${env.NOVA_URL}/os-server-groups/${id}`);
  }
  await inventoryEqualsNovas(100);
  await until("free of placements", 20, async () => (await placements()).length === 0);
}

/** Deletes all host aggregates. */
export async function dropAggregates(): Promise<void> {
  const { aggregates } = await admin.call("GET", `${env.NOVA_URL}/os-aggregates`);
  for (const { id, hosts } of aggregates) {
    const act = (host: string) =>
      admin.call("POST", `${env.NOVA_URL}/os-aggregates/${id}/action`, { remove_host: { host } });
    for (const host of hosts) await act(host);
    await admin.call("DELETE", `${env.NOVA_URL}/os-aggregates/${id}`);
  }
}
