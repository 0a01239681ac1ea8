import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../host/errors.ts";

/**
 * Takes a directory for this process, or throws an AppError store.in-use naming the process that has it. The lock of a
 * process that died is taken over. Returns what gives it back.
 */
export function lockDirectory(directory: string): () => void {
  const lock = join(directory, "lock");
  const mine = join(directory, `lock.${process.pid}`);
  // Written aside and linked, so that the lock never exists without its owner in it.
  writeFileSync(mine, ownerLine(process.pid));
  try {
    for (let tries = 0; tries < 100; tries++) {
      if (linked(mine, lock)) return () => release(lock);
      const owner = readOwner(lock);
      if (owner !== undefined && isRunning(owner))
        throw new AppError(
          "store.in-use",
          `the store (${directory}) is in use by process ${owner.split(" ")[0]}.\n` +
            "Stop that process, or name another directory or a PostgreSQL database for both.",
        );
      if (owner !== undefined) takeAway(lock, owner, mine);
    }
    throw new AppError("store.in-use", `the store (${directory}) is being taken by several processes at once`);
  } finally {
    rmSync(mine, { force: true });
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes a dead process's lock, under a second lock so that a live one is never taken for it. */
function takeAway(lock: string, dead: string, mine: string): void {
  const guard = `${lock}.taking`;
  if (linked(mine, guard)) {
    if (readOwner(lock) === dead) rmSync(lock);
    rmSync(guard);
    return;
  }
  const other = readOwner(guard);
  if (other !== undefined && !isRunning(other)) rmSync(guard, { force: true });
}

function release(lock: string): void {
  if (readOwner(lock) === ownerLine(process.pid)) rmSync(lock, { force: true });
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

/** `PID START`: a process id alone may belong to someone else after a restart. */
function ownerLine(pid: number): string {
  return `${pid} ${startOf(pid)}`;
}

function isRunning(owner: string): boolean {
  const pid = Number(owner.split(" ")[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return owner === ownerLine(pid);
}

/** Start time of a process in clock ticks since boot (proc(5), stat, field 22), with the boot's id; "" elsewhere. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // The second field, the command, may hold blanks and brackets; state follows it as the third.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? "dead" : `${fields[18]} ${boot}`;
  } catch {
    return "";
  }
}
