import { expect, it } from "vitest";
import { corePath, loadCore } from "../../host/core/load.ts";
import { BUILDS } from "../contracts/stage.ts";

it("the self-test of every build returns the same number, each time it is called", () => {
  const answers = BUILDS.flatMap((build) => {
    const core = loadCore(corePath(build));
    return [core.selftest0(), core.selftest0(), core.selftest0()];
  });
  expect(new Set(answers).size).toBe(1);
  // 0 would say that the plan failed.
  expect(answers[0]).not.toBe(0);
});
