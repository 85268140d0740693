/** Requests of HTTP as they are written, byte for byte: clients tidy addresses and headers up before they send them. */
import { connect } from 'node:net';

export interface RawReply {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Sends the text over a connection of its own and reads until the server closes it. */
export function rawRequest(port: number, text: string, host = '127.0.0.1'): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, host, () => socket.write(text));
    socket.on('data', (bytes) => (answer += bytes.toString('latin1')));
    socket.once('error', reject);
    socket.once('close', () => resolve(parse(answer)));
  });
}

/** A request without a body; HTTP/1.1 unless said otherwise, and the connection closes with its answer. */
export const requestText = (method: string, target: string, headers: Readonly<Record<string, string>> = {}): string => {
  const all = { host: 'localhost', connection: 'close', ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\ncontent-length: 0\r\n\r\n`;
};

export function parse(answer: string): RawReply {
  const [head, body = ''] = answer.split(/\r\n\r\n(.*)/s);
  const [first, ...lines] = head.split('\r\n');
  const headers = new Map(
    lines.map((line) => {
      const [, name, value] = /^([^:]+): ?(.*)$/.exec(line)!;
      return [name.toLowerCase(), value] as const;
    }),
  );
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0), headers, body };
}
