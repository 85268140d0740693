/**
 * A stream of lines in, a stream of lines out, of any length and in constant memory: the body is read as fast as answers
 * go out. Lines wait for room where a single request would be refused, and a line that is at fault gets its error in
 * its place.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { inOrder } from '../../engine/in-order.ts';
import type { TextInput } from '../../engine/index.ts';
import { PyramidError } from '../../errors.ts';
import { NDJSON } from '../guard.ts';
import { failureOf, goneSignal } from '../route.ts';
import type { Models } from '../served-model.ts';
import { answerFrom, cutting } from './v1-answer.ts';
import type { ClassifyQuery } from './v1-schemas.ts';

/** Lines under way at once: enough for full batches, few enough for others to pass. */
const WINDOW = 128;
/** Bytes of one line. */
const MAX_LINE = 2_000_000;

export function answerLines(models: Models, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { model, tau: given, topK = 1, truncate } = request.query as ClassifyQuery;
  models.get(model); // an unknown name is an error of the request, not of each line
  const tau = given === 'off' ? null : given;
  const signal = goneSignal(request, reply);
  const answer = async (line: string | null, index: number, stop: AbortSignal): Promise<string> => {
    let id: unknown;
    try {
      if (line === null) throw new PyramidError('MP_TEXT_LONG', { index, maxLength: MAX_LINE, unit: 'characters' });
      const parsed = inputOf(line, index);
      ({ id } = parsed);
      const options = { tau, signal: stop, patient: true, ...cutting(truncate) };
      const { model: card, tau: used, results } = await models.get(model).classify([parsed.input], options);
      return `${JSON.stringify({ id, ...answerFrom(card, results[0], topK), tau: used })}\n`;
    } catch (error) {
      if (stop.aborted) throw error;
      const { code, message } = failureOf(error);
      if (code === 'MP_INTERNAL') request.log.error({ err: error }, 'a line failed');
      return `${JSON.stringify({ id, error: { code, message } })}\n`;
    }
  };
  const lines = inOrder(linesOf(request.body as AsyncIterable<Buffer>), WINDOW, answer, signal);
  return reply.type(NDJSON).send(Readable.from(lines));
}

/** The text of a line: a JSON string, or an object of text, pair and id. Throws MP_REQUEST, MP_TEXT_TYPE. */
function inputOf(line: string, index: number): { input: TextInput; id: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new PyramidError('MP_REQUEST', { problem: `line ${index + 1} is not JSON` });
  }
  if (typeof value === 'string') return { input: value, id: undefined };
  const { text, pair, id } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  if (typeof text !== 'string' || (pair !== undefined && typeof pair !== 'string'))
    throw new PyramidError('MP_REQUEST', {
      problem: `line ${index + 1} is neither a string nor an object of text and pair`,
    });
  return { input: pair === undefined ? text : { text, pair }, id };
}

/** Lines that are not empty; null in place of one that is too long. */
async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string | null, void, undefined> {
  let parts: Buffer[] = [];
  let bytes = 0;
  let isTooLong = false;
  const add = (part: Buffer) => {
    bytes += part.length;
    if (bytes > MAX_LINE) {
      isTooLong = true;
      parts = [];
    } else if (part.length > 0) parts.push(part);
  };
  const end = (): string | null => {
    const line = isTooLong ? null : Buffer.concat(parts).toString('utf8').trim();
    parts = [];
    bytes = 0;
    isTooLong = false;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let to = chunk.indexOf(10); to >= 0; to = chunk.indexOf(10, from)) {
      add(chunk.subarray(from, to));
      from = to + 1;
      const line = end();
      if (line !== '') yield line;
    }
    add(chunk.subarray(from));
  }
  const line = end();
  if (line !== '') yield line;
}
