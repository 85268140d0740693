/**
 * The routes of a hub on this machine by which models come to it: repositories and branches that are made, files that are
 * announced, large ones (to the second server) and commits. As on the hub a commit changes everything at once or nothing.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HubRepo } from './hub-server.ts';

export interface Upload {
  readonly method: string;
  readonly url: string;
  readonly body: Buffer;
  readonly authorization: string | undefined;
}

export class HubUploads {
  /** Who may write; null: everybody with a token. */
  owners: Readonly<Record<string, string>> | null = null;
  /** Bytes that a large file may have. */
  most = Number.POSITIVE_INFINITY;
  /** All that arrived. */
  seen: Upload[] = [];
  titles: string[] = [];
  readonly #models: Map<string, HubRepo>;
  readonly #blobs = new Map<string, Buffer>();

  constructor(models: Map<string, HubRepo>) {
    this.#models = models;
  }

  /** `cdn`: the address of the second server. */
  async answer(request: IncomingMessage, response: ServerResponse, cdn: string): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const { method = '', url = '', headers } = request;
    const { authorization } = headers;
    this.seen.push({ method, url, body, authorization });
    const json = (status: number, value: object, more: Record<string, string> = {}) =>
      response.writeHead(status, { 'content-type': 'application/json', ...more }).end(JSON.stringify(value));
    if (method === 'PUT') {
      const oid = url.split('/').at(-1)!;
      if (authorization !== undefined) json(400, { error: 'only one way of authorisation is allowed' });
      else if (body.length > this.most) json(413, { error: 'Your file is too large.' });
      else if (createHash('sha256').update(body).digest('hex') !== oid) json(400, { error: 'another hash' });
      else {
        this.#blobs.set(oid, body);
        response.writeHead(200).end();
      }
      return;
    }
    const path = url.split('?')[0];
    const found =
      /^\/api\/(?<what>repos)\/create$/.exec(path) ??
      /^\/api\/models\/(?<name>[^/]+\/[^/]+)\/(?<what>preupload|commit|branch)\/(?<rest>[^/]+)$/.exec(path) ??
      /^\/(?<name>[^/]+\/[^/]+)\.git\/info\/(?<what>lfs)\/objects\/batch$/.exec(path);
    const { what = '', rest = '' } = found?.groups ?? {};
    const branch = decodeURIComponent(rest);
    const lines =
      what === 'commit'
        ? body
            .toString()
            .split('\n')
            .map((line) => JSON.parse(line))
        : [];
    const given = what === 'commit' ? {} : JSON.parse(body.toString());
    const name: string = what === 'repos' ? `${given.organization}/${given.name}` : (found?.groups?.name ?? '');
    const needed = this.owners === null ? authorization : `Bearer ${this.owners[name.split('/')[0]] ?? ''}`;
    if (authorization === undefined || authorization === 'Bearer wrong') {
      json(401, { error: 'Invalid username or password.' });
      return;
    }
    if (authorization !== needed) {
      json(403, { error: `You don't have the rights to create a model under the namespace "${name.split('/')[0]}"` });
      return;
    }
    if (what === 'repos') {
      if (this.#models.has(name)) json(409, { error: 'You already created this model repo' });
      else {
        const isPrivate = given.visibility === 'private';
        this.#models.set(name, {
          files: { '.gitattributes': '*.safetensors filter=lfs' },
          private: isPrivate,
          ...(isPrivate && { token: authorization.slice('Bearer '.length) }),
        });
        json(200, { url: `/${name}`, id: name });
      }
      return;
    }
    const repo = this.#models.get(name);
    const files = branch === 'main' || what === 'lfs' || what === 'branch' ? repo?.files : repo?.branches?.[branch];
    if (!repo || !files) {
      json(404, { error: 'Not Found' }, { 'x-error-code': repo ? 'RevisionNotFound' : 'RepoNotFound' });
      return;
    }
    const change = (to: string, next: HubRepo['files']) =>
      this.#models.set(
        name,
        to === 'main' ? { ...repo, files: next } : { ...repo, branches: { ...repo.branches, [to]: next } },
      );
    switch (what) {
      case 'branch':
        change(branch, files);
        json(200, {});
        break;
      case 'preupload':
        json(200, {
          files: (given.files as { path: string; size: number; sample: string }[]).map(({ path, size, sample }) => ({
            path,
            uploadMode: size > 1000 || Buffer.from(sample, 'base64').includes(0) ? 'lfs' : 'regular',
          })),
        });
        break;
      case 'lfs':
        json(200, {
          transfer: 'basic',
          objects: (given.objects as { oid: string; size: number }[]).map(({ oid, size }) => ({
            oid,
            size,
            ...(!this.#blobs.has(oid) && { actions: { upload: { href: `${cdn}/upload/${oid}` } } }),
          })),
        });
        break;
      default: {
        const next: Record<string, string | Uint8Array> = { ...files };
        for (const { key, value } of lines) {
          if (key === 'header') this.titles.push(value.summary);
          else if (key === 'deletedFile') delete next[value.path];
          else
            next[value.path] = key === 'lfsFile' ? this.#blobs.get(value.oid)! : Buffer.from(value.content, 'base64');
        }
        change(branch, next);
        json(200, { success: true, commitOid: 'c'.repeat(40), commitUrl: `/${name}/commit/${'c'.repeat(40)}` });
      }
    }
  }
}
