import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { PyramidError } from '../src/errors.ts';
import { receivedError, type SentError, sentError } from '../src/sent-error.ts';

/** As it arrives on another thread. */
function through(error: unknown): Error {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(sentError(error));
  const { message } = receiveMessageOnPort(port2) as { message: SentError };
  port1.close();
  return receivedError(message);
}

test('an error of the catalogue arrives with its code, its details, its sentence and where it was thrown', () => {
  const error = new PyramidError('MP_TEXT_LONG', { index: 3, maxLength: 128 });
  const received = through(error);
  expect(received).toBeInstanceOf(PyramidError);
  expect(received).toMatchObject({ code: 'MP_TEXT_LONG', details: { index: 3, maxLength: 128 } });
  expect(received.message).toBe(error.message);
  expect(received.stack).toBe(error.stack);
});

test('any other error arrives as a plain one with its sentence, and so does what is no error', () => {
  const received = through(new RangeError('too far'));
  expect(received).not.toBeInstanceOf(PyramidError);
  expect(received.message).toBe('too far');
  expect(through('a word').message).toBe('a word');
});

test('a code that this version does not know leaves the sentence', () => {
  const sent = { ...sentError(new PyramidError('MP_CLOSED', { what: 'model' })), code: 'toString' };
  expect(receivedError(sent)).not.toBeInstanceOf(PyramidError);
  expect(receivedError(sent).message).toBe(sent.message);
});
