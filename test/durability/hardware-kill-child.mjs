// One operation on hardware in a process of its own, which kills itself at a point of it.
import { openStore } from "../../dist/db/client.js";
import { UpstreamError } from "../../dist/host/errors.js";
import { NodeService } from "../../dist/host/services/hardware/nodes.js";
import { OperationRunner } from "../../dist/host/services/hardware/operations.js";
import { nodeProcedures } from "../../dist/host/services/hardware/procedures.js";
import { failing, mortal } from "../support/mortal.mjs";

const { database, driver: name, access, point, last, work } = JSON.parse(process.argv[2]);
const driver = (await import(`../../dist/host/drivers/${name}.js`))[name];
const log = () => {};
const store = await openStore(database);
const refused = new UpstreamError("pod-manager.refused", { status: 409 }, "no");
const connect = async () => {
  const podManager = driver.connect({ ...access, log });
  return point.method === "undo" ? failing(podManager, point.kind, last, refused) : podManager;
};
const around = mortal({ store, connect }, point, async () => {
  process.kill(process.pid, "SIGKILL");
  return await new Promise(() => {});
});
const operations = new OperationRunner({ ...around, procedures: nodeProcedures(), log });
const flavors = { find: async () => ({ properties: {} }) };
const nodes = new NodeService({ ...around, operations, flavors, log });
const { signal } = new AbortController();
const { requirements, podManagerId, node, device } = work;
const kinds = {
  compose: () => nodes.compose({ name: "new", requirements, podManagerId, requestId: "r" }, signal),
  attach: () => nodes.attach(node, device, "r", signal),
  detach: () => nodes.detach(node, device, "r", signal),
  release: () => nodes.remove(node, "r", signal),
};
await kinds[point.kind]();
process.exit(0);
