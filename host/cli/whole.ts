import { InvalidArgumentError } from "commander";

export const MOST_WORKERS = 256;

/** Reads an option's value: a whole number from `min` to `max`. */
export function wholeFrom(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}
