/** `magic-pyramid/serve`: the server as a library, and what a protocol of one's own is written against. */
export { type ServerOptions, serveTable } from './defaults.ts';
export {
  type App,
  answerHeaders,
  failureOf,
  goneSignal,
  type Limits,
  type RouteContext,
  type RoutePlugin,
} from './http/route.ts';
export { runServer } from './run.ts';
export type {
  Classified,
  ClassifiedText,
  ExplainOptions,
  ModelAdmin,
  ModelCard,
  Models,
  ServedModel,
  ServeOptions,
} from './served-model.ts';
export { type RunningServer, type StartOptions, startServer } from './server.ts';
export { variablesOf } from './variables.ts';
