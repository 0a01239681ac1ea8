import { z } from "@hono/zod-openapi";

const number = (what: string) => z.string().regex(/^\d{0,9}$/, { error: `expected ${what} as text, like "8"` });

/** What a node shall have at least, by flavors and compositions; numbers are texts. Contract: valence-rest, section 5. */
export const propertiesSchema = z
  .strictObject({
    memory: z
      .strictObject({
        capacity_mib: number("a number of MiB").optional(),
        type: z.string().max(100).optional(),
      })
      .optional(),
    processor: z
      .strictObject({
        total_cores: number("a number of cores").optional(),
        model: z.string().max(100).optional(),
      })
      .optional(),
    pci_device: z.strictObject({ type: z.array(z.string().min(1).max(100)).max(100).optional() }).optional(),
    remote_storage: z.strictObject({ capacity_gib: number("a number of GiB").optional() }).optional(),
  })
  .openapi("Properties");
