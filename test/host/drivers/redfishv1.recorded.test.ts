// What test/peers/redfish/intel-rsd.sh does with Intel's RSD simulators, on what they answered there.
import { readFileSync } from "node:fs";
import { describe, onTestFinished } from "vitest";
import { intelRsdTests } from "../../support/intel-rsd.ts";
import { type Exchange, replay } from "../../support/recorded-service.ts";

describe("Intel's RSD simulators, as they were recorded,", () => {
  intelRsdTests(async (simulator) => {
    const file = `test/fixtures/redfishv1/intel-${simulator}.json`;
    const peer = await replay(JSON.parse(readFileSync(file, "utf8")) as Exchange[]);
    onTestFinished(peer.close);
    return peer;
  });
});
