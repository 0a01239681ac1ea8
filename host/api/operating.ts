import { Hono } from "hono";
import type { Env } from "./context.ts";

export interface Operating {
  /** What keeps the service from answering requests, in words; null when it is ready. */
  notReady(): Promise<string | null>;
  /** Prometheus text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Health, readiness and metrics, without a token, on both ports. */
export function operatingRoutes(operating: Operating): Hono<Env> {
  const app = new Hono<Env>();
  app.use(async (c, next) => {
    c.set("route", c.req.path);
    c.header("Cache-Control", "no-store");
    await next();
  });
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    const reason = await operating.notReady();
    return reason === null ? c.json({ status: "ready" }) : c.json({ status: "not ready", reason }, 503);
  });
  app.get("/metrics", async (c) => {
    const { contentType, text } = await operating.metrics();
    return c.body(text, 200, { "Content-Type": contentType });
  });
  return app;
}
