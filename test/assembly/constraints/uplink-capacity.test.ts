import { loadsWith } from "../../contracts/bandwidth.ts";
import { constraintContract } from "../../contracts/constraint.ts";

constraintContract("uplink-capacity", (unit, host, stage) => {
  const { all, own } = loadsWith("uplinks", unit, host, stage);
  return [...own].every((name) => {
    const rack = stage.dataCenter.racks?.find((each) => each.name === name);
    if (rack === undefined || rack.uplinkKbps === null) return true;
    return rack.uplinkUsedKbps + all.get(name)! <= rack.uplinkKbps;
  });
});
