// Why no plan gives every VM a host, in names: what the core has logged (assembly/proof/log.ts), for people and for
// check-certificate.ts, which takes nobody's word for it.
import { z } from "zod";
import { AppError } from "../errors.ts";
import { type Application, type Case, type Certificate, type Impossible, LEVELS } from "./model.ts";

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
  const certificate = parsed(json, path);
  if (certificate !== undefined) return certificate;
  throw new AppError("file.invalid", `${path}: is not a placement-certificate/1`);
}

function parsed(json: unknown, path: string): Certificate | undefined {
  try {
    return schema.safeParse(json).data;
  } catch (cause) {
    // The stack ends. A search has no more branches below one another than there are VMs to stand somewhere.
    if (!(cause instanceof RangeError)) throw cause;
    throw new AppError("file.invalid", `${path}: its cases are nested too deeply`, { cause });
  }
}
