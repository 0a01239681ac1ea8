import { type Logger, pino } from "pino";

export type { Logger } from "pino";

/** Structured logs, one JSON object a line, on standard error: standard output belongs to the reader of the command. */
export function createLog(level: string): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
