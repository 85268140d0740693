/** A static host as strict as a page can have it: files below some folders, and a policy that allows its own origin only. */
import { createReadStream, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.mjs': 'text/javascript',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'";

export interface StaticSiteOptions {
  /** A path ('/model/') and the folder that is found under it; the first that has the file counts. */
  readonly folders: readonly (readonly [string, string])[];
  /** By their whole path. */
  readonly pages?: Readonly<Record<string, { readonly type: string; readonly text: string }>>;
  readonly policy?: string;
  /** The page may have memory shared between threads. */
  readonly isolated?: boolean;
  /** Waited for before a file is sent: a slow line. */
  readonly hold?: (path: string) => Promise<void> | undefined;
  /** What becomes of a path that nothing has: 404 where left out. */
  readonly other?: (request: IncomingMessage, response: ServerResponse) => void;
}

export interface StaticSite {
  readonly url: string;
  /** Paths that were asked for. */
  readonly requests: string[];
  close(): Promise<void>;
}

export async function staticSite({
  folders,
  pages = {},
  policy = POLICY,
  isolated = false,
  hold = () => undefined,
  other = (_, response) => response.writeHead(404, { 'content-type': 'text/plain' }).end('no such file'),
}: StaticSiteOptions): Promise<StaticSite> {
  const headers = {
    'content-security-policy': policy,
    ...(isolated && {
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    }),
  };
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url!, 'http://host').pathname));
    requests.push(path);
    const page = pages[path];
    if (page) {
      response.writeHead(200, { ...headers, 'content-type': page.type }).end(page.text);
      return;
    }
    for (const [prefix, folder] of folders) {
      if (!path.startsWith(prefix)) continue;
      const file = join(folder, path.slice(prefix.length));
      const found = statSync(file, { throwIfNoEntry: false });
      if (!found?.isFile()) continue;
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      response.writeHead(200, { ...headers, 'content-type': type, 'content-length': found.size });
      response.flushHeaders();
      await hold(path);
      createReadStream(file).pipe(response);
      return;
    }
    other(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    requests,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
