/**
 * Uploads a model folder to the hub, as one commit: what was there stays as it was until all files have arrived. It makes the
 * repository and the branch where they are missing. Knows nothing of what a model computes.
 */
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { commit, createBranch, createRepo, HubApiError, listFiles, modelInfo } from '@huggingface/hub';
import { PyramidError } from '../errors.ts';
import { Unfit } from './choose.ts';
import { HubUnreachable, hubFetch, reasonOf } from './hub-fetch.ts';
import { isOfModel, type PushedFile, pushedFiles } from './pushed-files.ts';
import { isCommit, modelRepo, type Repo } from './repo.ts';
import { modelFiles } from './resolve-model.ts';
import { type HubSettings, hubSettings } from './settings.ts';

export interface PushOptions {
  /** The model folder. */
  readonly dir: string;
  /** `OWNER/NAME` on the hub. */
  readonly to: string;
  /** A repository that is made is private; one that is there must be. */
  readonly private: boolean;
  /** A branch, made where it is missing. */
  readonly revision: string;
  /** The commit's title. */
  readonly message: string;
  /** Names of files, or patterns, that are uploaded although they may hold texts of rows. */
  readonly include: readonly string[];
}

export interface Pushed {
  /** Where people see it. */
  readonly url: string;
  readonly commit: string;
  /** The repository was made. */
  readonly created: boolean;
  readonly files: readonly PushedFile[];
  /** Files of the folder that were not uploaded. */
  readonly leftOut: readonly string[];
  /** Files of an earlier model that were removed from the hub. */
  readonly removed: readonly string[];
}

/** The client wants a token of this form; the true one is put in by `hubFetch`. */
const STAND_IN = 'hf_';

/** Throws MP_USAGE, MP_HUB_PUSH, MP_FILE_MISSING, MP_MODEL_FILE. */
export async function pushModel(
  { dir, to, private: isPrivate, revision, message, include }: PushOptions,
  onSend: (files: readonly PushedFile[]) => void = () => {},
  settings: HubSettings = hubSettings(),
): Promise<Pushed> {
  const repo = repoOf(to, revision);
  const { files, leftOut } = await pushedFiles(dir, include);
  await needWhole(dir, files);
  const fault = faultOf(repo);
  const { endpoint, token } = settings;
  if (token === null)
    throw fault(
      'there is no token',
      `set HF_TOKEN to one that may write (${endpoint}/settings/tokens), or run "hf auth login"`,
    );
  if (settings.offline) throw fault('HF_HUB_OFFLINE is set', 'unset it');
  const request = hubFetch(repo, settings, { refuse: (response) => refusal(repo, endpoint, response) });
  const hub = { hubUrl: endpoint, fetch: request as typeof fetch };
  const named = { ...hub, repo: { type: 'model' as const, name: repo.name } };
  try {
    const there = await orNull(modelInfo({ ...hub, name: repo.name }));
    if (there && isPrivate && !there.private)
      throw fault('it is there already, and public', 'make it private in its settings, or leave --private out');
    if (!there) await createRepo({ ...named, accessToken: STAND_IN, ...(isPrivate && { visibility: 'private' }) });
    if (revision !== 'main' && !(await orNull(modelInfo({ ...hub, name: repo.name, revision }))))
      await createBranch({ ...named, branch: revision });
    const removed: string[] = [];
    const kept = new Set(files.map(({ path }) => path));
    for await (const { type, path } of listFiles({ ...named, recursive: true, revision }))
      if (type === 'file' && isOfModel(path) && !kept.has(path)) removed.push(path);
    onSend(files);
    const made = await commit({
      ...named,
      branch: revision,
      title: message,
      operations: [
        ...removed.map((path) => ({ operation: 'delete' as const, path })),
        ...files.map(({ path }) => ({
          operation: 'addOrUpdate' as const,
          path,
          content: pathToFileURL(resolve(dir, path)),
        })),
      ],
    });
    const url = `${endpoint}/${repo.name}${revision === 'main' ? '' : `/tree/${revision}`}`;
    return { url, commit: made?.commit.oid ?? '', created: !there, files, leftOut, removed };
  } catch (error) {
    if (error instanceof HubUnreachable)
      throw fault(error.message, 'go online, or check HF_ENDPOINT and HTTPS_PROXY', error);
    if (error instanceof PyramidError) throw error;
    if (error instanceof HubApiError && error.statusCode === 409)
      throw fault('a repository of this name is there, and this token may not read it', 'check the name and HF_TOKEN');
    throw fault(oneLine(reasonOf(error)), 'try again; what is on the hub is as it was', error);
  }
}

function repoOf(to: string, revision: string): Repo {
  const repo = modelRepo(`${to}@${revision}`);
  if (!/^[^/@]+\/[^/@]+$/.test(to) || modelRepo(to) === null)
    throw new PyramidError('MP_OPTION_VALUE', { option: '--to', value: to, expected: 'OWNER/NAME, as the hub has it' });
  if (!repo || isCommit(revision))
    throw new PyramidError('MP_OPTION_VALUE', {
      option: '--revision',
      value: revision,
      expected: 'the name of a branch',
    });
  return repo;
}

/** Throws MP_MODEL_FILE for a folder that could not be opened from the hub. */
async function needWhole(dir: string, files: readonly PushedFile[]): Promise<void> {
  try {
    await modelFiles(dir)(
      files.map(({ path }) => path),
      (path) => readFile(join(dir, path), 'utf8'),
    );
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    throw new PyramidError('MP_MODEL_FILE', { path: dir, problem: error.message, todo: 'give a whole model folder' });
  }
}

const faultOf =
  ({ name }: Repo) =>
  (problem: string, todo: string, cause?: unknown) =>
    new PyramidError('MP_HUB_PUSH', { repo: name, problem, todo }, { cause });

/** null: the hub has no such thing. */
async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof HubApiError && error.statusCode === 404) return null;
    throw error;
  }
}

/** null: what the client makes of it says more. */
async function refusal(repo: Repo, endpoint: string, response: Response): Promise<PyramidError | null> {
  const { status } = response;
  if (status === 404 || status === 409) return null;
  const said = await sentenceIn(response);
  const problem = (what: string) => `${what} (status ${status}${said === '' ? '' : `: ${said}`})`;
  const fault = faultOf(repo);
  if (status === 401)
    return fault(
      problem(`${endpoint} does not know the token`),
      `set HF_TOKEN to one from ${endpoint}/settings/tokens`,
    );
  if (status === 403)
    return fault(
      problem(`the token may not write there`),
      `check the owner, and that the token (HF_TOKEN) has the right to write`,
    );
  if (status === 413)
    return fault(problem('a file is larger than the hub takes'), 'leave it out, or ask the hub for more space');
  return fault(
    problem(`${new URL(response.url || endpoint).origin} refuses`),
    'try again; what is on the hub is as it was',
  );
}

/** What the hub says of a refusal; '' where it says nothing that people read. */
async function sentenceIn(response: Response): Promise<string> {
  if (!response.headers.get('content-type')?.startsWith('application/json')) return '';
  const { error } = ((await response.json().catch(() => null)) ?? {}) as { error?: unknown };
  return typeof error === 'string' ? oneLine(error) : '';
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').replace(/\.$/, '').trim().slice(0, 200);
