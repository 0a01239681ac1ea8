// The driver redfishv2 against services of DMTF and OpenStack; composition.sh runs it. With COMPOSITION_RECORD=FOLDER the
// exchanges are written there: what test/fixtures/redfishv2 has.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { PEERS } from "../../support/composition-peers.ts";
import { keptOf } from "../../support/recorded-changes.ts";
import { record } from "../../support/recorded-service.ts";

describe.each(PEERS)("redfishv2 with $name", ({ file, session, expected }) => {
  const target = process.env[`PEER_${file.replaceAll(/\W/g, "_").toUpperCase()}`];
  it.skipIf(target === undefined)("comes to what is known of it", async () => {
    const peer = await record(target!);
    onTestFinished(async () => {
      await peer.close();
      const folder = process.env.COMPOSITION_RECORD;
      if (folder !== undefined) writeFileSync(join(folder, `${file}.json`), keptOf(peer.exchanges));
    });
    expect(await session(peer.url)).toMatchObject(expected);
  });
});
