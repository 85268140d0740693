/**
 * What a protocol's error objects have in common: one handler that turns whatever was thrown into the protocol's own
 * object, status and Retry-After, and the rest of a log. Knows no protocol.
 */
import type { App, Failure } from '../route.ts';
import { failureOf } from '../route.ts';
import { sendJson } from './send-json.ts';

/** What a schema found fault with. */
export interface Violation {
  readonly keyword: string;
  /** Where, as a JSON pointer into the body. */
  readonly instancePath: string;
}

/** Gives the plugin's routes the protocol's error objects. `translate` may also change the status. */
export function answerErrors(
  app: App,
  translate: (failure: Failure, violations: readonly Violation[]) => { status: number; body: object },
): void {
  app.setErrorHandler((error, request, reply) => {
    const failure = failureOf(error);
    if (failure.status >= 500) request.log.error({ err: error }, 'a request failed');
    if (failure.retryAfterS !== null) reply.header('retry-after', String(failure.retryAfterS));
    const { status, body } = translate(failure, (error as { validation?: Violation[] }).validation ?? []);
    return sendJson(reply.code(status), body);
  });
}
