/**
 * An answer written by JSON.stringify instead of by its route's schema, which stays as the documentation: unions of
 * lists are slower to write by schema than the rest of the route takes. Knows no protocol.
 */
import type { FastifyReply } from 'fastify';

export const sendJson = (reply: FastifyReply, value: unknown) =>
  reply.type('application/json; charset=utf-8').send(JSON.stringify(value) as never);
