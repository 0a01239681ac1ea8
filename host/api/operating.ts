import { type Context, Hono } from "hono";
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
  const serve = (path: string, answer: (c: Context<Env>) => Response | Promise<Response>) =>
    app.get(path, (c) => {
      c.set("route", path);
      c.header("Cache-Control", "no-store");
      return answer(c);
    });
  serve("/healthz", (c) => c.json({ status: "ok" }));
  serve("/readyz", async (c) => {
    const reason = await operating.notReady();
    return reason === null ? c.json({ status: "ready" }) : c.json({ status: "not ready", reason }, 503);
  });
  serve("/metrics", async (c) => {
    const { contentType, text } = await operating.metrics();
    return c.body(text, 200, { "Content-Type": contentType });
  });
  return app;
}
