/** Steps that bytes pass on their way out of an archive. Each takes chunks and hands on others. */
import { type Problem, refuse } from '../../base/problem.ts';
import { viewOf } from '../../bytes/struct.ts';
import { crc32 } from './crc32.ts';
import { parseGzipHeader } from './gzip.ts';
import { Inflater } from './inflater.ts';

export type Sink = (chunk: Uint8Array) => void;

export interface Stage {
  /** True when the stage wants no more. */
  readonly done: boolean;
  push(chunk: Uint8Array): Problem | undefined;
  end(): Problem | undefined;
}

const broken = (detail: string): Problem => refuse('ARCHIVE_BROKEN', detail).problem;

/** The end of the way: counts, and stops before the caller's limit is passed. */
export class SinkStage implements Stage {
  readonly done = false;
  readonly #sink: Sink;
  readonly #limit: number;
  bytes = 0;
  constructor(sink: Sink, limit: number) {
    this.#sink = sink;
    this.#limit = limit;
  }
  push(chunk: Uint8Array): Problem | undefined {
    this.bytes += chunk.length;
    if (this.bytes > this.#limit) return refuse('ARCHIVE_TOO_LARGE', `the dump unpacks to more than ${this.#limit} bytes`).problem;
    this.#sink(chunk);
    return undefined;
  }
  end(): undefined {
    return undefined;
  }
}

/** Takes the first bytes and wants no more. */
export class HeadStage implements Stage {
  readonly #wanted: number;
  #held: Uint8Array = new Uint8Array(0);
  constructor(wanted: number) {
    this.#wanted = wanted;
  }
  get done(): boolean {
    return this.#held.length >= this.#wanted;
  }
  get head(): Uint8Array {
    return this.#held;
  }
  push(chunk: Uint8Array): undefined {
    this.#held = joined(this.#held, chunk.subarray(0, this.#wanted - this.#held.length));
    return undefined;
  }
  end(): undefined {
    return undefined;
  }
}

/** Compares CRC and size with what the archive says. */
export class CheckedStage implements Stage {
  readonly #next: Stage;
  readonly #crc: number;
  readonly #size: number;
  #crcNow = 0;
  #bytes = 0;
  constructor(next: Stage, crc: number, size: number) {
    this.#next = next;
    this.#crc = crc;
    this.#size = size;
  }
  get done(): boolean {
    return this.#next.done;
  }
  push(chunk: Uint8Array): Problem | undefined {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#size) return broken(`the entry unpacks to more than the ${this.#size} bytes that the archive states`);
    this.#crcNow = crc32(chunk, this.#crcNow);
    return this.#next.push(chunk);
  }
  end(): Problem | undefined {
    if (this.#bytes !== this.#size) return broken(`the entry unpacks to ${this.#bytes} bytes; the archive states ${this.#size}`);
    if (this.#crcNow !== this.#crc) return broken(`the entry's CRC is 0x${this.#crcNow.toString(16)}; the archive states 0x${this.#crc.toString(16)}`);
    return this.#next.end();
  }
}

/** Raw DEFLATE, as zip holds it. */
export class InflateStage implements Stage {
  readonly #next: Stage;
  readonly #inflater = new Inflater();
  constructor(next: Stage) {
    this.#next = next;
  }
  get done(): boolean {
    return this.#next.done || this.#inflater.ended;
  }
  push(chunk: Uint8Array): Problem | undefined {
    return inflateInto(this.#inflater, chunk, this.#next).problem;
  }
  end(): Problem | undefined {
    return this.#inflater.ended ? this.#next.end() : broken('the packed data ends before its last block');
  }
}

function inflateInto(inflater: Inflater, chunk: Uint8Array, next: Stage): { problem?: Problem; used: number } {
  let problem: Problem | undefined;
  const result = inflater.push(chunk, (out) => {
    problem = next.push(out);
    return problem === undefined && !next.done;
  });
  if (problem) return { problem, used: 0 };
  return result.ok ? { used: result.used } : { problem: broken(`the packed data is damaged: ${result.why}`), used: 0 };
}

const TRAILER = 8;
/** Name and comment of a gzip header may be long; more than this is no header. */
const MAX_HEADER = 128 * 1024;

/** gzip, one member after the other (RFC 1952), each with its CRC and size. What follows the last member is padding. */
export class GunzipStage implements Stage {
  readonly #next: Stage;
  #state: 'header' | 'body' | 'trailer' | 'padding' = 'header';
  #held: Uint8Array = new Uint8Array(0);
  #inflater = new Inflater();
  #crc = 0;
  #bytes = 0;
  #members = 0;
  constructor(next: Stage) {
    this.#next = next;
  }
  get done(): boolean {
    return this.#next.done;
  }
  push(chunk: Uint8Array): Problem | undefined {
    let rest = chunk;
    while (rest.length > 0 && this.#state !== 'padding' && !this.done) {
      const step = this.#state === 'header' ? this.#header(rest) : this.#state === 'body' ? this.#body(rest) : this.#trailer(rest);
      if (step.problem) return step.problem;
      rest = step.rest;
    }
    return undefined;
  }
  end(): Problem | undefined {
    const between = this.#members > 0 && this.#state === 'header' && this.#held.length === 0;
    if (between || this.#state === 'padding') return this.#next.end();
    return broken(`the gzip data ends inside its ${this.#state}`);
  }

  #header(rest: Uint8Array): { problem?: Problem; rest: Uint8Array } {
    this.#held = joined(this.#held, rest);
    const header = parseGzipHeader(this.#held);
    if (header.state === 'more' && this.#held.length < MAX_HEADER) return { rest: new Uint8Array(0) };
    if (header.state === 'ok') {
      const body = this.#held.subarray(header.length);
      this.#held = new Uint8Array(0);
      this.#state = 'body';
      return { rest: body };
    }
    if (this.#members === 0) return { problem: broken('no gzip header'), rest };
    this.#state = 'padding';
    return { rest };
  }

  #body(rest: Uint8Array): { problem?: Problem; rest: Uint8Array } {
    const { problem, used } = inflateInto(this.#inflater, rest, this.#member());
    if (problem) return { problem, rest };
    if (this.#inflater.ended) this.#state = 'trailer';
    return { rest: rest.subarray(used) };
  }

  /** The next stage, with this member's CRC and size counted on the way. */
  #member(): Stage {
    const next = this.#next;
    return {
      done: next.done,
      push: (chunk) => {
        this.#crc = crc32(chunk, this.#crc);
        this.#bytes += chunk.length;
        return next.push(chunk);
      },
      end: () => undefined,
    };
  }

  #trailer(rest: Uint8Array): { problem?: Problem; rest: Uint8Array } {
    const wanted = TRAILER - this.#held.length;
    this.#held = joined(this.#held, rest.subarray(0, wanted));
    const after = rest.subarray(wanted);
    if (this.#held.length < TRAILER) return { rest: after };
    const view = viewOf(this.#held);
    const [crc, size] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (crc !== this.#crc) return { problem: broken(`the gzip CRC is 0x${this.#crc.toString(16)}; the file states 0x${crc.toString(16)}`), rest };
    if (size !== this.#bytes % 2 ** 32) return { problem: broken(`the gzip data unpacks to ${this.#bytes} bytes; the file states ${size}`), rest };
    this.#held = new Uint8Array(0);
    this.#inflater = new Inflater();
    this.#crc = 0;
    this.#bytes = 0;
    this.#members += 1;
    this.#state = 'header';
    return { rest: after };
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  if (a.length === 0) return b.slice();
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}
