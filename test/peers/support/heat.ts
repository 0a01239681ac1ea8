// Stacks of Heat.
import { env, Hopeless, script, type User, until } from "./cloud.ts";

/** A server of a template; properties as of OS::Nova::Server. */
export function serverResource(properties: Readonly<Record<string, unknown>> = {}): object {
  const networks = [{ allocate_network: "none" }];
  return { type: "OS::Nova::Server", properties: { image: "tiny", flavor: "m1.tiny", networks, ...properties } };
}

/** `members`: names of resources beside it. */
export function group(type: "affinity" | "diversity", level: "host" | "rack", members: readonly string[]): object {
  const resources = members.map((name) => ({ get_resource: name }));
  return { type: "ATT::Valet::GroupAssignment", properties: { group_type: type, level, resources } };
}

export function template(resources: Readonly<Record<string, object>>): object {
  return { heat_template_version: "2016-10-14", resources };
}

/** Makes a stack and gives its id as soon as Heat has it. */
export async function createStack(user: User, name: string, hot: object): Promise<string> {
  const body = { stack_name: name, template: hot, timeout_mins: 5, disable_rollback: true };
  return (await user.call("POST", `${urlOf(user)}/stacks`, body)).stack.id;
}

/** The stack once nothing of it is in progress. */
export async function settled(user: User, id: string): Promise<{ status: string; reason: string }> {
  return await until(`stack ${id} settled`, 420, async () => {
    const { stack } = await user.call("GET", `${urlOf(user)}/stacks/${id}`);
    const { stack_status: status, stack_status_reason: reason } = stack;
    return !status.endsWith("IN_PROGRESS") && { status, reason };
  });
}

/** Names of its servers -> their ids. */
export async function serversOf(user: User, id: string): Promise<Map<string, string>> {
  const { resources } = await user.call("GET", `${urlOf(user)}/stacks/${id}/resources?nested_depth=3`);
  type Resource = { resource_type: string; resource_name: string; physical_resource_id: string };
  return new Map(
    (resources as Resource[])
      .filter(({ resource_type }) => resource_type === "OS::Nova::Server")
      .map(({ resource_name, physical_resource_id }) => [resource_name, physical_resource_id]),
  );
}

/** Deletes the stacks and waits until they are gone. */
export async function deleteStacks(user: User, ids: readonly string[]): Promise<void> {
  const statusOf = async (id: string): Promise<string> => {
    const { status, body } = await user.ask("GET", `${urlOf(user)}/stacks/${id}`);
    return status === 404 ? "DELETE_COMPLETE" : (body?.stack?.stack_status ?? "");
  };
  for (const id of ids) {
    const { stack } = (await user.ask("GET", `${urlOf(user)}/stacks/${id}`)).body ?? {};
    if (stack) await user.ask("DELETE", `${urlOf(user)}/stacks/${stack.stack_name}/${id}`);
  }
  await until("stacks deleted", 420, async () => {
    const all = await Promise.all(ids.map(statusOf));
    for (const [at, status] of all.entries())
      if (status === "DELETE_FAILED") throw new Hopeless(`stack ${ids[at]} could not be deleted`);
    return all.every((status) => status === "DELETE_COMPLETE");
  });
}

/** Starts Heat's engine with convergence, or without, when it calls lifecycle plugins. */
export async function useConvergence(convergence: boolean): Promise<void> {
  await script("up-heat.sh", [], { HEAT_CONVERGENCE: String(convergence) });
}

function urlOf({ projectId }: User): string {
  return `${env.HEAT_URL}/${projectId}`;
}
