// What the client of S3 is told, by a server of this file that answers as told: each fault is one sentence, and bytes are whole.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as Objects from '../../src/storage/s3-object.ts';
import type * as Uploads from '../../src/storage/s3-upload.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;

const home = temporaryFolder();
let server: Server;
let answer: Answer = () => {};
let objects: typeof Objects;
let uploads: typeof Uploads;

beforeEach(async () => {
  server = createServer(async (request, response) => {
    const body: Buffer[] = [];
    for await (const bytes of request) body.push(bytes);
    answer(request, response, Buffer.concat(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  for (const [name, value] of Object.entries({
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_EC2_METADATA_DISABLED: 'true',
    HOME: home,
  }))
    vi.stubEnv(name, value);
  // each test has a client of its own: the module keeps one
  vi.resetModules();
  objects = await import('../../src/storage/s3-object.ts');
  uploads = await import('../../src/storage/s3-upload.ts');
});
afterEach(async () => {
  vi.doUnmock('@aws-sdk/client-s3');
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const fault = (status: number, code: string): Answer => {
  return (_, response) =>
    response
      .writeHead(status, { 'content-type': 'application/xml' })
      .end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>as told</Message></Error>`);
};
const content = Buffer.alloc(20_000_000);
for (let i = 0; i < content.length; i++) content[i] = (i * 7 + (i >> 8)) % 251;

/** An object, given by ranges. */
const object =
  (bytes: Buffer, etag = () => '"1"', cut = () => false): Answer =>
  (request, response) => {
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range!)!.map(Number);
    if (from >= bytes.length) return void fault(416, 'InvalidRange')(request, response, bytes);
    const { 'if-match': match } = request.headers;
    if (match !== undefined && match !== etag()) return void fault(412, 'PreconditionFailed')(request, response, bytes);
    const part = bytes.subarray(from, to + 1);
    const end = from + part.length - 1;
    response.writeHead(206, {
      'content-length': part.length,
      'content-range': `bytes ${from}-${end}/${bytes.length}`,
      etag: etag(),
    });
    if (!cut()) return void response.end(part);
    response.write(part.subarray(0, part.length / 2), () => response.destroy());
  };

async function all(path: string, from?: number, to?: number): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const bytes of objects.objectBytes(path, from, to)) pieces.push(bytes);
  return Buffer.concat(pieces);
}

describe('what goes wrong is one sentence', () => {
  test.each([
    [404, 'NoSuchKey', 'MP_FILE_MISSING', /s3:\/\/mails\/a\.csv/],
    [404, 'NoSuchBucket', 'MP_S3', /^s3:\/\/mails\/a\.csv: there is no bucket "mails"; check its name/],
    [403, 'AccessDenied', 'MP_S3', /^s3:\/\/mails\/a\.csv: access is denied; give the key or the role the right/],
    [403, 'InvalidAccessKeyId', 'MP_S3', /the credentials are refused \(InvalidAccessKeyId\); check AWS_ACCESS_KEY_ID/],
    [400, 'Odd', 'MP_S3', /the server says: as told; check AWS_ENDPOINT_URL/],
  ])('%i %s', async (status, name, code, sentence) => {
    answer = fault(status, name);
    for (const ask of [() => objects.objectInfo('s3://mails/a.csv'), () => all('s3://mails/a.csv')]) {
      const failing = ask();
      await expect(failing).rejects.toMatchObject({ code, message: expect.stringMatching(sentence) });
      await failing.catch(({ message }) => expect(message).not.toContain('\n'));
    }
  });

  test('where there are no credentials', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined);
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', undefined);
    await expect(objects.objectInfo('s3://mails/a.csv')).rejects.toThrow(
      's3://mails/a.csv: there are no credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE',
    );
  });

  test('where nobody listens', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:1');
    await expect(objects.objectInfo('s3://mails/a.csv')).rejects.toThrow(/the server says: .*ECONNREFUSED/);
  });

  test('where the server ignores Range', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-length': 5, etag: '"1"' }).end('a,b\n1');
    await expect(all('s3://mails/a.csv')).rejects.toThrow('gives no parts of objects (it ignores Range); use a server');
  });

  test('where an object is replaced while it is read', async () => {
    let reads = 0;
    answer = object(content, () => (reads++ < 2 ? '"1"' : '"2"'));
    await expect(all('s3://mails/a.csv').then(({ length }) => length)).rejects.toThrow(
      's3://mails/a.csv: it was changed while it was read',
    );
  });

  test('where the package is not installed', async () => {
    vi.doMock('@aws-sdk/client-s3', () => {
      throw new Error('not installed');
    });
    await expect(objects.objectInfo('s3://mails/a.csv')).rejects.toThrow(
      's3:// addresses need @aws-sdk/client-s3, not installed here; run npm install @aws-sdk/client-s3',
    );
  });

  test('where an address names no bucket', async () => {
    await expect(objects.objectInfo('s3:///a.csv')).rejects.toMatchObject({ code: 'MP_USAGE' });
  });
});

describe('bytes of an object', () => {
  test.each([
    [0, Infinity],
    [5, 6],
    [8_388_607, 8_388_610],
    [1_000_000, 19_999_999],
    [19_999_000, 99_999_999],
    [7, 7],
  ])('from %i to %i are those of the file', async (from, to) => {
    answer = object(content);
    expect((await all('s3://mails/a', from, to)).equals(content.subarray(from, to))).toBe(true);
  });

  test('are none of an empty one, and past the end', async () => {
    answer = object(Buffer.alloc(0));
    expect(await all('s3://mails/a')).toHaveLength(0);
    expect(await objects.objectInfo('s3://mails/a')).toMatchObject({ size: 0 });
  });

  test('are asked for again where they break off', async () => {
    let cuts = 0;
    answer = object(content, undefined, () => cuts++ % 2 === 0);
    expect((await all('s3://mails/a')).equals(content)).toBe(true);
    expect(cuts).toBeGreaterThan(3);
  });
});

describe('an object that is written', () => {
  interface Request {
    readonly what: string;
    readonly bytes: number;
  }
  const requests: Request[] = [];
  const writes: Answer = (request, response, body) => {
    const url = new URL(request.url!, 'http://x');
    requests.push({
      what: `${request.method} ${[...url.searchParams.keys()].filter((key) => key !== 'x-id')}`,
      bytes: body.length,
    });
    response.setHeader('etag', `"${requests.length}"`);
    if (url.searchParams.has('uploads'))
      response.end('<R><Bucket>mails</Bucket><Key>a</Key><UploadId>7</UploadId></R>');
    else if (request.method === 'POST') response.end('<R><ETag>"x"</ETag></R>');
    else response.writeHead(request.method === 'DELETE' ? 204 : 200).end();
  };
  beforeEach(() => {
    requests.length = 0;
    answer = writes;
  });
  const piece = Buffer.alloc(3 * 2 ** 20, 'x');

  test('goes in parts of constant size, and is there only when it takes its place', async () => {
    const upload = new uploads.S3Upload('s3://mails/a');
    for (let i = 0; i < 7; i++) await upload.write(piece);
    expect(requests.map(({ what }) => what)).toEqual([
      'POST uploads',
      'PUT partNumber,uploadId',
      'PUT partNumber,uploadId',
    ]);
    await upload.take();
    expect(requests.map(({ what }) => what).slice(3)).toEqual(['PUT partNumber,uploadId', 'POST uploadId']);
    expect(Math.max(...requests.map(({ bytes }) => bytes))).toBeLessThan(10 * 2 ** 20);
  });

  test('is one request where it is small, and none before', async () => {
    const upload = new uploads.S3Upload('s3://mails/a');
    await upload.write(piece);
    expect(requests).toEqual([]);
    await upload.take();
    expect(requests.map(({ what }) => what)).toEqual(['PUT ']);
  });

  test('leaves nothing where it is dropped', async () => {
    const upload = new uploads.S3Upload('s3://mails/a');
    for (let i = 0; i < 3; i++) await upload.write(piece);
    await upload.drop();
    expect(requests.at(-1)?.what).toBe('DELETE uploadId');
    const small = new uploads.S3Upload('s3://mails/b');
    await small.write(piece);
    requests.length = 0;
    await small.drop();
    expect(requests).toEqual([]);
  });
});

describe('a pattern of names', () => {
  const keys = ['in/a.csv', 'in/b.csv', 'in/b.csv.old', 'in/deep/c.csv', 'in/x+y.csv', 'in/'];
  const list: Answer = (request, response) => {
    const prefix = new URL(request.url!, 'http://x').searchParams.get('prefix') ?? '';
    const found = keys
      .filter((key) => key.startsWith(prefix))
      .map((key) => `<Contents><Key>${key}</Key><Size>3</Size></Contents>`);
    response.end(`<ListBucketResult>${found.join('')}</ListBucketResult>`);
  };

  test.each([
    ['s3://mails/in/*.csv', ['in/a.csv', 'in/b.csv', 'in/x+y.csv']],
    ['s3://mails/in/?.csv', ['in/a.csv', 'in/b.csv']],
    ['s3://mails/in/**', ['in/a.csv', 'in/b.csv', 'in/b.csv.old', 'in/deep/c.csv', 'in/x+y.csv']],
    ['s3://mails/in/x+*.csv', ['in/x+y.csv']],
    ['s3://mails/none*', []],
  ])('%s', async (pattern, expected) => {
    answer = list;
    expect(await objects.objectsOf(pattern)).toEqual(expected.map((key) => `s3://mails/${key}`));
  });
});
