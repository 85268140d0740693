/**
 * A hub on this machine: its routes for models and data sets, its redirects (small files on the hub itself, large ones
 * to a second server, which like S3 refuses a request with a token), ranges, and the faults that a test asks for.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeEach } from 'vitest';
import { HubUploads } from './hub-uploads.ts';

export type Content = string | Uint8Array;

export interface HubRepo {
  readonly files: Readonly<Record<string, Content>>;
  /** Only this token may read it. */
  readonly token?: string;
  /** What the hub says to others: 401 as for a private one or one that does not exist, 403 as for a gated one. */
  readonly refusal?: 401 | 403;
  readonly private?: boolean;
  /** Files of branches beside main. */
  readonly branches?: Readonly<Record<string, HubRepo['files']>>;
}

export interface Seen {
  readonly server: 'hub' | 'cdn';
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

export interface Faults {
  /** Answers of the hub or the second server before they answer properly. */
  statuses: { status: number; headers?: Record<string, string> }[];
  /** Bodies of the second server that are cut after so many bytes. */
  cuts: number[];
  /** Bodies of the second server in which a byte is wrong. */
  corrupt: number;
  ignoresRanges: boolean;
  /** Sizes announced in the listing instead of the true ones. */
  sizes: Record<string, number>;
  /** Bodies of the second server that begin and never end. */
  stalls: number;
  /** The listing goes on at the second server. */
  listsElsewhere: boolean;
}

const PAGE = 3;
/** Files above it are "large" and come from the second server. */
const LARGE = 1000;

const ROUTES = [
  /^\/api\/(?<kind>models|datasets)\/(?<name>.+?)\/(?<what>revision|tree)\/(?<revision>.+)$/,
  /^\/api\/(?<what>resolve-cache)\/(?<kind>datasets\/)?(?<name>.+?)\/(?<revision>[0-9a-f]{40})\/(?<file>.+)$/,
  /^\/(?<kind>datasets\/)?(?<name>.+?)\/(?<what>resolve)\/(?<revision>[^/]+)\/(?<file>.+)$/,
];

export class HubServer {
  readonly models = new Map<string, HubRepo>();
  readonly datasets = new Map<string, HubRepo>();
  uploads = new HubUploads(this.models);
  seen: Seen[] = [];
  faults: Faults = HubServer.#noFaults();
  readonly #hub: Server;
  readonly #cdn: Server;
  endpoint = '';
  #cdnUrl = '';

  private constructor() {
    this.#hub = createServer((request, response) => this.#answer('hub', request, response));
    this.#cdn = createServer((request, response) => this.#answer('cdn', request, response));
  }

  /** A server for the tests of a file; what it saw and its faults begin anew with each. */
  static async start(): Promise<HubServer> {
    const server = new HubServer();
    const listen = (one: Server) =>
      new Promise<string>((resolve) => {
        one.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(one.address() as AddressInfo).port}`));
      });
    server.endpoint = await listen(server.#hub);
    server.#cdnUrl = await listen(server.#cdn);
    beforeEach(() => {
      server.seen = [];
      server.faults = HubServer.#noFaults();
      server.uploads = new HubUploads(server.models);
    });
    afterAll(() => server.stop());
    return server;
  }

  stop(): void {
    for (const one of [this.#hub, this.#cdn]) {
      one.closeAllConnections();
      one.close();
    }
  }

  static #noFaults(): Faults {
    return { statuses: [], cuts: [], corrupt: 0, ignoresRanges: false, sizes: {}, stalls: 0, listsElsewhere: false };
  }

  /** Requests for the content of a file. */
  bodies(name: string): Seen[] {
    return this.seen.filter(
      ({ server, url }) =>
        decodeURIComponent(url).includes(name) && (server === 'cdn' || url.includes('resolve-cache')),
    );
  }

  /** As the hub, for a server in front of it. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#answer('hub', request, response);
  }

  #answer(server: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): void {
    const url = request.url!;
    const { authorization, range } = request.headers;
    this.seen.push({ server, url, authorization, range });
    const fault = this.faults.statuses.shift();
    if (fault) {
      response.writeHead(fault.status, fault.headers).end();
      return;
    }
    if (request.method !== 'GET') {
      // a client that gave up, as it does when another of its uploads fails, gets no answer
      this.uploads.answer(request, response, this.#cdnUrl).catch(() => response.destroy());
      return;
    }
    if (server === 'cdn' && !url.startsWith('/api/')) {
      this.#cdnFile(new URL(url, this.#cdnUrl), authorization, range, response);
      return;
    }
    const path = decodeURIComponent(url.split('?')[0]);
    const found = ROUTES.map((route) => route.exec(path)).find((match) => match !== null);
    const { kind: given, name = '', what = '', revision = '', file = '' } = found?.groups ?? {};
    const kind = given?.startsWith('datasets') ? 'datasets' : 'models';
    const repo = (kind === 'datasets' ? this.datasets : this.models).get(name);
    const refuse = (status: number, code: string) =>
      response.writeHead(status, { 'x-error-code': code, 'content-type': 'application/json' }).end('{"error":"no"}');
    const isAllowed = repo?.token === undefined || authorization === `Bearer ${repo.token}`;
    if (!repo || !isAllowed) {
      if (repo?.refusal === 403) refuse(403, 'GatedRepo');
      else if (authorization !== undefined && !repo) refuse(404, 'RepoNotFound');
      else refuse(401, 'RepoNotFound'); // the hub does not tell strangers what exists
      return;
    }
    const branches = Object.entries({ main: repo.files, HEAD: repo.files, ...repo.branches });
    const files = branches.find(([branch, files]) => branch === revision || commitOf({ files }) === revision)?.[1];
    if (!files) {
      refuse(404, 'RevisionNotFound');
      return;
    }
    const sha = commitOf({ files });
    const json = (value: unknown, headers: Record<string, string> = {}) =>
      response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
    switch (what) {
      case 'revision': {
        const siblings = Object.keys(files).map((rfilename) => ({ rfilename }));
        json({
          _id: '1',
          id: name,
          sha,
          siblings,
          private: repo.private ?? false,
          gated: false,
          downloads: 0,
          likes: 0,
          lastModified: '2026-01-01T00:00:00.000Z',
        });
        break;
      }
      case 'tree': {
        const at = Number(new URL(url, this.endpoint).searchParams.get('cursor') ?? 0);
        const entries = this.#entries({ files });
        const next = `${this.faults.listsElsewhere ? this.#cdnUrl : this.endpoint}/api/${kind}/${name}/tree/${revision}?recursive=true&cursor=${at + PAGE}`;
        json(entries.slice(at, at + PAGE), at + PAGE < entries.length ? { link: `<${next}>; rel="next"` } : {});
        break;
      }
      default: {
        const content = bytes(files[file]);
        if (!(file in files)) refuse(404, 'EntryNotFound');
        else if (content.length > LARGE) {
          const where = `${this.#cdnUrl}/${kind}/${encodeURIComponent(name)}/${encodeURIComponent(file)}?signature=${sha}`;
          const headers = {
            location: where,
            'x-repo-commit': sha,
            'x-linked-size': String(content.length),
            'x-linked-etag': `"${sha256(content)}"`,
          };
          response.writeHead(302, headers).end();
        } else if (what === 'resolve') {
          const folder = kind === 'datasets' ? 'datasets/' : '';
          response
            .writeHead(307, {
              location: `/api/resolve-cache/${folder}${name}/${sha}/${file}`,
              'x-repo-commit': sha,
              'x-linked-etag': `"${gitHash(content)}"`,
              'x-linked-size': String(content.length),
            })
            .end();
        } else send(response, content, range, false, [], { etag: `"${gitHash(content)}"`, 'x-repo-commit': sha });
      }
    }
  }

  #entries({ files }: Pick<HubRepo, 'files'>): object[] {
    const folders = new Set(
      Object.keys(files).flatMap((path) => (path.includes('/') ? [path.slice(0, path.lastIndexOf('/'))] : [])),
    );
    return [
      ...[...folders].map((path) => ({ type: 'directory', path, size: 0, oid: gitHash(bytes(path)) })),
      ...Object.entries(files).map(([path, text]) => {
        const content = bytes(text);
        const size = this.faults.sizes[path] ?? content.length;
        const large = { lfs: { oid: sha256(content), size, pointerSize: 130 }, xetHash: sha256(bytes(`xet ${path}`)) };
        return { type: 'file', path, size, oid: gitHash(content), ...(content.length > LARGE && large) };
      }),
    ];
  }

  #cdnFile(url: URL, authorization: string | undefined, range: string | undefined, response: ServerResponse): void {
    if (authorization !== undefined) {
      response.writeHead(400).end('only one way of authorisation is allowed');
      return;
    }
    const [, kind, name, file] = url.pathname.split('/').map(decodeURIComponent);
    const repo = (kind === 'datasets' ? this.datasets : this.models).get(name)!;
    const of = url.searchParams.get('signature');
    const branches = [repo.files, ...Object.values(repo.branches ?? {})];
    let content = bytes(branches.find((files) => commitOf({ files }) === of)![file]);
    if (this.faults.corrupt > 0) {
      this.faults.corrupt--;
      content = content.slice();
      content[content.length >> 1] ^= 1;
    }
    if (this.faults.stalls > 0) {
      this.faults.stalls--;
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 100));
      return;
    }
    send(
      response,
      content,
      this.faults.ignoresRanges ? undefined : range,
      this.faults.cuts.length > 0,
      this.faults.cuts,
    );
  }
}

function send(
  response: ServerResponse,
  content: Uint8Array,
  range: string | undefined,
  isCut: boolean,
  cuts: number[] = [],
  more: Readonly<Record<string, string>> = {},
) {
  const start = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
  const body = content.subarray(start);
  const headers = { ...more, 'accept-ranges': 'bytes', 'content-length': String(body.length) };
  if (range === undefined) response.writeHead(200, headers);
  else
    response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` });
  const cut = isCut ? cuts.shift()! : Infinity;
  if (cut < body.length)
    response.write(body.subarray(0, cut), () => setTimeout(() => response.destroy(), 20)); // what was sent arrives
  else response.end(body);
}

const bytes = (content: Content | undefined): Uint8Array =>
  typeof content === 'string' ? new TextEncoder().encode(content) : (content ?? new Uint8Array());
export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
const gitHash = (content: Uint8Array): string =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
/** Changes with the content, as a commit does. */
export const commitOf = ({ files }: Pick<HubRepo, 'files'>): string =>
  createHash('sha1')
    .update(JSON.stringify(Object.entries(files).map(([path, content]) => [path, gitHash(bytes(content))])))
    .digest('hex');
