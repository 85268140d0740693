/**
 * OpenTelemetry, where it is asked for: spans of requests, sent to a collector. The packages are no dependency; they are
 * loaded when --otlp-endpoint is given, and named where they are missing.
 */
import type { FastifyPluginCallback } from 'fastify';
import { PyramidError } from '../errors.ts';

const PACKAGES = [
  '@opentelemetry/api',
  '@opentelemetry/sdk-node',
  '@opentelemetry/exporter-trace-otlp-http',
  '@fastify/otel',
];

export interface Tracing {
  /** To be registered before the routes. */
  readonly plugin: FastifyPluginCallback;
  stop(): Promise<void>;
}

interface Modules {
  readonly sdk: { NodeSDK: new (options: object) => { start(): void; shutdown(): Promise<void> } };
  readonly exporter: { OTLPTraceExporter: new (options: object) => object };
  readonly otel: { FastifyOtelInstrumentation: new (options: object) => { plugin(): FastifyPluginCallback } };
}

/** Null where no endpoint is given. Throws MP_OTEL_PACKAGE. */
export async function startTracing(options: {
  readonly otlpEndpoint: string | null;
  readonly otlpServiceName: string;
}): Promise<Tracing | null> {
  const { otlpEndpoint: endpoint, otlpServiceName: serviceName } = options;
  if (endpoint === null) return null;
  const { sdk, exporter, otel } = await load();
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const node = new sdk.NodeSDK({ serviceName, traceExporter: new exporter.OTLPTraceExporter({ url }) });
  node.start();
  const instrumentation = new otel.FastifyOtelInstrumentation({ registerOnInitialization: false });
  return { plugin: instrumentation.plugin(), stop: () => node.shutdown() };
}

async function load(): Promise<Modules> {
  const [, sdk, exporter, otel] = await Promise.all(PACKAGES.map((name) => import(name).catch(() => null)));
  if (!sdk || !exporter || !otel) throw new PyramidError('MP_OTEL_PACKAGE', { packages: PACKAGES });
  return { sdk, exporter, otel } as Modules;
}
