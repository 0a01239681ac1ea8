// Where the templates that a stack nests come from, and what else is known of the stack from outside of its template.

import { basename, dirname, resolve as resolvePath } from "node:path";
import { quote } from "./application-fault.ts";
import { spelledEitherWay, TemplateFile, type Where } from "./heat-document.ts";

export interface TemplateSource {
  /**
   * What a type of a resource means.
   * @param used entries of a registry that must not be used: they led here
   * @throws AppError file.invalid: it names a template that is not there
   */
  meaning(type: string, used: ReadonlySet<string>, from: TemplateFile, where: Where): Meaning;
  /** Heat has taken the stack, so its values keep the constraints of their parameters. */
  readonly isChecked: boolean;
  /** Values for parameters of nested templates that nobody gives, by name. */
  readonly defaults: ReadonlyMap<string, unknown>;
  /** Names of a group's members, if it has any already. */
  members(path: readonly string[]): readonly string[] | undefined;
}

export interface Meaning {
  readonly type: string;
  /** Absent: the type is no template. */
  readonly template?: TemplateFile;
  /** The entries of a registry that said so. */
  readonly used?: string;
}

/** Templates beside the one that nests them, on disk; nothing exists yet. */
export class FilesBeside implements TemplateSource {
  readonly isChecked = false;
  readonly defaults = new Map<string, unknown>();
  readonly #files = new Map<string, TemplateFile>();

  meaning(type: string, _used: ReadonlySet<string>, from: TemplateFile, where: Where): Meaning {
    if (!isTemplateName(type)) return { type };
    if (/^https?:/.test(type))
      throw from.fault(where, `${quote(type)} is not fetched; put the file beside the template`);
    const wanted = resolvePath(dirname(from.path), type.replace(/^file:\/\//, ""));
    const found = spelledEitherWay(wanted);
    if (!found)
      throw from.fault(
        [...where, "type"],
        `nested template ${quote(type)} does not exist beside ${basename(from.path)}`,
      );
    const template = this.#files.get(found) ?? new TemplateFile(found);
    this.#files.set(found, template);
    return { type, template };
  }

  members(): undefined {
    return undefined;
  }
}

/** What Heat keeps of a stack: the files that came with it, and its environment. */
export class FilesOfStack implements TemplateSource {
  readonly isChecked = true;
  readonly defaults: ReadonlyMap<string, unknown>;
  readonly #files: ReadonlyMap<string, string>;
  readonly #registry: ReadonlyMap<string, string>;
  readonly #members: ReadonlyMap<string, readonly string[]>;
  readonly #parsed = new Map<string, TemplateFile>();

  /**
   * @param registry type -> file or other type; a type may end in `*`
   * @param members path of a group, its parts joined by `/` -> names of its members
   */
  constructor(options: {
    files: ReadonlyMap<string, string>;
    registry: ReadonlyMap<string, string>;
    defaults: ReadonlyMap<string, unknown>;
    members: ReadonlyMap<string, readonly string[]>;
  }) {
    this.#files = options.files;
    this.#registry = options.registry;
    this.defaults = options.defaults;
    this.#members = options.members;
  }

  meaning(type: string, used: ReadonlySet<string>, from: TemplateFile, where: Where): Meaning {
    const entry = this.#entry(type, used);
    const meant = entry?.meant ?? type;
    const via = entry === undefined || entry.key === meant ? {} : { used: entry.key };
    const text = this.#files.get(meant);
    if (text !== undefined && isTemplateName(meant)) {
      const template = this.#parsed.get(meant) ?? new TemplateFile(meant, text);
      this.#parsed.set(meant, template);
      return { type: meant, template, ...via };
    }
    if (isTemplateName(meant))
      throw from.fault([...where, "type"], `nested template ${quote(meant)} is not among the stack's files`);
    // A type may stand for one that stands for another.
    if (entry !== undefined && meant !== type)
      return { ...via, ...this.meaning(meant, new Set([...used, entry.key]), from, where) };
    return { type: meant, ...via };
  }

  members(path: readonly string[]): readonly string[] | undefined {
    return this.#members.get(path.join("/"));
  }

  #entry(type: string, used: ReadonlySet<string>): { key: string; meant: string } | undefined {
    const exact = this.#registry.get(type);
    if (exact !== undefined && !used.has(type)) return { key: type, meant: exact };
    for (const [key, value] of this.#registry) {
      if (!key.endsWith("*") || used.has(key) || !type.startsWith(key.slice(0, -1))) continue;
      const meant = value.endsWith("*") ? `${value.slice(0, -1)}${type.slice(key.length - 1)}` : value;
      return { key, meant };
    }
    return undefined;
  }
}

function isTemplateName(type: string): boolean {
  return /\.(ya?ml|template)$/.test(type);
}
