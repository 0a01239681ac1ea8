// Services of DMTF and OpenStack as they were recorded: test/fixtures/redfishv2/README.md tells how. What is done with them is
// done with the real ones by test/peers/redfish/composition.sh.
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { PEERS } from "../../../support/composition-peers.ts";
import { type Kept, replayChanges } from "../../../support/recorded-changes.ts";

it.each(PEERS)("a recording of $name comes to what the service itself came to", async ({ file, session, expected }) => {
  const fixture = new URL(`../../../fixtures/redfishv2/${file}.json`, import.meta.url);
  const recording = JSON.parse(readFileSync(fixture, "utf8")) as Kept[];
  const service = await replayChanges(recording);
  try {
    const seen = await session(service.url);
    expect(seen).toMatchObject(expected);
    expect(service.exchanges.filter(({ status }) => status === 599)).toEqual([]);
    const writes = (list: readonly { request: string }[]) =>
      list.map(({ request }) => request).filter((request) => !request.startsWith("GET"));
    expect(writes(service.exchanges)).toEqual(writes(recording));
  } finally {
    await service.close();
  }
});
