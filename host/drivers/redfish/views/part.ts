// Parts of a resource that a service refuses leave gaps in a view, they do not take the whole view away.

import { AppError } from "../../../errors.ts";

/**
 * `otherwise` when the service refuses this part or answers it with nonsense. Lost connections, wrong credentials and
 * time-outs are not of this part alone: they are passed on.
 */
export async function ifGiven<T>(part: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await part;
  } catch (error) {
    if (error instanceof AppError && (error.code === "pod-manager.refused" || error.code === "pod-manager.unreadable"))
      return otherwise;
    throw error;
  }
}
