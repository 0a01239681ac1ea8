import type { ValenceApi } from "../../../../host/api/valence/index.ts";
import { TokenTable } from "../../../../host/services/identity.ts";

/** Tokens by the role they stand for. */
const identity = new TokenTable(
  {
    "admin-token": { userId: "root", projectId: "demo", roles: ["member", "admin"] },
    "reader-token": { userId: "alice", projectId: "demo", roles: ["member"] },
  },
  ["demo"],
);

/** Of an API on a loopback address, as by default; nothing is composed. */
export const SETTINGS: ValenceApi = {
  operating: {
    notReady: async () => null,
    metrics: async () => ({ contentType: "text/plain", text: "ostro_hosts 64\n" }),
  },
  observer: { finished: () => {}, failed: () => {} },
  hardware: null,
  identity,
  basic: null,
  bound: "127.0.0.1",
  publicEndpoint: null,
  corsOrigins: ["loopback"],
  bodyLimitBytes: 64 * 1024,
  maxLimit: 1000,
};
