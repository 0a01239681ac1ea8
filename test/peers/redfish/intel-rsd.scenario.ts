// The driver redfishv1 against Intel's own RSD simulator; intel-rsd.sh runs it. With INTEL_RSD_RECORD=FILE all exchanges are
// written there.
import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redfishv1 } from "../../../host/drivers/redfishv1.ts";
import { type RecordedService, record } from "../../support/recorded-service.ts";
import { rsdSession } from "../../support/rsd-session.ts";

const { INTEL_RSD_URL: url, INTEL_RSD_RECORD: file } = process.env;

describe.skipIf(url === undefined)("Intel's RSD simulator", () => {
  let peer: RecordedService;

  beforeAll(async () => {
    peer = await record(url!);
  });

  afterAll(async () => {
    await peer.close();
    if (file !== undefined) writeFileSync(file, `${JSON.stringify(peer.exchanges)}\n`);
  });

  it("has nodes composed, shown, reset and released by the driver redfishv1", async () => {
    const seen = await rsdSession(redfishv1, peer.url);
    expect(seen.status).toBe("Online");
    expect(seen.systems).toHaveLength(4);
    expect(seen.systems.map(({ location }) => location)).toContain(
      "Systems:1_Blade:blade3_Sled:sled2_Drawer:drawer1_Rack:rack11_Pod:pod12_",
    );
    expect(seen.racks[0]?.systems).toHaveLength(4);
    expect(seen.choice.reasons.join(" ")).toContain("free systems");
    expect(seen.nodes).toMatchObject([
      { index: "1", state: "Assembled", powerState: "On" },
      { index: "2", state: "Assembled", powerState: "On" },
    ]);
    expect(seen.bootRefusal).toMatch(/changes nothing of \/redfish\/v1\/Nodes\/2/);
    expect(seen.resetRefusal).toMatch(/Reset.Type Explode .* it takes On, ForceOff, .*SoftShutdown/);
    expect(seen.released).toEqual([{ devices: [] }, { devices: [] }]);
    const posts = peer.exchanges.filter(({ request }) => request.startsWith("POST"));
    // It advertises the actions of node 1 at node 2.
    expect(posts.map(({ request }) => request)).toContain("POST /redfish/v1/Nodes/2/Actions/ComposedNode.Assemble");
    expect(posts.at(-1)?.sent).toEqual({ ResetType: "SoftShutdown" });
  });
});
