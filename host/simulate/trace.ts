// Reads a trace of arrivals: CSV with a header, one VM a line, ordered by time. Streamed, so its length does not matter.

import { createReadStream } from "node:fs";
import { CsvError, parse } from "csv-parse";
import type { Flavor, Resources } from "../core/model.ts";
import { AppError } from "../errors.ts";
import { TraceColumns, TraceFault } from "./trace-columns.ts";

/** A VM that comes. */
export interface Arrival {
  /** Of the file, from 1: for messages. */
  readonly line: number;
  /** Of the file read so far: for progress. */
  readonly bytes: number;
  /** Seconds. */
  readonly time: number;
  readonly id: string;
  readonly need: Resources;
  readonly extraSpecs: Readonly<Record<string, string>>;
  /** Seconds; null: it stays. */
  readonly departure: number | null;
  /** Neighbouring lines with the same name and time are planned together; "" alone. */
  readonly application: string;
  /** Keys `level:TYPE:name`, as in problem files. */
  readonly groups: readonly string[];
}

interface Line {
  readonly record: readonly string[];
  readonly info: { readonly lines: number; readonly bytes: number };
}

const GROUP_KEY = /^(host|rack|cluster):(AFF|DIV|EX):./;
/** Longer lines are no trace; a file without line ends must not be read into memory. */
const MOST_CHARACTERS = 100_000;

/** The arrivals, in order of time. @throws AppError file.invalid, with line and column, what is wrong and what is right. */
export async function* readTrace(path: string, flavors: readonly Flavor[]): AsyncGenerator<Arrival, void, undefined> {
  let line = 1;
  try {
    let columns: TraceColumns | null = null;
    let before = { time: 0, line: 1 };
    const byName = flavorsByName(flavors);
    for await (const { record, info } of linesOf(path)) {
      line = info.lines;
      if (columns === null) {
        columns = new TraceColumns(record);
        continue;
      }
      const arrival = readArrival(columns, record, byName, info);
      if (arrival.time < before.time)
        throw new TraceFault(
          `${columns.nameOf("time")}: ${arrival.time} comes after ${before.time} (line ${before.line}).\nThe lines must be in order of time; sort the file first.`,
        );
      before = { time: arrival.time, line };
      yield arrival;
    }
    if (columns === null) throw new TraceFault("it is empty.\nThe first line must name the columns.");
  } catch (cause) {
    throw readable(path, line, cause);
  }
}

async function* linesOf(path: string): AsyncGenerator<Line, void, undefined> {
  const parser = parse({
    bom: true,
    comment: "#",
    comment_no_infix: true,
    info: true,
    max_record_size: MOST_CHARACTERS,
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
  });
  const file = createReadStream(path);
  file.on("error", (error) => parser.destroy(error));
  try {
    yield* file.pipe(parser) as AsyncIterable<Line>;
  } finally {
    file.destroy();
  }
}

function readArrival(
  columns: TraceColumns,
  fields: readonly string[],
  flavors: ReadonlyMap<string, Flavor>,
  { lines: line, bytes }: Line["info"],
): Arrival {
  if (fields.length !== columns.count)
    throw new TraceFault(`it has ${fields.length} fields.\nThe header has ${columns.count}.`);
  const time = columns.seconds(fields, "time");
  const id = columns.text(fields, "id");
  if (id === "") throw columns.fault("id", id, "a name");
  return {
    line,
    bytes,
    time,
    id,
    ...readSize(columns, fields, flavors),
    departure: readDeparture(columns, fields, time),
    application: columns.text(fields, "application"),
    groups: readGroups(columns, fields),
  };
}

/** By flavor where the line names one, else by vCPU, memory and disk. */
function readSize(
  columns: TraceColumns,
  fields: readonly string[],
  flavors: ReadonlyMap<string, Flavor>,
): Pick<Arrival, "need" | "extraSpecs"> {
  const name = columns.text(fields, "flavor");
  if (name === "" && columns.has("vcpus") && columns.has("memory"))
    return {
      need: {
        vcpus: columns.whole(fields, "vcpus"),
        ramMiB: columns.whole(fields, "memory"),
        diskGiB: columns.whole(fields, "disk", 0),
      },
      extraSpecs: {},
    };
  const flavor = flavors.get(name);
  if (!flavor)
    throw columns.fault("flavor", name, `a flavor of the data center (${[...flavors.keys()].join(", ") || "none"})`);
  const { vcpus, ramMiB, diskGiB, extraSpecs } = flavor;
  return { need: { vcpus, ramMiB, diskGiB }, extraSpecs };
}

function readDeparture(columns: TraceColumns, fields: readonly string[], time: number): number | null {
  if (columns.text(fields, "lifetime") !== "") return time + columns.seconds(fields, "lifetime");
  const text = columns.text(fields, "departure");
  if (text === "") return null;
  const departure = columns.seconds(fields, "departure");
  if (departure < time) throw columns.fault("departure", text, `empty, or not before the arrival (${time})`);
  return departure;
}

function readGroups(columns: TraceColumns, fields: readonly string[]): readonly string[] {
  const text = columns.text(fields, "groups");
  if (text === "") return [];
  const keys = [...new Set(text.split(/\s+/))];
  for (const key of keys)
    if (!GROUP_KEY.test(key))
      throw columns.fault("groups", key, "level:TYPE:name (level host, rack or cluster; TYPE AFF, DIV or EX)");
  return keys;
}

function flavorsByName(flavors: readonly Flavor[]): ReadonlyMap<string, Flavor> {
  return new Map(flavors.map((flavor) => [flavor.name, flavor]));
}

function readable(path: string, line: number, cause: unknown): unknown {
  if (cause instanceof TraceFault) return new AppError("file.invalid", `${path}:${line}: ${cause.message}`, { cause });
  if (cause instanceof CsvError) {
    const at = typeof cause.lines === "number" ? cause.lines : line;
    return new AppError("file.invalid", `${path}:${at}: no CSV, ${cause.message}.`, { cause });
  }
  if (cause instanceof Error && "syscall" in cause && "code" in cause)
    return new AppError("file.invalid", `${path}: cannot be read (${cause.code})`, { cause });
  return cause;
}
