import { Hono } from "hono";
import { expect, test } from "vitest";
import type { Env } from "../../../../host/api/context.ts";
import { answerError } from "../../../../host/api/valet/errors.ts";
import { AppError, ERRORS, type ErrorCode } from "../../../../host/errors.ts";

/** Only Valence's API has them. */
const OF_HARDWARE = /^(pod-manager|provisioning)[.]|^request[.](not-acceptable|media-type)$/;
const CODES = (Object.keys(ERRORS) as ErrorCode[]).filter((code) => !OF_HARDWARE.test(code));

async function answerTo(error: Error) {
  const app = new Hono<Env>();
  app.onError((thrown, c) => answerError(c, thrown));
  app.get("/", () => {
    throw error;
  });
  const response = await app.request("/");
  return { status: response.status, type: response.headers.get("Content-Type"), text: await response.text() };
}

test.each(CODES.filter((code) => code !== "request.unauthorized"))("%s has a body of its status", async (code) => {
  const { status, type, text } = await answerTo(new AppError(code, "what happened"));
  expect([status, type]).toEqual([ERRORS[code].status, "application/json"]);
  expect(JSON.parse(text)).toEqual({
    title: expect.any(String),
    explanation: expect.stringMatching(/what happened$/),
    code: status,
    error: { message: expect.any(String), traceback: null, type: expect.stringMatching(/^HTTP/) },
  });
});

test("only what the engine could not do says Ostro error", async () => {
  const prefixed = [];
  for (const code of CODES) {
    const { text } = await answerTo(new AppError(code, "what happened"));
    if (text.includes("Ostro error: what happened")) prefixed.push(code);
  }
  expect(prefixed).toEqual(["placement.infeasible", "placement.conflict", "plan.unsound", "solver.broken"]);
});

test("without words of its own an error has those of its status", async () => {
  const { text } = await answerTo(new AppError("request.not-found", ""));
  expect(JSON.parse(text).explanation).toBe("The resource could not be found.");
});

test("a defect is a 500 that tells nothing of the inside", async () => {
  const { status, text } = await answerTo(new TypeError("secret of /etc/ostro"));
  expect(status).toBe(500);
  expect(text).not.toContain("secret");
  expect(JSON.parse(text).error.type).toBe("HTTPInternalServerError");
});
