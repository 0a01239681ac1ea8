import { Constraint } from "../constraint";
import { Affinity } from "./affinity";
import { Aggregates } from "./aggregates";
import { Availability } from "./availability";
import { Candidates } from "./candidates";
import { DiskCapacity, RamCapacity, VcpuCapacity } from "./capacity";
import { Diversity } from "./diversity";
import { Excluded } from "./excluded";
import { Exclusivity } from "./exclusivity";
import { Fixed } from "./fixed";
import { MachineSize } from "./machine-size";
import { NicCapacity } from "./nic-capacity";
import { Traits } from "./traits";
import { UplinkCapacity } from "./uplink-capacity";
import { Zone } from "./zone";

// The order in which a refusal counts them: what is fixed first, then what is taken, then who stands beside whom.
// A row number is an id only inside one build: the host looks rows up by name.
export const CONSTRAINTS: StaticArray<Constraint> = [
  new Availability(),
  new Candidates(),
  new Excluded(),
  new Fixed(),
  new Zone(),
  new Aggregates(),
  new Traits(),
  new MachineSize(),
  new VcpuCapacity(),
  new RamCapacity(),
  new DiskCapacity(),
  new Affinity(),
  new Diversity(),
  new Exclusivity(),
  new NicCapacity(),
  new UplinkCapacity(),
];
