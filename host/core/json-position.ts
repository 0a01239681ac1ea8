// Where in a JSON text something stands: the first syntax error, or the value at a path. V8's messages carry neither
// line nor column. Slow beside JSON.parse and only used once something is known to be wrong.

export type JsonPath = readonly PropertyKey[];

interface JsonPosition {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
}

/** `hosts[3].capacity.vcpus`; keys that are no plain words are quoted. */
export function writePath(path: JsonPath): string {
  let written = "";
  for (const key of path) {
    if (typeof key === "number") written += `[${key}]`;
    else if (/^[A-Za-z_]\w*$/.test(String(key))) written += written === "" ? String(key) : `.${String(key)}`;
    else written += `[${JSON.stringify(String(key))}]`;
  }
  return written;
}

/** What is wrong first, and where; null when the text is JSON or nested too deeply to be looked into. */
export function findSyntaxError(text: string): (JsonPosition & { readonly expected: string }) | null {
  const scanner = new Scanner(text, null);
  const expected = scanner.run();
  return expected === null ? null : { ...positionOf(text, scanner.at), expected };
}

/** Where the value at `path` starts or, where it is missing, the innermost object or list that should hold it. */
export function locate(text: string, path: JsonPath): JsonPosition {
  const scanner = new Scanner(text, path);
  scanner.run();
  return positionOf(text, scanner.found);
}

function positionOf(text: string, offset: number): JsonPosition {
  let line = 1;
  let start = 0;
  for (let next = text.indexOf("\n"); next !== -1 && next < offset; next = text.indexOf("\n", start)) {
    line++;
    start = next + 1;
  }
  return { line, column: offset - start + 1 };
}

const MAX_DEPTH = 1000;

class Expected extends Error {}
class Stop extends Error {}

/** Recursive descent over the grammar of RFC 8259. */
class Scanner {
  at = 0;
  /** Offset of the deepest value on `path` seen so far. */
  found = 0;
  readonly #text: string;
  readonly #path: JsonPath | null;

  constructor(text: string, path: JsonPath | null) {
    this.#text = text;
    this.#path = path;
  }

  /** What was expected at `at`, or null. */
  run(): string | null {
    try {
      this.#value(0, 0);
      this.#space();
      if (this.at < this.#text.length) throw new Expected("the end of the file");
      return null;
    } catch (error) {
      if (error instanceof Expected) return error.message;
      if (error instanceof Stop) return null;
      throw error;
    }
  }

  /** `matched`: how many keys of the path lead here; -1: this value is beside the path. */
  #value(depth: number, matched: number): void {
    if (depth > MAX_DEPTH) throw new Stop();
    this.#space();
    if (matched >= 0) {
      this.found = this.at;
      if (matched === this.#path?.length) throw new Stop();
    }
    const first = this.#text[this.at];
    if (first === "{") this.#members("}", depth, matched);
    else if (first === "[") this.#members("]", depth, matched);
    else if (first === '"') this.#string();
    else this.#scalar();
    // The value on the path is closed: what was looked for is missing in it.
    if (matched > 0 && this.#path !== null) throw new Stop();
  }

  #members(close: "}" | "]", depth: number, matched: number): void {
    this.at++;
    this.#space();
    if (this.#text[this.at] === close) {
      this.at++;
      return;
    }
    for (let index = 0; ; index++) {
      let key: string | number = index;
      if (close === "}") {
        this.#space();
        key = this.#string();
        this.#space();
        if (this.#text[this.at] !== ":") throw new Expected('":"');
        this.at++;
      }
      const onPath = matched >= 0 && this.#path !== null && this.#path[matched] === key;
      this.#value(depth + 1, onPath ? matched + 1 : -1);
      this.#space();
      const next = this.#text[this.at];
      if (next !== "," && next !== close) throw new Expected(`"," or "${close}"`);
      this.at++;
      if (next === close) return;
    }
  }

  #string(): string {
    const text = this.#text;
    if (text[this.at] !== '"') throw new Expected("a string in double quotes");
    const start = this.at++;
    for (;;) {
      const code = text.charCodeAt(this.at);
      if (Number.isNaN(code)) throw new Expected("the closing quote of a string");
      if (code < 0x20) throw new Expected("no raw control character or line break in a string");
      if (code === 0x22) break;
      if (code === 0x5c) {
        const sequence = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
        sequence.lastIndex = this.at + 1;
        if (!sequence.test(text)) throw new Expected("a valid escape after \\");
        this.at = sequence.lastIndex;
      } else this.at++;
    }
    this.at++;
    return JSON.parse(text.slice(start, this.at)) as string;
  }

  #scalar(): void {
    const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
    scalar.lastIndex = this.at;
    if (!scalar.test(this.#text)) throw new Expected("a value");
    this.at = scalar.lastIndex;
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }
}
