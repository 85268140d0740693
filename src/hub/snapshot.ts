/**
 * Chosen files of one revision of a repository, in the layout of Hugging Face's cache, which other tools share:
 * blobs by their hash, a folder of links a commit, and the commit that a branch stood at. A file is there whole or not
 * at all; the branch moves on only when all files are.
 */
import { randomBytes } from 'node:crypto';
import { copyFile, readdir, readFile, stat, statfs, symlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { datasetInfo, getRepoFolderName, listFiles, modelInfo } from '@huggingface/hub';
import { PyramidError } from '../errors.ts';
import { TEXT_BYTES } from '../folder.ts';
import { makeFolder } from '../make-folder.ts';
import { replaceAll } from '../write-whole.ts';
import { type Choose, type HubCallbacks, Unfit } from './choose.ts';
import { downloadBlob, isThere, onDisk, type RemoteFile } from './download.ts';
import { type HubFetch, HubUnreachable, hubFetch } from './hub-fetch.ts';
import { isCommit, type Repo } from './repo.ts';
import type { HubSettings } from './settings.ts';

export interface Snapshot {
  /** The commit's folder. */
  readonly dir: string;
  readonly files: readonly string[];
}

/** Throws MP_HUB_OFFLINE, MP_HUB_MISSING, MP_HUB_ACCESS, MP_HUB_FAILED, MP_HUB_DISK. */
export async function snapshot(
  repo: Repo,
  choose: Choose,
  settings: HubSettings,
  callbacks: HubCallbacks = {},
): Promise<Snapshot> {
  const type = repo.kind === 'model' ? 'model' : 'dataset';
  const store = join(settings.cache, getRepoFolderName({ type, name: repo.name }));
  const notThere = (reason: string, cause?: unknown) =>
    new PyramidError('MP_HUB_OFFLINE', { repo: repo.name, kind: repo.kind, cache: settings.cache, reason }, { cause });
  if (settings.offline || isCommit(repo.revision)) {
    const found = await cached(store, repo, choose);
    if (found) return found;
    if (settings.offline) throw notThere('HF_HUB_OFFLINE is set');
  }
  try {
    return await online(store, repo, choose, settings, callbacks);
  } catch (error) {
    if (error instanceof Unfit)
      throw new PyramidError('MP_HUB_MISSING', {
        repo: repo.name,
        endpoint: settings.endpoint,
        problem: error.message,
      });
    if (!(error instanceof HubUnreachable)) throw error;
    const found = await cached(store, repo, choose);
    if (!found) throw notThere(error.message, error);
    callbacks.onNote?.(`${error.message}: using ${repo.name} from the cache, which may be out of date`);
    return found;
  }
}

/** The revision as the cache has it; null unless all that is needed is there. */
async function cached(store: string, { revision }: Repo, choose: Choose): Promise<Snapshot | null> {
  try {
    const commit = isCommit(revision) ? revision : (await readFile(join(store, 'refs', revision), 'utf8')).trim();
    if (!isCommit(commit)) return null;
    const dir = join(store, 'snapshots', commit);
    const paths: string[] = [];
    for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      // a link whose blob is gone does not count
      if ((await stat(path).catch(() => null))?.isFile()) paths.push(relative(dir, path).replaceAll('\\', '/'));
    }
    const read = async (path: string) => readText((await stat(join(dir, path))).size, join(dir, path));
    return { dir, files: await choose(paths, read) };
  } catch (error) {
    if (error instanceof Unfit || (error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

async function online(
  store: string,
  repo: Repo,
  choose: Choose,
  settings: HubSettings,
  { onProgress, onNote }: HubCallbacks,
): Promise<Snapshot> {
  const request = hubFetch(repo, settings, { onNote });
  const commit = await commitOf(repo, settings, request);
  const files = await remoteFiles(repo, commit, settings, request);
  const dir = join(store, 'snapshots', commit);
  const progress = { received: 0, total: 0 };
  const fetchFile = async (file: RemoteFile): Promise<string> => {
    const link = join(dir, file.path);
    if (await isThere(link, file.size)) return link;
    const before = progress.received;
    const blob = await downloadBlob(file, join(store, 'blobs'), {
      request,
      settings,
      onBytes(count) {
        progress.received = before + count;
        if (progress.total > 0) onProgress?.({ name: repo.name, ...progress });
      },
    });
    await onDisk(link, () => linkTo(blob, link));
    return link;
  };
  const known = (path: string): RemoteFile => {
    const file = files.get(path);
    if (!file) throw new Error(`internal: ${path} was chosen but is not listed`);
    return file;
  };
  const chosen = await choose([...files.keys()], async (path) => {
    const { size } = known(path);
    checkText(path, size); // before it is downloaded
    return readText(size, await fetchFile(known(path)));
  });
  const missing: RemoteFile[] = [];
  for (const path of chosen) {
    const file = known(path);
    if (!(await isThere(join(dir, path), file.size)) && !(await isThere(join(store, 'blobs', file.etag), file.size)))
      missing.push(file);
  }
  progress.total = progress.received + missing.reduce((sum, { size }) => sum + size, 0);
  await onDisk(settings.cache, () => checkSpace(store, progress.total - progress.received));
  for (const path of chosen) await fetchFile(known(path));
  if (!isCommit(repo.revision)) await onDisk(store, () => writeRef(join(store, 'refs', repo.revision), commit));
  return { dir, files: chosen };
}

function checkText(path: string, size: number): void {
  if (size > TEXT_BYTES) throw new Unfit(`${basename(path)} has ${inMegabytes(size)}, too much for an index`);
}

async function readText(size: number, path: string): Promise<string> {
  checkText(path, size);
  return readFile(path, 'utf8');
}

async function commitOf({ kind, name, revision }: Repo, settings: HubSettings, request: HubFetch): Promise<string> {
  const asked = { name, revision, hubUrl: settings.endpoint, fetch: request as typeof fetch };
  const { sha } =
    kind === 'model'
      ? await modelInfo({ ...asked, additionalFields: ['sha'] })
      : await datasetInfo({ ...asked, additionalFields: ['sha'] });
  if (!isCommit(sha)) {
    const problem = `${settings.endpoint} names no commit for the revision ${revision}`;
    throw new PyramidError('MP_HUB_FAILED', { what: name, problem });
  }
  return sha;
}

async function remoteFiles(
  { kind, name }: Repo,
  commit: string,
  { endpoint }: HubSettings,
  request: HubFetch,
): Promise<Map<string, RemoteFile>> {
  const type = kind === 'model' ? 'model' : 'dataset';
  const files = new Map<string, RemoteFile>();
  const listing = listFiles({
    repo: { type, name },
    recursive: true,
    revision: commit,
    hubUrl: endpoint,
    fetch: request as typeof fetch,
  });
  for await (const { type: entry, path, size, oid, lfs } of listing) {
    const etag = lfs?.oid ?? oid;
    // names that lead out of the folder are passed over, and files that could not be checked
    if (entry !== 'file' || !/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(etag ?? '')) continue;
    if (/\\|:|\0|^\/|(?:^|\/)\.\.?(?:\/|$)/.test(path)) continue;
    const folder = kind === 'model' ? '' : 'datasets/';
    const url = `${endpoint}/${folder}${name}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
    files.set(path, { path, url, size: lfs?.size ?? size, etag: etag! });
  }
  return files;
}

/** A link that can be moved with the cache; a copy where links are not allowed (Windows). */
async function linkTo(blob: string, link: string): Promise<void> {
  await makeFolder(dirname(link));
  await replace(link, async (temporary) => {
    try {
      await symlink(relative(dirname(link), blob), temporary);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EPERM') throw error;
      await copyFile(blob, temporary);
    }
  });
}

async function writeRef(path: string, commit: string): Promise<void> {
  await makeFolder(dirname(path));
  await replace(path, (temporary) => writeFile(temporary, commit));
}

/** By a name of its own: several processes may do so at once. */
const replace = (place: string, write: (temporary: string) => Promise<void>): Promise<void> =>
  replaceAll([{ place, temporary: `${place}.${randomBytes(4).toString('hex')}.tmp`, write }]);

/** Says before a long download, rather than at its end, that the disk is too small. */
async function checkSpace(store: string, needed: number): Promise<void> {
  if (needed === 0) return;
  await makeFolder(store);
  const { bavail, bsize } = await statfs(store);
  if (bavail * bsize >= needed) return;
  const reason = `it needs ${inMegabytes(needed)}, and ${inMegabytes(bavail * bsize)} are free`;
  throw new PyramidError('MP_HUB_DISK', { path: store, reason });
}

const inMegabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
