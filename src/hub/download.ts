/**
 * Downloads one file of the hub into the cache's blobs. It continues an interrupted download, checks the announced size and
 * hash, and only then gives the file its final name. Knows nothing of repositories.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PyramidError } from '../errors.ts';
import { makeFolder } from '../make-folder.ts';
import { type HubFetch, HubUnreachable, reasonOf } from './hub-fetch.ts';
import { claimPartial } from './partial-file.ts';
import type { HubSettings } from './settings.ts';

export interface RemoteFile {
  readonly path: string;
  readonly url: string;
  readonly size: number; // bytes
  /** SHA-256 of the content (64 digits), or git's hash of the blob (40 digits); the blob's name in the cache. */
  readonly etag: string;
}

const TRIES = 5;

/**
 * The blob's path. `onBytes` is told how many bytes of the file are there, growing except where it starts again.
 * Throws MP_HUB_MISSING, MP_HUB_ACCESS, MP_HUB_FAILED, MP_HUB_DISK.
 */
export async function downloadBlob(
  file: RemoteFile,
  blobs: string,
  { request, settings, onBytes }: { request: HubFetch; settings: HubSettings; onBytes: (count: number) => void },
): Promise<string> {
  const blob = join(blobs, file.etag);
  if (await isThere(blob, file.size)) return blob;
  return onDisk(blobs, async () => {
    await makeFolder(blobs);
    const partial = await claimPartial(blobs, file.etag);
    let remove = false;
    try {
      const handle = await open(partial.path, 'a+');
      try {
        // a part that an earlier process left may be of no use: then once more from the beginning
        for (let tries = 1; !(await fill(handle, partial.path, file, { request, settings, onBytes })); tries++) {
          await handle.truncate(0);
          if (tries === 2) {
            const problem = 'the file does not match the hash that the hub announced';
            throw new PyramidError('MP_HUB_FAILED', { what: file.path, problem });
          }
        }
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(partial.path, blob);
    } catch (error) {
      remove = (error as NodeJS.ErrnoException).syscall !== undefined; // a full disk gets its space back
      throw error;
    } finally {
      await partial.release(remove);
    }
    return blob;
  });
}

export const isThere = async (path: string, size: number): Promise<boolean> =>
  (await stat(path).catch(() => null))?.size === size;

/** Runs work on the cache; what the file system refuses becomes MP_HUB_DISK. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (error instanceof PyramidError || code === undefined || syscall === undefined) throw error;
    const reason = code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : `${code} at ${syscall}`;
    throw new PyramidError('MP_HUB_DISK', { path, reason }, { cause: error });
  }
}

/** Appends what is missing; false if the whole has another hash than announced. */
async function fill(
  handle: FileHandle,
  path: string,
  file: RemoteFile,
  { request, settings, onBytes }: { request: HubFetch; settings: HubSettings; onBytes: (count: number) => void },
): Promise<boolean> {
  let hash = newHash(file);
  let have = (await handle.stat()).size;
  const restart = async () => {
    await handle.truncate(0);
    hash = newHash(file);
    have = 0;
    onBytes(0);
  };
  if (have > 0) for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  onBytes(have);
  let most = have;
  for (let failures = 0; have < file.size; ) {
    let problem = 'the connection ended early';
    const stall = new AbortController();
    let timer: NodeJS.Timeout | undefined;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stall.abort(new Error('no more data arrives')), settings.stallMs);
    };
    try {
      const headers = { 'accept-encoding': 'identity', ...(have > 0 && { range: `bytes=${have}-` }) };
      const response = await request(file.url, { headers, signal: stall.signal });
      // a server may answer with the whole, or with another part than the one asked for
      if (have > 0 && !(response.status === 206 && startOf(response) === have)) {
        await restart();
        if (response.status !== 200) {
          await response.body?.cancel();
          throw new Error('the hub does not resume the download where it stopped');
        }
      }
      wait();
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        wait();
        if (have + chunk.length > file.size) throw new Error(`more arrives than the announced ${file.size} bytes`);
        await handle.appendFile(chunk);
        hash.update(chunk);
        have += chunk.length;
        onBytes(have);
      }
    } catch (error) {
      const isOurs = error instanceof PyramidError || (error as NodeJS.ErrnoException).syscall === 'write';
      if (isOurs) throw error;
      problem = error instanceof HubUnreachable ? error.message : reasonOf(error);
    } finally {
      clearTimeout(timer);
    }
    if (have >= file.size) break;
    failures = have > most ? 1 : failures + 1;
    most = Math.max(most, have);
    if (failures === TRIES) throw new PyramidError('MP_HUB_FAILED', { what: file.path, problem });
    await delay(settings.retryMs * 2 ** (failures - 1));
  }
  return hash.digest('hex') === file.etag;
}

/** Git hashes a file with its kind and length before it. */
const newHash = ({ etag, size }: RemoteFile): Hash =>
  etag.length === 64 ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);

const startOf = (response: Response): number =>
  Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? -1);
