import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Bytes of objects that are still held after a full collection; columns and other buffers are no objects. */
export function heapCollector(): () => number {
  setFlagsFromString("--expose-gc");
  const gc: () => void = runInNewContext("gc");
  return () => {
    gc();
    gc();
    return process.memoryUsage().heapUsed;
  };
}
