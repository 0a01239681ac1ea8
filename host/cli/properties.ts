// What a node shall have at least, on the command line.
import type { Command } from "commander";
import { collected, given } from "./hardware.ts";
import { wholeFrom } from "./whole.ts";

export interface PropertyFlags {
  readonly cores?: number;
  readonly processorModel?: string;
  readonly memory?: number;
  readonly memoryType?: string;
  readonly pciDevice?: string[];
  readonly remoteStorage?: number;
}

/** More than any hardware has. */
const MOST = 999_999_999;

export function addProperties(command: Command): Command {
  return command
    .option("--cores <count>", "cores of its processors", wholeFrom(1, MOST))
    .option("--processor-model <name>", "model of its processors")
    .option("--memory <MiB>", "its memory", wholeFrom(1, MOST))
    .option("--memory-type <type>", "DDR4 and the like")
    .option("--pci-device <type>", "a device from the pools: SSD, NIC, GPU, …; may be repeated", collected)
    .option("--remote-storage <GiB>", "storage over the network", wholeFrom(1, MOST));
}

/** As the API names them; undefined: nothing is asked for. Numbers are texts there. */
export function propertiesOf(flags: PropertyFlags): object | undefined {
  const { cores, processorModel: model, memory, memoryType: type, pciDevice, remoteStorage } = flags;
  const part = (fields: Record<string, unknown>) => {
    const filled = given(fields);
    return Object.keys(filled).length === 0 ? undefined : filled;
  };
  return part({
    processor: part({ total_cores: cores?.toString(), model }),
    memory: part({ capacity_mib: memory?.toString(), type }),
    pci_device: part({ type: pciDevice }),
    remote_storage: part({ capacity_gib: remoteStorage?.toString() }),
  });
}
