/** The state of a pickle being read: a cursor over the bytes, a stack with marks, a memo. */
import type { PetlVideoError } from '../errors/index.ts';
import type { Fault } from './random-access.ts';

/** A Python object that was not built. Its name is known, and what was to be its state. */
export interface Inert {
  readonly kind: 'inert';
  /** `module.name` of its class or maker. */
  readonly global: string;
  /** A Map where it was a `__dict__`; null where none was set. */
  state: unknown;
}

/** The bare mention of a Python global, not called. */
export interface Global {
  readonly kind: 'global';
  /** `module.name`. */
  readonly name: string;
}

export interface World {
  /** Our stand-in for calling a Python global, or undefined for an inert placeholder. */
  maker(global: string): ((args: readonly unknown[]) => unknown) | undefined;
  /** What a persistent id, which only the file's maker understands, stands for. */
  persistent(id: unknown): unknown;
  /** What a `str` of Python 2 becomes, which may be a text or any bytes; text in UTF-8 where it is absent. */
  bytes?(raw: Buffer): unknown;
}

export const isInert = (value: unknown): value is Inert => isKind(value, 'inert');
export const isGlobal = (value: unknown): value is Global => isKind(value, 'global');

function isKind(value: unknown, kind: string): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;
}

export class PickleMachine {
  readonly world: World;
  readonly globals = new Set<string>();
  readonly memo = new Map<number, unknown>();
  readonly #bytes: Buffer;
  readonly #fault: Fault;
  readonly #at: string;
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  #position = 0;

  constructor(bytes: Buffer, world: World, fault: Fault, at: string) {
    this.#bytes = bytes;
    this.world = world;
    this.#fault = fault;
    this.#at = at;
  }

  damaged(why: string): PetlVideoError {
    return this.#fault(`the pickle is damaged at byte ${this.#position}: ${why}`, { at: this.#at });
  }

  // Reading

  raw(length: number): Buffer {
    const from = this.#position;
    if (!(from + length <= this.#bytes.length)) throw this.damaged('it ends too early');
    this.#position += length;
    return this.#bytes.subarray(from, this.#position);
  }
  u8 = (): number => this.raw(1).readUInt8();
  u16 = (): number => this.raw(2).readUInt16LE();
  u32 = (): number => this.raw(4).readUInt32LE();
  /** Beyond 2^53 inexact, but then beyond the end of the bytes as well. */
  u64 = (): number => Number(this.raw(8).readBigUInt64LE());
  i32 = (): number => this.raw(4).readInt32LE();
  f64 = (): number => this.raw(8).readDoubleBE();
  text = (length: number): string => this.raw(length).toString('utf8');
  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#position);
    if (end < 0) throw this.damaged('a line has no end');
    return this.text(end - this.#position + 1).slice(0, -1);
  }
  /** Two's complement, little-endian, of any length. */
  integer(length: number): number | bigint {
    const value = this.raw(length).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
    const signed = BigInt.asIntN(8 * length, value);
    return signed >= Number.MIN_SAFE_INTEGER && signed <= Number.MAX_SAFE_INTEGER ? Number(signed) : signed;
  }

  // The stack; nothing below the last mark can be reached

  push(value: unknown): void {
    this.#stack.push(value);
  }
  top(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.damaged('its stack is empty');
    return this.#stack.at(-1);
  }
  pop(): unknown {
    const value = this.top();
    this.#stack.pop();
    return value;
  }
  popMany(count: number): unknown[] {
    return Array.from({ length: count }, () => this.pop()).reverse();
  }
  mark(): void {
    this.#marks.push(this.#stack.length);
  }
  popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.damaged('a mark is missing');
    return this.#stack.splice(mark);
  }

  // Objects

  recall(key: number): void {
    if (!this.memo.has(key)) throw this.damaged(`it refers to memo ${key}, which it never set`);
    this.push(this.memo.get(key));
  }
  mention(name: string): void {
    this.globals.add(name);
    this.push({ kind: 'global', name } satisfies Global);
  }
  /** What Python would do by calling `callable`: ours if there is one, else a placeholder. */
  call(callable: unknown, args: unknown): void {
    if (isInert(callable)) this.push(inert(`${callable.global}()`));
    else if (isGlobal(callable) && Array.isArray(args)) {
      this.push(this.world.maker(callable.name)?.(args) ?? inert(callable.name));
    } else throw this.damaged('it calls what is no global');
  }
  append(items: readonly unknown[]): void {
    const list = this.top();
    if (Array.isArray(list)) for (const item of items) list.push(item);
    else if (list instanceof Set) for (const item of items) list.add(item);
    else if (!isInert(list)) throw this.damaged('it adds to what is no list or set');
  }
  setItems(items: readonly unknown[]): void {
    const dict = this.top();
    if (items.length % 2 !== 0) throw this.damaged('a dictionary lacks a value');
    if (dict instanceof Map) for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
    else if (!isInert(dict)) throw this.damaged('it sets items of what is no dictionary');
  }
  /** Attributes go to placeholders only: those of an OrderedDict or a tensor carry nothing that is needed. */
  build(state: unknown): void {
    const target = this.top();
    if (isInert(target)) target.state = state;
  }
}

function inert(global: string): Inert {
  return { kind: 'inert', global, state: null };
}
