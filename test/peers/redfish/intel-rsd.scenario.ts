// The driver redfishv1 against Intel's own RSD simulators; intel-rsd.sh runs it. With RSD_RECORD=FOLDER the exchanges are
// written there: what test/fixtures/redfishv1 has.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, onTestFinished } from "vitest";
import { intelRsdTests, type Simulator } from "../../support/intel-rsd.ts";
import { record, written } from "../../support/recorded-service.ts";

const { PSME, PNC, RSS, RSD_RECORD } = process.env;
const urls: Record<Simulator, string | undefined> = { psme: PSME, pnc: PNC, rss: RSS };

describe.skipIf(PSME === undefined)("Intel's RSD simulators", () => {
  intelRsdTests(async (simulator) => {
    const peer = await record(urls[simulator]!);
    onTestFinished(async () => {
      await peer.close();
      if (RSD_RECORD !== undefined) writeFileSync(join(RSD_RECORD, `intel-${simulator}.json`), written(peer.exchanges));
    });
    return peer;
  });
});
