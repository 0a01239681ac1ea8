// The kinds of settings there are, each with what it takes.

export interface Setting<T> {
  /** For `--help`; with the placeholder of the value. */
  readonly help: string;
  readonly placeholder: string;
  /** Secrets have no flag: a command line can be read by every user of the machine. */
  readonly secret?: boolean;
  readonly fallback: T;
  /** From a flag or variable (text) or the file (JSON). Throws a RangeError that says what would be right. */
  readonly read: (raw: unknown) => T;
}

export function text(
  placeholder: string,
  fallback: string,
  help: string,
  form = /./,
  wanted = "some text",
): Setting<string> {
  return {
    placeholder,
    fallback,
    help,
    read(raw) {
      if (typeof raw !== "string" || !form.test(raw)) throw new RangeError(wanted);
      return raw;
    },
  };
}

export function whole(placeholder: string, fallback: number, help: string, min: number, max: number): Setting<number> {
  return {
    placeholder,
    fallback,
    help,
    read(raw) {
      const value = typeof raw === "string" && /^\d{1,15}$/.test(raw) ? Number(raw) : raw;
      if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) return value;
      throw new RangeError(`a whole number from ${min} to ${max}`);
    },
  };
}

export function decimal(
  placeholder: string,
  fallback: number,
  help: string,
  min: number,
  max: number,
): Setting<number> {
  return {
    placeholder,
    fallback,
    help,
    read(raw) {
      const value = typeof raw === "string" && /^\d{1,9}(\.\d{1,9})?$/.test(raw) ? Number(raw) : raw;
      if (typeof value === "number" && value >= min && value <= max) return value;
      throw new RangeError(`a number from ${min} to ${max}`);
    },
  };
}

/** Left out: null, and whoever asks decides. */
export function optional<T>(setting: Setting<T>): Setting<T | null> {
  return { ...setting, fallback: null };
}

export function trueOrFalse(fallback: boolean, help: string): Setting<boolean> {
  return {
    placeholder: "true|false",
    fallback,
    help,
    read(raw) {
      if (raw === true || raw === "true") return true;
      if (raw === false || raw === "false") return false;
      throw new RangeError("true or false");
    },
  };
}

export function oneOf<const T extends string>(
  placeholder: string,
  values: readonly [T, ...T[]],
  help: string,
): Setting<T> {
  return {
    placeholder,
    fallback: values[0],
    help: `${help}: ${values.join(" | ")}`,
    read(raw) {
      const value = values.find((candidate) => candidate === raw);
      if (value === undefined) throw new RangeError(values.join(" or "));
      return value;
    },
  };
}

export function secret(setting: Setting<string>): Setting<string> {
  return { ...setting, secret: true };
}
