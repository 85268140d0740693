/**
 * A model folder behind an address, fetched file by file. A file that is not there may be answered with status 404, or
 * with a page: many static hosts send their start page for every address they do not know.
 */
import { PyramidError } from '../../errors.ts';
import { checkSize, type Folder, type FolderFile, pathIn, TEXT_BYTES, TRACE_BYTES } from '../../folder.ts';

/** Bytes of weights: what a page's WebAssembly can hold. */
const WEIGHTS_BYTES = 4 * 2 ** 30;

/** Opened once, and then not held in memory a second time. */
const WEIGHTS = 'model.safetensors';

/** Bytes that a file of this name may have: an address may send for ever. */
const mostBytes = (name: string): number => {
  if (name.endsWith('.safetensors')) return WEIGHTS_BYTES;
  return name.endsWith('.jsonl') ? TRACE_BYTES : TEXT_BYTES;
};

export interface Fetched {
  readonly file: string;
  /** Bytes of all files so far, and of all files; total is null where the server does not say. */
  readonly loaded: number;
  readonly total: number | null;
}

export class UrlFolder implements Folder {
  readonly path: string;
  readonly #base: string;
  readonly #onFetched: (progress: Fetched) => void;
  readonly #ahead = new Map<string, Promise<FolderFile | null>>();
  #loaded = 0;
  /** null once the length of some file is unknown. */
  #total: number | null = 0;

  constructor(address: string, onFetched: (progress: Fetched) => void = () => {}) {
    this.path = address.replace(/\/+$/, '');
    this.#base = `${this.path}/`;
    this.#onFetched = onFetched;
  }

  /** Begins to fetch what will be opened later, the weights once, other files as often as they are asked for. */
  fetchAhead(names: readonly string[]): void {
    for (const name of names) {
      if (this.#ahead.has(name)) continue;
      const file = this.#fetch(name);
      file.catch(() => {}); // told when it is opened
      this.#ahead.set(name, file);
    }
  }

  /** Throws MP_WEB_FETCH. */
  open(name: string): Promise<FolderFile | null> {
    const ahead = this.#ahead.get(name);
    if (name === WEIGHTS) this.#ahead.delete(name);
    return ahead ?? this.#fetch(name);
  }

  async has(name: string): Promise<boolean> {
    try {
      const response = await fetch(this.#address(name), { method: 'HEAD' });
      return response.ok && !isPage(response);
    } catch {
      return false;
    }
  }

  #address(name: string): string {
    return new URL(name.split('/').map(encodeURIComponent).join('/'), this.#base).href;
  }

  async #fetch(name: string): Promise<FolderFile | null> {
    const url = this.#address(name);
    const fault = (problem: string, cause?: unknown) => new PyramidError('MP_WEB_FETCH', { url, problem }, { cause });
    let response: Response;
    try {
      response = await fetch(url);
    } catch (cause) {
      throw fault('the server did not answer', cause);
    }
    if (response.status === 404 || response.status === 410 || (response.ok && isPage(response))) {
      await response.body?.cancel();
      return null;
    }
    if (!response.ok) throw fault(`the server answered with status ${response.status}`);
    try {
      return inMemory(await this.#read(name, response));
    } catch (cause) {
      if (cause instanceof PyramidError) throw cause;
      throw fault('the connection ended early', cause);
    }
  }

  async #read(name: string, { body, headers }: Response): Promise<Uint8Array<ArrayBuffer>> {
    // of what is sent compressed, the length says nothing of what arrives
    const length = headers.has('content-encoding') ? 0 : Number(headers.get('content-length') ?? 0);
    const check = (size: number) => checkSize(pathIn(this.path, name), size, mostBytes(name));
    this.#total = length > 0 && this.#total !== null ? this.#total + length : null;
    const reader = body?.getReader();
    try {
      check(length);
    } catch (error) {
      await reader?.cancel();
      throw error;
    }
    let bytes = new Uint8Array(length || 1 << 16);
    let filled = 0;
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      const { value } = part;
      if (filled + value.length > mostBytes(name)) await reader?.cancel();
      check(filled + value.length);
      if (filled + value.length > bytes.length) {
        const larger = new Uint8Array(Math.max(2 * bytes.length, filled + value.length));
        larger.set(bytes);
        bytes = larger;
      }
      bytes.set(value, filled);
      filled += value.length;
      this.#loaded += value.length;
      this.#onFetched({ file: name, loaded: this.#loaded, total: this.#total });
    }
    if (length > 0 && filled < length) throw new Error(`${filled} of ${length} bytes arrived`);
    return bytes.subarray(0, filled);
  }
}

const isPage = ({ headers }: Response): boolean => headers.get('content-type')?.startsWith('text/html') ?? false;

/** A file whose content is here. */
export const inMemory = (bytes: Uint8Array<ArrayBuffer>): FolderFile => ({
  size: bytes.length,
  read: async (from, to) => bytes.slice(from, to),
  close: async () => {},
});
