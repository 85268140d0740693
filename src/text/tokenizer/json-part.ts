/**
 * An object of a JSON file whose values are checked as they are read, so that a damaged file gives a sentence that
 * names the value. Knows nothing of what the values mean.
 */
import { PyramidError } from '../../errors.ts';

type Json = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class JsonPart {
  /** `name`: where in the file it stands, '' for the whole. */
  constructor(
    readonly path: string,
    readonly name: string,
    readonly json: Json,
  ) {}

  /** @throws MP_MODEL_FILE if `content` is no JSON object */
  static parse(path: string, content: string): JsonPart {
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch (error) {
      throw new PyramidError('MP_MODEL_FILE', { path, problem: (error as Error).message }, { cause: error });
    }
    if (!isObject(value)) throw new PyramidError('MP_MODEL_FILE', { path, problem: 'not a JSON object' });
    return new JsonPart(path, '', value);
  }

  /** Whether there is a value, null not being one. */
  has(key: string): boolean {
    return this.value(key) !== undefined;
  }

  value(key: string): unknown {
    return Object.hasOwn(this.json, key) ? (this.json[key] ?? undefined) : undefined;
  }

  text(key: string, otherwise?: string): string {
    return this.#checked(key, 'a string', otherwise, (v): v is string => typeof v === 'string');
  }

  flag(key: string, otherwise?: boolean): boolean {
    return this.#checked(key, 'true or false', otherwise, (v): v is boolean => typeof v === 'boolean');
  }

  /** A whole number from 0 to the largest that an int32 holds. */
  whole(key: string, otherwise?: number): number {
    return this.#checked(key, 'a whole number from 0', otherwise, isId);
  }

  part(key: string): JsonPart {
    const value = this.#checked(key, 'an object', undefined, isObject);
    return new JsonPart(this.path, this.at(key), value);
  }

  parts(key: string, otherwise?: readonly JsonPart[]): readonly JsonPart[] {
    if (otherwise && !this.has(key)) return otherwise;
    const list = this.#checked(key, 'a list', undefined, (v): v is readonly unknown[] => Array.isArray(v));
    return list.map((value, i) => {
      if (!isObject(value)) throw this.damaged(`${this.at(key)}[${i}] is not an object`);
      return new JsonPart(this.path, `${this.at(key)}[${i}]`, value);
    });
  }

  /** The part under a key, or null where there is none. */
  optional(key: string): JsonPart | null {
    return this.has(key) ? this.part(key) : null;
  }

  /** What to throw where the file cannot be what it should be. */
  damaged(problem: string): PyramidError {
    return new PyramidError('MP_MODEL_FILE', { path: this.path, problem });
  }

  /** What to throw where the file is whole and holds what is not read exactly. */
  unread(what: string, todo?: string): PyramidError {
    return new PyramidError('MP_MODEL_TOKENIZER', { path: this.path, part: what, ...(todo ? { todo } : {}) });
  }

  at(key: string): string {
    return this.name === '' ? key : `${this.name}.${key}`;
  }

  #checked<T>(key: string, what: string, otherwise: T | undefined, is: (value: unknown) => value is T): T {
    const value = this.value(key);
    if (value === undefined && otherwise !== undefined) return otherwise;
    if (!is(value)) throw this.damaged(`${this.at(key)} is not ${what}`);
    return value;
  }
}

/** A name out of a file, for a sentence: one line, its beginning. */
export const named = (name: string): string => {
  const line = name.replace(/\s+/g, ' ');
  return `"${line.length > 60 ? `${line.slice(0, 60)}…` : line}"`;
};

/** Ids are kept as int32. */
export const isId = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31 - 1;
