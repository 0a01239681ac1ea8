import { takenResources } from "../../../db/queries/claims.ts";
import { listPodManagers, type PodManagerRow } from "../../../db/queries/pod-managers.ts";
import type { Store } from "../../../db/store.ts";
import type { Choice, Cost, PodManager, Requirements } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import { Turns } from "../turns.ts";
import { bounded } from "./bounded.ts";
import { reasonOf } from "./outcome.ts";

/** Others may take what was chosen before it is claimed; after so many rounds there is something wrong. */
const MOST_ROUNDS = 20;
/** Drivers have limits of their own, shorter ones; who comes next waits for this one, ms. */
const LONGEST_MS = 300_000;

/** The same hardware is wanted by somebody else: choose again. */
export class Taken extends Error {}

export interface Chosen {
  readonly podManager: PodManager;
  readonly podManagerId: string;
  readonly choice: Choice;
  /** Why this one, and why not the others, a sentence each. */
  readonly reasons: readonly string[];
}

export interface HardwareChoiceOptions {
  readonly store: Store;
  readonly connect: (podManagerId: string) => Promise<PodManager>;
  /** Where several are asked, one that takes longer is left out, ms; default 15,000. */
  readonly answerMs?: number;
}

/** Finds hardware for a request, at one pod manager or at the one where it fits best. */
export class HardwareChoice {
  readonly #options: HardwareChoiceOptions;
  /** By pod manager; null: any. Who chooses from the same at the same time would choose the same. */
  readonly #turns = new Map<string | null, { turns: Turns; users: number }>();

  constructor(options: HardwareChoiceOptions) {
    this.#options = options;
  }

  /**
   * Chooses and has it claimed: `claim` throws Taken when others were faster, then it is chosen again.
   * @throws AppError pod-manager.not-found; .none when none of several fits; what the one that was asked throws
   */
  async make<T>(
    { requirements, podManagerId }: { requirements: Requirements; podManagerId: string | null },
    claim: (chosen: Chosen) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const only = podManagerId ?? (await this.#only());
    return await this.#inTurn(only, async () => {
      for (let round = 1; ; round++) {
        signal.throwIfAborted();
        const chosen =
          only === null
            ? await this.#best(requirements, signal)
            : await this.#at(only, requirements, AbortSignal.any([signal, AbortSignal.timeout(LONGEST_MS)]));
        signal.throwIfAborted();
        try {
          return await claim(chosen);
        } catch (error) {
          if (!(error instanceof Taken)) throw error;
          if (round >= MOST_ROUNDS)
            throw new AppError(
              "pod-manager.no-fit",
              `others took the hardware ${round} times before it could be claimed.\nTry again.`,
            );
        }
      }
    });
  }

  /** The one pod manager there is; null: there are several. */
  async #only(): Promise<string | null> {
    const rows = await this.#options.store.read((db) => listPodManagers(db));
    if (rows.length === 0)
      throw new AppError("pod-manager.none", "no pod manager is registered.\nPOST /v1/pod_managers registers one.");
    return rows.length === 1 ? rows[0]!.id : null;
  }

  async #at(podManagerId: string, requirements: Requirements, signal: AbortSignal): Promise<Chosen> {
    const { store, connect } = this.#options;
    const podManager = await connect(podManagerId);
    const taken = await store.read((db) => takenResources(db, podManagerId));
    const choice = await bounded((signal) => podManager.choose(requirements, taken, signal), signal);
    return { podManager, podManagerId, choice, reasons: choice.reasons };
  }

  /** All that are not known to be offline are asked at the same time; the first of those that fit equally well. */
  async #best(requirements: Requirements, signal: AbortSignal): Promise<Chosen> {
    const rows = await this.#options.store.read((db) => listPodManagers(db));
    const asked = await Promise.all(
      rows.map(async (row): Promise<{ row: PodManagerRow; chosen: Chosen | null; why: string }> => {
        if (row.status === "Offline") return { row, chosen: null, why: "it is offline" };
        const limit = AbortSignal.timeout(this.#options.answerMs ?? 15_000);
        try {
          const chosen = await this.#at(row.id, requirements, AbortSignal.any([signal, limit]));
          const { unknown = [], cost } = chosen.choice;
          if (unknown.length > 0)
            return { row, chosen: null, why: `it does not tell the ${unknown.join(" and ")} of its nodes` };
          return { row, chosen, why: costText(cost) };
        } catch (error) {
          return { row, chosen: null, why: limit.aborted ? "it took too long to choose" : reasonOf(error) };
        }
      }),
    );
    signal.throwIfAborted();
    const said = asked.map(({ row, why }) => `pod manager ${row.name}: ${why}`);
    let best: Chosen | null = null;
    for (const { chosen } of asked)
      if (chosen !== null && (best === null || compareCost(chosen.choice.cost, best.choice.cost) < 0)) best = chosen;
    if (best === null)
      throw new AppError("pod-manager.none", `no pod manager can serve the request.\n${said.join("\n")}`);
    return { ...best, reasons: [...best.choice.reasons, ...said] };
  }

  async #inTurn<T>(key: string | null, work: () => Promise<T>): Promise<T> {
    const entry = this.#turns.get(key) ?? { turns: new Turns(1), users: 0 };
    this.#turns.set(key, entry);
    entry.users++;
    try {
      return await entry.turns.take(work);
    } finally {
      if (--entry.users === 0) this.#turns.delete(key);
    }
  }
}

/** Less than 0: `a` is better. */
function compareCost(a: Cost, b: Cost): number {
  return a.zonesBroken - b.zonesBroken || a.racks - b.racks || a.resources - b.resources || a.wasteBp - b.wasteBp;
}

function costText({ zonesBroken, racks, resources, wasteBp }: Cost): string {
  return `breaks ${zonesBroken} whole zones, spans ${racks} more racks, takes ${resources} resources, wastes ${wasteBp / 100} %`;
}
