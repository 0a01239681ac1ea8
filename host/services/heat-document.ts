// A Heat template as text: read once, with the line of everything in it.

import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { AppError } from "../errors.ts";
import { isObject, quote } from "./application-fault.ts";

/** Keys and indices from the root of a file to a value. */
export type Where = readonly (string | number)[];

/** One template file. Faults in it name the file, the line and the path. */
export class TemplateFile {
  readonly path: string;
  readonly root: Record<string, unknown>;
  readonly #document: Document;
  readonly #lines = new LineCounter();

  /**
   * @param text what is in the file; absent: it is read
   * @throws AppError file.invalid when it cannot be read or is no HOT template
   */
  constructor(path: string, text: string = textAt(path)) {
    this.path = path;
    try {
      this.#document = parseDocument(text, { lineCounter: this.#lines, merge: true, stringKeys: true });
      const [error] = this.#document.errors;
      if (error) {
        const { line, col } = this.#lines.linePos(error.pos[0]);
        throw new AppError(
          "file.invalid",
          `${this.#name}:${line}:${col}: ${error.message.replace(/ at line \d+, column \d+:[\s\S]*/, "")}`,
        );
      }
      const root: unknown = this.#document.toJS();
      if (!isObject(root)) throw this.fault([], "is not a template: a map with resources is needed");
      this.root = root;
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError("file.invalid", `${this.#name}: is not YAML that can be read (${String(cause)})`, { cause });
    }
    this.#checkVersion();
  }

  get #name(): string {
    return basename(this.path);
  }

  /** `stack.yaml:12`; the line of the nearest known ancestor when `where` itself is not in the file. */
  at(where: Where): string {
    let node: unknown = this.#document.contents;
    let offset = 0;
    for (const step of where) {
      if (isAlias(node)) node = node.resolve(this.#document);
      let next: unknown;
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
        offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset;
        next = pair?.value;
      } else if (isSeq(node)) {
        next = node.items[Number(step)];
        offset = (next as Node | undefined)?.range?.[0] ?? offset;
      }
      if (next === undefined) break;
      node = next;
    }
    return `${this.#name}:${this.#lines.linePos(offset).line}`;
  }

  fault(where: Where, text: string, cause?: unknown): AppError {
    const path = where.length > 0 ? ` (${where.join(".")})` : "";
    return new AppError("file.invalid", `${this.at(where)}${path}: ${text}`, { cause });
  }

  /** A section such as `resources`, empty when it is missing. */
  section(name: string): Record<string, unknown> {
    const section = this.root[name];
    if (section === undefined || section === null) return {};
    if (!isObject(section)) throw this.fault([name], `is ${quote(section)}, it must be a map`);
    return section;
  }

  #checkVersion(): void {
    if (this.root.heat_template_version !== undefined) return;
    const cfn = ["AWSTemplateFormatVersion", "HeatTemplateFormatVersion"].find((key) => this.root[key] !== undefined);
    if (cfn) throw this.fault([cfn], "is a CloudFormation template; only HOT (heat_template_version) can be planned");
    throw this.fault([], "has no heat_template_version; it must be a HOT template");
  }
}

function textAt(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new AppError("file.invalid", `${path}: cannot be read (${String(cause)})`, { cause });
  }
}

/** The file at `path`, or the one whose ending is the other spelling (`.yml` and `.yaml` name the same file). */
export function spelledEitherWay(path: string): string | undefined {
  const other = /\.yml$/.test(path) ? path.replace(/\.yml$/, ".yaml") : path.replace(/\.yaml$/, ".yml");
  return [path, other].find((one) => existsSync(one));
}
