/** A server over model folders on an ephemeral port, and requests to it. */
import { afterAll } from 'vitest';
import { type RunningServer, type StartOptions, startServer } from '../../src/serve/index.ts';

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says is what the tests look at
  readonly body: any;
}

/** Starts it; it is closed when the test file ends. */
export async function serve(dirs: Readonly<Record<string, string>>, options: Partial<StartOptions> = {}) {
  const model = Object.entries(dirs).map(([name, dir]) => ({ name, dir }));
  const server: RunningServer = await startServer({ model, port: 0, workers: 1, ...options });
  afterAll(() => server.close());
  const send = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(server.url + path, {
      method,
      headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text } as Reply;
  };
  return {
    server,
    url: server.url,
    get: (path: string, headers?: Record<string, string>) => send('GET', path, undefined, headers),
    post: (path: string, body: unknown, headers?: Record<string, string>) => send('POST', path, body, headers),
    send,
  };
}
