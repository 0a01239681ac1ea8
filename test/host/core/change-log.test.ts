import { describe, expect, it } from "vitest";
import { ChangeLog } from "../../../host/core/change-log.ts";

describe("the log of changes", () => {
  it("tells whether one of the names changed after a version", () => {
    const log = new ChangeLog();
    log.note("host a", 3);
    log.note("host b", 5);
    expect(log.changedSince(3, ["host a"])).toBe(false);
    expect(log.changedSince(2, ["host a"])).toBe(true);
    expect(log.changedSince(3, ["host a", "host b"])).toBe(true);
    expect(log.changedSince(0, ["host c"])).toBe(false);
  });

  it("stays bounded, forgets the oldest, and calls everything changed since before what it remembers", () => {
    const log = new ChangeLog(10);
    for (let version = 1; version <= 1000; version++) log.note(`group ${version}`, version);
    expect(log.size).toBeLessThanOrEqual(20);
    expect(log.changedSince(999, ["group 1000"])).toBe(true);
    expect(log.changedSince(995, ["group 990"])).toBe(false);
    expect(log.changedSince(1, ["group 500"])).toBe(true);
    expect(log.changedSince(1, ["a name that never changed"])).toBe(true);
  });

  it("keeps what changes all the time", () => {
    const log = new ChangeLog(10);
    for (let version = 1; version <= 1000; version++) {
      log.note("host a", version);
      log.note(`group ${version}`, version);
    }
    expect(log.changedSince(999, ["host a"])).toBe(true);
    expect(log.changedSince(1000, ["host a"])).toBe(false);
  });
});
