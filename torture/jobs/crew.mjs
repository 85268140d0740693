// The workers of a run: some places, each with a process of `jobs work` that is started anew when it was killed, and the memory of
// the one that nobody kills.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { MAIN } from '../good-inputs.mjs';

const SAMPLE_MS = 1000;
/** Of what each process says. */
const KEPT = 200_000;

export class Crew {
  #members = [];
  #isEnding = false;
  #timer;
  /** What all have said, and how those ended that nobody killed. */
  said = '';
  ends = [];
  /** MiB of the first member, which is never killed, each second. */
  memory = [];

  constructor(places, args, env) {
    this.args = args;
    this.env = env;
    for (let i = 0; i < places; i++) this.#start(i);
    this.#timer = setInterval(() => this.#measure(), SAMPLE_MS);
  }

  #start(place) {
    const child = spawn(process.execPath, [MAIN, ...this.args], { env: this.env, stdio: ['ignore', 'ignore', 'pipe'] });
    const member = { child, isKilled: false };
    this.#members[place] = member;
    child.stderr.on('data', (text) => {
      this.said = (this.said + text).slice(-KEPT);
    });
    member.ended = new Promise((done) =>
      child.on('exit', (code, signal) => {
        if (!member.isKilled) this.ends.push(code ?? signal);
        else if (!this.#isEnding) this.#start(place);
        done();
      }),
    );
  }

  #measure() {
    try {
      const status = readFileSync(`/proc/${this.#members[0].child.pid}/status`, 'utf8');
      this.memory.push(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024);
    } catch {
      // it has ended
    }
  }

  get pids() {
    return this.#members.map(({ child }) => child.pid);
  }

  get isOver() {
    return this.#members.every(({ child }) => child.exitCode !== null);
  }

  /** Any but the first one; of those that have not ended, where there are such. */
  pick(random) {
    const others = this.#members.slice(1);
    const running = others.filter(({ child }) => child.exitCode === null);
    const among = running.length > 0 ? running : others;
    return among[random.integer(among.length)];
  }

  /** Whether it was still there. */
  kill(member) {
    if (member.child.exitCode !== null) return false;
    member.isKilled = true;
    member.child.kill('SIGKILL');
    return true;
  }

  async end() {
    this.#isEnding = true;
    clearInterval(this.#timer);
    for (const { child } of this.#members) child.kill('SIGKILL');
    await Promise.all(this.#members.map(({ ended }) => ended));
  }
}
