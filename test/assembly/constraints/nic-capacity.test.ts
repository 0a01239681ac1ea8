import { loadsWith } from "../../contracts/bandwidth.ts";
import { constraintContract } from "../../contracts/constraint.ts";

constraintContract("nic-capacity", (unit, host, stage) => {
  const { all, own } = loadsWith("nics", unit, host, stage);
  return [...own].every((name) => {
    const { nicKbps = null, nicUsedKbps = 0 } = stage.inventory.hosts.get(name)!;
    return nicKbps === null || nicUsedKbps + all.get(name)! <= nicKbps;
  });
});
