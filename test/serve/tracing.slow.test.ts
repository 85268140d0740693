/** OpenTelemetry with its real packages, which CI lays beside this one (see .ci/run). */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { protocolServer } from '../support/protocol-server.ts';
import { randomModel } from '../support/random-model.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();
const hasPackages = (() => {
  try {
    createRequire(import.meta.url).resolve('@opentelemetry/sdk-node');
    return true;
  } catch {
    return false;
  }
})();
const needs = hasPackages ? '' : ' (skipped: @opentelemetry/sdk-node is not installed)';

interface Span {
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
}
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: Span['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
  }[];
}

test.skipIf(!hasPackages)(`a request's spans reach the collector under the service's name${needs}`, async () => {
  const exports: { url: string; body: Export }[] = [];
  const collector = createServer(async (request, response) => {
    exports.push({ url: request.url!, body: JSON.parse(await text(request)) });
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void collector.close());
  await once(collector, 'listening');
  const { port } = collector.address() as AddressInfo;
  const { dir } = await randomModel(root, 'mails', { seed: 11, kind: 'pooled', prunes: true, tau: 0.7 });
  const server = await protocolServer(
    { mails: dir },
    { otlpEndpoint: `http://127.0.0.1:${port}/`, otlpServiceName: 'mails of the shop' },
  );
  onTestFinished(() => server.close());
  const response = await fetch(`${server.url}/v1/classify`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"inputs":"a secret w1"}',
  });
  expect(response.status).toBe(200);
  await server.close(); // sends what is left

  expect(new Set(exports.map(({ url }) => url))).toEqual(new Set(['/v1/traces']));
  const found = exports.flatMap(({ body }) => body.resourceSpans);
  const values = (attributes: Span['attributes']) => attributes.map(({ value }) => value.stringValue);
  for (const { resource } of found) expect(values(resource.attributes)).toContain('mails of the shop');
  const spans = found.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  expect(spans.flatMap(({ attributes }) => values(attributes))).toContain('/v1/classify');
  expect(JSON.stringify(exports)).not.toContain('secret');
});
