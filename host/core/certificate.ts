// Why no plan gives every VM a host, in names: what the core has logged (assembly/proof/log.ts), for people and for
// check-certificate.ts, which takes nobody's word for it.
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { Application, Level } from "./model.ts";
import { LEVELS } from "./model.ts";

interface PerResource {
  readonly vcpus: number;
  readonly ramMiB: number;
  readonly diskGiB: number;
}

/**
 * A tree of cases. VMs tied to one host by affinity go together, any of them stands for all.
 * - nowhere: no host can take this VM.
 * - crowded: these VMs need more than there is on all hosts that any of them may use, both weighted: `weights` counts for
 *   each `steps` of a resource.
 * - apart: no two of these VMs may share a container of this level, and fewer containers are left to them than they are.
 * - branch: the VM stands on one of these hosts, and each case is impossible. A case also stands for hosts that are in
 *   nothing different (`alike`), and in the cases after it for VMs that are in nothing different.
 */
export type Impossible =
  | { readonly nowhere: string }
  | { readonly crowded: readonly string[]; readonly weights: PerResource; readonly steps: PerResource }
  | { readonly apart: readonly string[]; readonly level: Level }
  | { readonly branch: string; readonly cases: readonly Case[] };

export interface Case {
  readonly host: string;
  readonly alike?: readonly string[];
  readonly because: Impossible;
}

export interface Certificate {
  readonly format: "placement-certificate/1";
  readonly impossible: Impossible;
}

// Words of the log, as assembly/proof/log.ts describes them.
const BRANCH = 1;
const CHILD = 2;
const NOWHERE = 4;
const CROWDED = 5;
const APART = 6;

/** The core's log in names. */
export function certificateOf(log: Int32Array, application: Application, hostAt: (row: number) => string): Certificate {
  let at = 0;
  const next = () => log[at++]!;
  const list = <T>(item: () => T): T[] => Array.from({ length: next() }, item);
  const vm = () => application.vms[next()]!.name;
  const host = () => hostAt(next());
  const node = (): Impossible => {
    switch (next()) {
      case NOWHERE:
        return { nowhere: vm() };
      case CROWDED: {
        const [a, x, b, y, c, z] = [next(), next(), next(), next(), next(), next()];
        return {
          crowded: list(vm),
          weights: { vcpus: a, ramMiB: b, diskGiB: c },
          steps: { vcpus: x, ramMiB: y, diskGiB: z },
        };
      }
      case APART: {
        const level = LEVELS[next()]!;
        return { apart: list(vm), level };
      }
      case BRANCH: {
        const branch = vm();
        const cases: Case[] = [];
        while (next() === CHILD) {
          const first = host();
          const alike = list(host);
          cases.push({ host: first, ...(alike.length > 0 && { alike }), because: node() });
        }
        return { branch, cases };
      }
      default:
        throw new Error("the log of the refutation is not a tree");
    }
  };
  return { format: "placement-certificate/1", impossible: node() };
}

const resources = z.strictObject({ vcpus: z.number(), ramMiB: z.number(), diskGiB: z.number() });
const impossible: z.ZodType<Impossible> = z.lazy(() =>
  z.union([
    z.strictObject({ nowhere: z.string() }),
    z.strictObject({ crowded: z.array(z.string()), weights: resources, steps: resources }),
    z.strictObject({ apart: z.array(z.string()), level: z.enum(LEVELS) }),
    z.strictObject({ branch: z.string(), cases: z.array(oneCase) }),
  ]),
);
const oneCase = z.strictObject({
  host: z.string(),
  alike: z.array(z.string()).exactOptional(),
  because: impossible,
});
const schema = z.strictObject({ format: z.literal("placement-certificate/1"), impossible });

/** A certificate from the text of a file. @throws AppError file.invalid */
export function readCertificate(text: string, path: string): Certificate {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new AppError("file.invalid", `${path}: is not JSON`, { cause });
  }
  const read = schema.safeParse(json);
  if (read.success) return read.data;
  throw new AppError("file.invalid", `${path}: is not a placement-certificate/1`);
}
