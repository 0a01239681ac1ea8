/** Reset types a simulated system takes. */
export const RESET_TYPES = [
  "On",
  "ForceOff",
  "GracefulShutdown",
  "GracefulRestart",
  "ForceRestart",
  "Nmi",
  "ForceOn",
  "PushPowerButton",
  "PowerCycle",
] as const;

export type PowerState = "On" | "Off" | "PoweringOn" | "PoweringOff";

/** Which state a system is in after a reset of this type, and on the way there; null: nothing changes. */
export function powerAfter(type: string, now: PowerState): { during: PowerState; after: "On" | "Off" } | null {
  const on = now === "On" || now === "PoweringOn";
  switch (type) {
    case "On":
    case "ForceOn":
      return on ? null : { during: "PoweringOn", after: "On" };
    case "ForceOff":
    case "GracefulShutdown":
      return on ? { during: "PoweringOff", after: "Off" } : null;
    case "GracefulRestart":
    case "ForceRestart":
    case "PowerCycle":
      return { during: "PoweringOn", after: "On" };
    case "PushPowerButton":
      return on ? { during: "PoweringOff", after: "Off" } : { during: "PoweringOn", after: "On" };
    default:
      return null;
  }
}
