/**
 * A stream of lines in, a stream of lines out, of any length and in constant memory: the body is read as fast as answers
 * go out. Lines wait for room where a single request would be refused, and a line that is at fault, a blank one too,
 * gets its error in its place: the answer's line n belongs to the body's line n.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { inOrder } from '../../engine/in-order.ts';
import type { TextInput } from '../../engine/index.ts';
import { PyramidError } from '../../errors.ts';
import { nearest } from '../../nearest.ts';
import { utf8 } from '../http/bodies.ts';
import { NDJSON } from '../http/guard.ts';
import { tooIntricate } from '../http/json-shape.ts';
import { failureOf, goneSignal } from '../http/route.ts';
import type { Models } from '../served-model.ts';
import { type Line, linesOf } from './lines.ts';
import { answerJson } from './v1-answer.ts';
import type { ClassifyQuery } from './v1-schemas.ts';

/** Lines under way at once: enough for full batches, few enough for others to pass. */
const WINDOW = 128;
/** Bytes of one line. */
const MAX_LINE = 2_000_000;
const FIELDS = ['text', 'pair', 'id'];

export function answerLines(
  models: Models,
  request: FastifyRequest,
  body: AsyncIterable<Buffer>,
  reply: FastifyReply,
): FastifyReply {
  const { model, topK = 1, tau: given, ...options } = request.query as ClassifyQuery;
  models.get(model); // an unknown name is an error of the request, not of each line
  const tau = given === 'off' ? null : given;
  const signal = goneSignal(request, reply);
  const answer = async (line: Line, index: number, stop: AbortSignal): Promise<string> => {
    let id: string | undefined;
    try {
      const parsed = inputOf(line, index + 1);
      id = parsed.id;
      const asked = { ...options, tau, signal: stop, patient: true };
      const { model: card, tau: used, results } = await models.get(model).classify([parsed.input], asked);
      return withId(id, `${answerJson(card, results[0], topK).slice(0, -1)},"tau":${JSON.stringify(used)}}`);
    } catch (error) {
      if (stop.aborted) throw error;
      const { code, message } = failureOf(ofLine(error, index + 1));
      if (code === 'MP_INTERNAL') request.log.error({ err: error }, 'a line failed');
      return withId(id, JSON.stringify({ error: { code, message } }));
    }
  };
  const lines = inOrder(linesOf(body, MAX_LINE), WINDOW, answer, signal);
  return reply.type(NDJSON).send(Readable.from(lines));
}

/** A line of the answer; `id` is JSON, as it was given. */
const withId = (id: string | undefined, answer: string): string =>
  id === undefined ? `${answer}\n` : `{"id":${id},${answer.slice(1)}\n`;

/** An error of the only text of a line, which is text 0 to the models, with the line's number. */
function ofLine(error: unknown, line: number): unknown {
  if (!(error instanceof PyramidError) || error.code !== 'MP_TEXT_LONG') return error;
  return new PyramidError('MP_TEXT_LONG', { ...(error as PyramidError<'MP_TEXT_LONG'>).details, line });
}

/** The text of a line: a JSON string, or an object of text, pair and id. Throws MP_REQUEST, MP_TEXT_LONG. */
function inputOf(line: Line, number: number): { input: TextInput; id: string | undefined } {
  if ('error' in line) throw line.error;
  if (line.bytes === null)
    throw new PyramidError('MP_TEXT_LONG', { index: 0, line: number, maxLength: MAX_LINE, unit: 'bytes' });
  const wrong = (problem: string) => new PyramidError('MP_REQUEST', { problem: `line ${number} ${problem}` });
  const source = utf8(line.bytes, `line ${number}`);
  if (/^[ \t\r]*$/.test(source)) throw wrong('is blank');
  const tooMuch = tooIntricate(line.bytes, MAX_LINE);
  if (tooMuch !== null) throw wrong(`has ${tooMuch}`);
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    throw wrong('is not JSON');
  }
  if (typeof value === 'string') return { input: value, id: undefined };
  const fields = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  const { text, pair, id } = fields as Record<string, unknown>;
  const unknown = Object.keys(fields).find((name) => !FIELDS.includes(name));
  if (unknown !== undefined) {
    const near = nearest(unknown, FIELDS);
    const todo = near === null ? `the fields are ${FIELDS.join(', ')}` : `did you mean "${near}"?`;
    throw wrong(`has a field "${unknown.slice(0, 60)}", which is not known: ${todo}`);
  }
  if (typeof text !== 'string' || (pair !== undefined && typeof pair !== 'string'))
    throw wrong('is neither a string nor an object with text and pair');
  return { input: pair === undefined ? text : { text, pair }, id: idOf(id, wrong) };
}

/** An id as JSON, which says the same as what was given. Throws what `wrong` makes. */
function idOf(id: unknown, wrong: (problem: string) => PyramidError): string | undefined {
  // beyond, JSON's numbers are rounded when they are read
  if (typeof id === 'number' && !(Math.abs(id) <= Number.MAX_SAFE_INTEGER))
    throw wrong('has an id that is too large a number to be returned exactly: write it as a string');
  try {
    return JSON.stringify(id);
  } catch {
    throw wrong('has an id that is nested too deeply'); // than JSON can be written, not than it can be read
  }
}
