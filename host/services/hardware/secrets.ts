import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { AppError } from "../../errors.ts";

/** Shorter keys could be guessed. */
export const LEAST_KEY_CHARACTERS = 32;

const FORM = "v1";
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts what the store keeps secret, with AES-256-GCM. A sealed text names its key by a short digest, so that a wrong key
 * is told from a damaged text, and belongs to one record: it cannot be opened as that of another.
 */
export class Secrets {
  readonly #key: Buffer;
  readonly #marks: Buffer;
  /** Of the key; tells nothing about it. */
  readonly keyName: string;

  /** Of any text that is hard to guess, at least LEAST_KEY_CHARACTERS of it. */
  constructor(text: string) {
    const derive = (what: string) => Buffer.from(hkdfSync("sha256", text, "ostro", what, 32));
    this.#key = derive("passwords at rest");
    this.#marks = derive("marks of pod managers");
    this.keyName = createHash("sha256").update(this.#key).digest("hex").slice(0, 8);
  }

  seal(recordId: string, secrets: readonly string[]): string {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv("aes-256-gcm", this.#key, iv).setAAD(Buffer.from(recordId));
    const sealed = Buffer.concat([cipher.update(JSON.stringify(secrets), "utf8"), cipher.final(), cipher.getAuthTag()]);
    return [FORM, this.keyName, Buffer.concat([iv, sealed]).toString("base64url")].join(".");
  }

  /** @throws AppError config.invalid when it was sealed with another key, or is damaged */
  open(recordId: string, text: string): string[] {
    const [form, keyName, sealed = ""] = text.split(".");
    if (form === FORM && keyName !== this.keyName)
      throw new AppError(
        "config.invalid",
        `the password of pod manager ${recordId} was encrypted with another key (${keyName}, ours is ${this.keyName}).\nAll processes on one store need the same OSTRO_SECRET_KEY or --secret-key-file; if that key is lost, PATCH the pod manager's authentication.`,
      );
    try {
      const bytes = Buffer.from(sealed, "base64url");
      const decipher = createDecipheriv("aes-256-gcm", this.#key, bytes.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      })
        .setAAD(Buffer.from(recordId))
        .setAuthTag(bytes.subarray(-TAG_BYTES));
      const opened = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
      return JSON.parse(opened.toString("utf8")) as string[];
    } catch (cause) {
      throw new AppError(
        "config.invalid",
        `the encrypted password of pod manager ${recordId} is damaged.\nPATCH the pod manager's authentication.`,
        { cause },
      );
    }
  }

  /** The key of this process opens it. */
  knows(text: string): boolean {
    return text.startsWith(`${FORM}.${this.keyName}.`);
  }

  /** What only processes with this key can have said about a record: `<record id>.<mark>`. */
  mark(recordId: string): string {
    return `${recordId}.${createHmac("sha256", this.#marks).update(recordId).digest("base64url")}`;
  }

  /** The record's id; null: the mark is not ours. */
  marked(text: string): string | null {
    const recordId = text.slice(0, Math.max(text.lastIndexOf("."), 0));
    const [given, right] = [text, this.mark(recordId)].map((one) => createHash("sha256").update(one).digest());
    return timingSafeEqual(given!, right!) ? recordId : null;
  }
}
