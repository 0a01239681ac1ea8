import { expect, test } from "vitest";
import { partsOf } from "../../../host/services/host-names.ts";

const VALET = { regionChars: 3, rackCodes: "r", nodeCodes: "a,c,u,f,o,p,s" };

test.each([
  ["pdk15r05c001", { region: "pdk15", rack: "pdk15r05", nodeCode: "c" }],
  ["ihk01r01c001.emea.att.com", { region: "ihk01", rack: "ihk01r01", nodeCode: "c" }],
  ["123456r05u1", { region: "123456", rack: "123456r05", nodeCode: "u" }],
])("the rack of %s is known", (name, parts) => {
  expect(partsOf(name, VALET)).toEqual({ ok: true, ...parts });
});

test("a region of six letters, as of a DevStack", () => {
  expect(partsOf("Region1r001c001", { ...VALET, regionChars: 6 })).toMatchObject({
    region: "Region1",
    rack: "Region1r001",
  });
});

test.each([
  ["pdk1505c001", "invalid number of identification fields = 0"],
  ["pdk15r05001", "invalid number of identification fields = 1"],
  ["pdk15r05001.emea.att.com", "invalid number of identification fields = 2"],
  ["pdkxr05c001", "invalid number of identification fields = 0"],
  ["pdk15r05x001", "invalid number of identification fields = 2"],
  ["pdk15rr5c001", "invalid number of identification fields = 1"],
  ["pdk15r05c001b", "invalid number of identification fields = 4"],
  ["pdk15r05c", "invalid node name = pdk15r05c"],
  ["pdk15r05c.att.com", "invalid node name = pdk15r05c"],
  ["pdk15r05,001", "invalid number of identification fields = 2"],
  ["compute-1", "invalid number of identification fields = 0"],
  ["", "invalid number of identification fields = 0"],
])("%s does not follow the convention", (name, message) => {
  expect(partsOf(name, VALET)).toEqual({ ok: false, message });
});
