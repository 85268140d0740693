/**
 * A child process that is asked one thing at a time: a JSON object a line in, a JSON object a line out. What it writes
 * to standard error is kept to say why it ended.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { systemLimit } from '../system-limit.ts';

/** Of standard error, in characters. */
const KEPT = 2000;

export class JsonChild {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #complaint = '';
  #startFault: Error | null = null;

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.on('error', (error) => {
      this.#startFault = error;
    });
    // where no process can be started there are no streams either
    this.#child.stdin?.on('error', () => {}); // it has ended: the missing answer says so
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-KEPT);
    });
    this.#lines = createInterface({ input: this.#child.stdout ?? Readable.from([]) })[Symbol.asyncIterator]();
  }

  /** Throws an Error with the child's last words if it ends instead, or answers with no JSON object. */
  async ask(request: object): Promise<Record<string, unknown>> {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) {
      if (this.#child.exitCode === null && this.#startFault === null) await once(this.#child, 'exit');
      throw (
        systemLimit(this.#startFault) ??
        this.#startFault ??
        new Error(`it ended with ${this.#child.exitCode}${lastLine(this.#complaint)}`)
      );
    }
    let answer: unknown;
    try {
      answer = JSON.parse(value);
    } catch {
      // what it printed is no answer
    }
    if (typeof answer !== 'object' || answer === null) throw new Error(`it answered "${value.slice(0, 200)}"`);
    return answer as Record<string, unknown>;
  }

  /** Ends its input, and waits until it has ended. */
  async close(): Promise<void> {
    if (this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin!.end();
    await ended;
  }
}

function lastLine(text: string): string {
  const line = text.trim().split('\n').at(-1) ?? '';
  return line === '' ? '' : `: ${line}`;
}
