/**
 * The worker threads and who does what: requests take turns, each worker has a bounded number of texts under
 * way, and a worker that ends before its time, or does nothing any more, is replaced and its texts are run again. Knows
 * texts and outcomes, not what they mean, and threads by what they do, not how they are made.
 */
import { PyramidError } from '../../errors.ts';
import { receivedError } from '../../sent-error.ts';
import { Tally } from '../piece-costs.ts';
import { Member, type Order, type Pending, type Ticket } from './pool-worker.ts';
import type { FromWorker, ModelDescription, TimedOutcome, WireText, WorkerStats } from './messages.ts';
import type { Thread, ThreadEvents } from './thread.ts';
import { later, Turn } from './turn.ts';
import { Watch } from './watch.ts';
import { within } from './within.ts';

export type { Thread, ThreadEvents } from './thread.ts';

/** Texts that one worker may have under way: enough for full batches of like length, few enough for a new text to wait little. */
const UNDER_WAY = 128;
/** UTF-16 units that a worker is sent in one message, unless one text alone is longer: copying them takes time. */
const MESSAGE_UNITS = 2 ** 18;
/** How often a text may be under way when its worker ends; the last time it runs alone, to spare its neighbours. */
const TRIES = 3;
/** How long a worker may take to say where it stands, before what it said last holds. */
const TELL_MS = 1000;
/** How long a worker may take to end by itself, and then to be ended, before nobody waits for it any more. */
const CLOSE_MS = 5000;
const END_MS = 2000;

export interface WorkerPoolOptions<T extends Thread> {
  readonly workers: number;
  /** Starts a thread, which reads the model. */
  readonly startThread: (events: ThreadEvents) => T;
  /** What messages call the model. */
  readonly path: string;
  /** How long a worker may do nothing while something is awaited of it, in milliseconds; Infinity: for ever. */
  readonly stallMs: number;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
}

const isLast = ({ tries }: Ticket): boolean => tries === TRIES - 1;

export class WorkerPool<T extends Thread = Thread> {
  readonly #options: WorkerPoolOptions<T>;
  readonly #members: Member<T>[] = [];
  readonly #watch: { begin(): void; end(): void };
  /** What the worker pool does on its caller's thread is done in slices. */
  readonly turn = new Turn();
  #queue: Pending[] = [];
  /** Texts of the queue that are wanted, and its orders that are not: these leave it when their turn comes. */
  #queued = 0;
  #endedInQueue = 0;
  /** What workers have said and nobody has looked at yet. */
  readonly #arrived: { readonly member: Member<T>; readonly outcome: TimedOutcome }[] = [];
  #settling = false;
  /** Texts of ended workers, which go first. */
  #again: Ticket[] = [];
  #nextId = 1;
  #dispatching = false;
  #closing: Promise<void> | null = null;
  #hurry = () => {};

  private constructor(options: WorkerPoolOptions<T>) {
    this.#options = options;
    this.#watch = new Watch(this.#members, options.stallMs, (member) => this.#giveUp(member));
  }

  /**
   * Resolves when every worker has read the model. Throws what reading it throws, MP_MODEL_STALLED, and the signal's
   * reason.
   */
  static async start<T extends Thread>(
    options: WorkerPoolOptions<T>,
  ): Promise<{ pool: WorkerPool<T>; model: ModelDescription }> {
    const { signal } = options;
    signal?.throwIfAborted();
    const pool = new WorkerPool<T>(options);
    let abort = () => {};
    try {
      const aborted = new Promise<never>((_, reject) => {
        abort = () => reject(signal?.reason);
        signal?.addEventListener('abort', abort, { once: true });
      });
      const started = Promise.all(Array.from({ length: options.workers }, () => pool.#startThread()));
      const [model] = await Promise.race([started, aborted]);
      return { pool, model };
    } catch (error) {
      await pool.close(0);
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  /**
   * Takes an order. The function that it gives withdraws the order: nothing is called any more. `isLate`: since its
   * time is over, so a worker that has a text of it may hang.
   */
  submit(order: Order): (isLate?: boolean) => void {
    const pending: Pending = { order, next: 0, underWay: 0, ended: false };
    if (this.isClosed) throw new PyramidError('MP_CLOSED', { what: 'model' });
    if (order.length > 0) this.#queue.push(pending);
    this.#queued += order.length;
    for (let missing = this.#options.workers - this.#members.length; missing > 0; missing--) this.#restart();
    this.#dispatchSoon();
    return (isLate) => this.#withdraw(pending, isLate);
  }

  /**
   * Fails what is under way with MP_CLOSED and ends the workers after their running batch, or at once those that take
   * longer than `graceMs`. May be called again with less.
   */
  close(graceMs = CLOSE_MS): Promise<void> {
    if (!this.#closing) {
      const hurried = new Promise<void>((resolve) => {
        this.#hurry = resolve;
      });
      this.#closing = this.#leave(hurried);
    }
    const timer = setTimeout(this.#hurry, graceMs);
    return this.#closing.finally(() => clearTimeout(timer));
  }

  async #leave(hurried: Promise<void>): Promise<void> {
    this.#watch.end();
    await null; // #closing is set before anything is called
    await this.#failAll(new PyramidError('MP_CLOSED', { what: 'model' }));
    const leaving = this.#members.splice(0);
    const ended = Promise.all(leaving.map((member) => member.ended));
    for (const { thread, ready } of leaving) {
      thread.hold(true);
      if (ready) thread.post({ kind: 'close' });
      else thread.end();
    }
    await Promise.race([ended, hurried]);
    for (const { thread } of leaving) thread.end();
    await within(ended, END_MS, () => []);
    // one that is still in a call of ONNX Runtime's ends with it, or with the process
    for (const { thread } of leaving) thread.hold(false);
  }

  /**
   * What all workers' pieces have cost since each was started, and where their texts are now. Of a worker that does not
   * say so in a second, what it said last. Throws MP_CLOSED.
   */
  async tally(): Promise<WorkerStats> {
    if (this.isClosed) throw new PyramidError('MP_CLOSED', { what: 'model' });
    const told = await Promise.all(
      this.#members
        .filter(({ ready }) => ready)
        .map((member) => within(this.#ask(member), TELL_MS, () => member.lastStats)),
    );
    const all = new Tally();
    const levels: number[] = [];
    for (const stats of told) {
      for (const piece of stats.pieces) all.add(piece);
      for (const [level, texts] of stats.levels.entries()) levels[level] = (levels[level] ?? 0) + texts;
    }
    return { pieces: all.pieces, levels };
  }

  #ask(member: Member<T>): Promise<WorkerStats> {
    member.stats ??= new Promise<WorkerStats>((resolve) => {
      member.tell = resolve;
      member.thread.hold(true);
      member.thread.post({ kind: 'tally' });
      this.#watch.begin();
    });
    return member.stats;
  }

  /** Texts that all workers together may have under way. */
  get capacity(): number {
    return this.#options.workers * UNDER_WAY;
  }

  /** Texts that no worker has yet, and those that one has. */
  get load(): { readonly waiting: number; readonly running: number } {
    const running = this.#members.reduce((sum, { underWay }) => sum + underWay.size, 0);
    return { waiting: this.#again.length + this.#queued, running };
  }

  get isClosed(): boolean {
    return this.#closing !== null;
  }

  /** The threads, for those who watch or end them. */
  get threads(): readonly T[] {
    return this.#members.map(({ thread }) => thread);
  }

  #startThread(): Promise<ModelDescription> {
    return new Promise((resolve, reject) => {
      let noteEnd = () => {};
      const ended = new Promise<void>((note) => {
        noteEnd = note;
      });
      const thread = this.#options.startThread({
        said: (message) => {
          if (!member.lost) this.#hear(member, message, resolve, reject);
        },
        ended: (reason) => {
          noteEnd();
          reject(reason ?? new PyramidError('MP_WORKER_LOST', { tries: 1 }));
          this.#replace(member);
        },
      });
      const member = new Member(thread, ended, reject);
      this.#members.push(member);
      this.#watch.begin();
    });
  }

  #hear(
    member: Member<T>,
    message: FromWorker,
    start: (model: ModelDescription) => void,
    fail: (error: unknown) => void,
  ): void {
    member.silence.end();
    switch (message.kind) {
      case 'ready':
        member.ready = true;
        member.thread.hold(false); // an idle engine keeps no process alive
        start(message.model);
        this.#dispatchSoon();
        return;
      case 'unfit':
        fail(receivedError(message.error));
        return;
      case 'outcomes':
        for (const outcome of message.outcomes) this.#arrived.push({ member, outcome });
        void this.#settle();
        return;
      case 'tally':
        member.pieces = message.pieces;
        member.stats = null;
        member.tell(message);
        this.#rest(member);
        return;
      case 'cancelled':
        if (--member.cancels > 0 || !member.isLate) return;
        member.isLate = false;
        this.#dispatchSoon();
        return;
      case 'failed': {
        const error = receivedError(message.error);
        for (const id of message.ids) this.#fail(this.#hand(member, id)?.pending, error);
        return;
      }
      default:
        message satisfies never;
    }
  }

  /** Ends a worker that does nothing any more, as far as it can be ended, and replaces it. */
  #giveUp(member: Member<T>): void {
    const { thread, underWay, ready } = member;
    const { path, stallMs } = this.#options;
    const reading = thread.reading ?? 0;
    if (!ready) member.fail(new PyramidError('MP_MODEL_STALLED', { path, stallMs }));
    // a text that it cannot get through is known, and not tried again; then its neighbours are not to blame
    for (const [id, { pending }] of reading === 0 ? [] : [...underWay]) {
      if ((id | 0) === reading) this.#fail(pending, new PyramidError('MP_TEXT_STALLED', { stallMs }));
    }
    this.#replace(member, reading !== 0);
    thread.hold(false);
    thread.end();
  }

  /** `isBlameless`: its texts had no part in its end. */
  #replace(lost: Member<T>, isBlameless = false): void {
    if (lost.lost) return;
    lost.lost = true;
    const at = this.#members.indexOf(lost);
    if (at >= 0) this.#members.splice(at, 1);
    lost.tell(lost.lastStats);
    if (this.isClosed) return;
    for (const ticket of lost.underWay.values()) {
      ticket.pending.underWay--;
      if (ticket.pending.ended) continue;
      if (!isBlameless && ++ticket.tries >= TRIES) {
        this.#fail(ticket.pending, new PyramidError('MP_WORKER_LOST', { tries: ticket.tries }));
      } else this.#again.push(ticket);
    }
    lost.underWay.clear();
    if (lost.ready) this.#restart();
  }

  /** Replaces a worker; one that ends while it starts is tried again, one that cannot read the model is not. */
  #restart(tries = 1): void {
    this.#startThread().catch((error) => {
      const isUnfit = error instanceof PyramidError && error.code !== 'MP_WORKER_LOST';
      if (this.isClosed) return;
      if (!isUnfit && tries < TRIES) this.#restart(tries + 1);
      else if (this.#members.length === 0)
        void this.#failAll(isUnfit ? error : new PyramidError('MP_WORKER_LOST', { tries }, { cause: error }));
    });
  }

  /** Gathers what is asked for in one go: at once when a worker is idle, else with the next turn of the event loop. */
  #dispatchSoon(): void {
    const isIdle = this.#members.some(({ ready, isLate, underWay }) => ready && !isLate && underWay.size === 0);
    this.#dispatchBy(isIdle && !this.turn.isSpent ? queueMicrotask : later);
  }

  #dispatchBy(schedule: (work: () => void) => void): void {
    if (this.#dispatching || this.isClosed) return;
    this.#dispatching = true;
    schedule(() => {
      this.#dispatching = false;
      if (!this.isClosed) this.#dispatch();
    });
  }

  #dispatch(): void {
    const ready = this.#members
      .filter((member) => member.ready && !member.isLate && !member.alone)
      .sort((a, b) => a.underWay.size - b.underWay.size);
    if (ready.length === 0) return;
    // what there is is shared out evenly, so that a few texts use all workers too
    const texts = this.#waiting();
    const share = Math.min(
      UNDER_WAY,
      Math.ceil((texts + ready.reduce((sum, m) => sum + m.underWay.size, 0)) / ready.length),
    );
    const drain = this.#again.some(isLast) ? ready[0] : null; // until it is empty, for the text that runs alone
    for (const member of ready) {
      if (member === drain && member.underWay.size > 0) continue;
      const sent: WireText[] = [];
      let units = 0;
      while (member.underWay.size < share && !member.alone) {
        if (sent.length > 0 && (units > MESSAGE_UNITS || this.turn.isSpent)) {
          this.#dispatchBy(later);
          break;
        }
        const ticket = this.#take(member);
        if (!ticket) break;
        const { tau, trace, explain, truncate, text } = ticket.pending.order;
        try {
          const id = this.#nextId++;
          const wire = { id, index: ticket.index, ...text(ticket.index), tau, trace, explain, truncate };
          sent.push(wire);
          units += wire.text.length + (wire.pair?.length ?? 0);
          member.underWay.set(id, ticket);
          ticket.pending.underWay++;
        } catch (error) {
          this.#fail(ticket.pending, error);
        }
      }
      if (sent.length === 0) continue;
      member.thread.hold(true);
      member.thread.post({ kind: 'texts', texts: sent });
      this.#watch.begin();
    }
  }

  #waiting(): number {
    return this.#again.length + this.#queued;
  }

  /** The next text for the member: one that has ended workers twice goes to an empty member, alone. */
  #take(member: Member<T>): Ticket | null {
    for (let i = 0; i < this.#again.length; i++) {
      const ticket = this.#again[i];
      const alone = isLast(ticket);
      if (alone && member.underWay.size > 0) continue;
      this.#again.splice(i, 1);
      member.alone = alone;
      return ticket;
    }
    for (let pending = this.#queue.shift(); pending; pending = this.#queue.shift()) {
      if (pending.ended) {
        this.#endedInQueue--;
        continue;
      }
      this.#queued--;
      const index = pending.next++;
      // orders take turns, so that a small one does not wait for a large one to end
      if (pending.next < pending.order.length) this.#queue.push(pending);
      return { pending, index, tries: 0 };
    }
    return null;
  }

  /** Hands on what has arrived, in slices: a worker may answer faster than its answers are read. */
  async #settle(): Promise<void> {
    if (this.#settling) return;
    this.#settling = true;
    try {
      await this.turn.through(this.#arrived, ({ member, outcome }) => {
        const ticket = this.#hand(member, outcome.id);
        if (ticket && !ticket.pending.ended) ticket.pending.order.done(ticket.index, outcome);
      });
    } finally {
      this.#settling = false;
    }
  }

  /** Takes the text from the member's list. */
  #hand(member: Member<T>, id: number): Ticket | undefined {
    const ticket = member.underWay.get(id);
    if (ticket) ticket.pending.underWay--;
    member.underWay.delete(id);
    member.alone = false;
    this.#rest(member);
    if (this.#queue.length > 0 || this.#again.length > 0) this.#dispatchSoon();
    return ticket;
  }

  /** A member of whom nothing is awaited keeps no process alive. */
  #rest({ thread, underWay, stats }: Member<T>): void {
    if (underWay.size === 0 && stats === null && !this.isClosed) thread.hold(false); // close() waits for it
  }

  #withdraw(pending: Pending, isLate?: boolean): void {
    if (pending.ended) return;
    this.#drop(pending, isLate);
  }

  #fail(pending: Pending | undefined, error: unknown): void {
    if (!pending || pending.ended) return;
    this.#drop(pending);
    pending.order.failed(error);
  }

  /** In slices. */
  async #failAll(error: unknown): Promise<void> {
    const underWay = this.#members.flatMap((member) => [...member.underWay.values()]);
    const all = [
      ...new Set([
        ...this.#queue,
        ...this.#again.map(({ pending }) => pending),
        ...underWay.map(({ pending }) => pending),
      ]),
    ];
    await this.turn.through(all, (pending) => this.#fail(pending, error));
  }

  /** Nothing of the order is wanted any more. */
  #drop(pending: Pending, isLate = false): void {
    pending.ended = true;
    const left = pending.order.length - pending.next;
    if (left > 0) {
      this.#queued -= left;
      // taking it out at once would go through the queue for each of many orders that end together
      if (++this.#endedInQueue > this.#queue.length / 2) {
        this.#queue = this.#queue.filter(({ ended }) => !ended);
        this.#endedInQueue = 0;
      }
    }
    if (this.#again.length > 0) this.#again = this.#again.filter((ticket) => ticket.pending !== pending);
    for (const member of pending.underWay > 0 ? this.#members : []) {
      const { thread, underWay } = member;
      const ids = [...underWay].filter(([, ticket]) => ticket.pending === pending).map(([id]) => id);
      if (ids.length === 0) continue;
      for (const id of ids) underWay.delete(id);
      pending.underWay -= ids.length;
      thread.post({ kind: 'cancel', ids });
      member.cancels++;
      if (isLate) member.isLate = true;
      this.#watch.begin();
      if (underWay.size > 0) continue;
      member.alone = false;
      this.#rest(member);
    }
    if (this.#queue.length > 0 || this.#again.length > 0) this.#dispatchSoon();
  }
}
