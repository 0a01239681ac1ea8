import type { RedfishOptions } from "./base/redfish.ts";
import type { SimBlock, SimBlockType } from "./redfish-blocks.ts";

export interface RedfishSimOptions extends RedfishOptions {
  /** Zones, each a rack; default 2. */
  readonly zones?: number;
  /** Blocks that systems are made of, in all; default 8. */
  readonly compute?: number;
  /** Drives, NICs, GPUs, FPGAs and memory, in turn, in all; default 12. */
  readonly devices?: number;
  /** These instead of made ones. */
  readonly blocks?: readonly SimBlock[];
  /**
   * How systems can be asked for: by their blocks, by what they shall have, by a manifest for the action Compose. Without
   * the first two, Systems takes neither POST nor DELETE. Default specific and manifest.
   */
  readonly offers?: readonly ("specific" | "constrained" | "manifest")[];
  /** Blocks can be reserved by PATCH; default on. */
  readonly reserves?: boolean;
  /** How long a reservation of the action Compose holds; default 10800 (3 h). */
  readonly reservationSeconds?: number;
  /** How blocks are added to systems and removed; default by actions. */
  readonly changesBlocks?: "actions" | "patch" | "no";
  /** How long blocks are Composing; default 0: not at all. */
  readonly composeMs?: number;
  /** Composing, decomposing, adding and removing are tasks of this length; default 0: done when answered. */
  readonly taskMs?: number;
  /** From a reset until the power is so; default 0. */
  readonly powerMs?: number;
  readonly least?: Partial<Record<SimBlockType, number>>;
  /** Default at most one Compute and eight Storage. */
  readonly most?: Partial<Record<SimBlockType, number>>;
  /** Default on. */
  readonly decomposesPoweredOn?: boolean;
  /** It says that it composed, decomposed or added, and did nothing; default off. */
  readonly lies?: boolean;
  /**
   * How a POST that composed is answered: `created` as the standard has it (201, Location and body); the others are what
   * services in the field do. `wants id` refuses bodies without Id.
   */
  readonly answers?: "created" | "body only" | "200" | "204" | "nothing" | "number" | "wants id";
  /** Default systems: DMTF's own examples have them there; others at each zone. */
  readonly capabilitiesOn?: "systems" | "zones";
  /** Where blocks, systems and reservations are kept beyond this process; default nowhere. */
  readonly stateFile?: string;
}
