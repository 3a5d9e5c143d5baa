/**
 * A reader of Python pickles, protocols 2-5 (Python's `pickletools` documents the opcodes), that executes nothing. A
 * pickle is a program that may name any Python function and have it called; here a name leads to a function of ours
 * where the caller has one for it, and otherwise to an inert placeholder that remembers the name.
 *
 * dict → Map, list and tuple → array, set → Set, int → number (bigint beyond 2^53), bytes → Uint8Array, None → null.
 */
import { PickleMachine, type World } from './pickle-machine.ts';
import type { Fault } from './random-access.ts';

export { type Inert, isGlobal, isInert, type World } from './pickle-machine.ts';

export interface Unpickled {
  readonly value: unknown;
  /** Every global that the pickle names, called or not. */
  readonly globals: ReadonlySet<string>;
}

const STOP = 0x2e;

/** @throws `fault` for a pickle that is damaged or uses opcodes that protocols 2-5 have no need of */
export function unpickle(bytes: Buffer, world: World, fault: Fault, at: string): Unpickled {
  const machine = new PickleMachine(bytes, world, fault, at);
  for (;;) {
    const opcode = machine.u8();
    if (opcode === STOP) return { value: machine.pop(), globals: machine.globals };
    const step = OPCODES[opcode];
    if (step === undefined) throw machine.damaged(`opcode 0x${opcode.toString(16)} is not supported`);
    step(machine);
  }
}

type Step = (m: PickleMachine) => void;

const pushText =
  (length: (m: PickleMachine) => number): Step =>
  (m) =>
    m.push(m.text(length(m)));
const pushBytes =
  (length: (m: PickleMachine) => number): Step =>
  (m) =>
    m.push(Uint8Array.from(m.raw(length(m))));
const pushPython2 =
  (length: (m: PickleMachine) => number): Step =>
  (m) => {
    const raw = m.raw(length(m));
    m.push(m.world.bytes === undefined ? raw.toString('utf8') : m.world.bytes(raw));
  };
const pushTuple =
  (count: number): Step =>
  (m) =>
    m.push(m.popMany(count));
const u8 = (m: PickleMachine): number => m.u8();
const u32 = (m: PickleMachine): number => m.u32();
const u64 = (m: PickleMachine): number => m.u64();

const OPCODES: Readonly<Record<number, Step>> = {
  // Structure
  128: (m) => {
    if (m.u8() > 5) throw m.damaged('its protocol is newer than 5');
  }, // PROTO
  149: (m) => void m.raw(8), // FRAME: only a hint for buffering
  40: (m) => m.mark(), // MARK
  48: (m) => void m.pop(), // POP
  49: (m) => void m.popMark(), // POP_MARK
  50: (m) => m.push(m.top()), // DUP

  // Values
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  73: (m) => m.push(integerOf(m)), // INT, of protocol 0: also what booleans are to Python 2
  75: (m) => m.push(m.u8()), // BININT1
  77: (m) => m.push(m.u16()), // BININT2
  74: (m) => m.push(m.i32()), // BININT
  138: (m) => m.push(m.integer(m.u8())), // LONG1
  71: (m) => m.push(m.f64()), // BINFLOAT
  85: pushPython2(u8), // SHORT_BINSTRING, Python 2
  84: pushPython2(u32), // BINSTRING, Python 2
  140: pushText(u8), // SHORT_BINUNICODE
  88: pushText(u32), // BINUNICODE
  141: pushText(u64), // BINUNICODE8
  67: pushBytes(u8), // SHORT_BINBYTES
  66: pushBytes(u32), // BINBYTES
  142: pushBytes(u64), // BINBYTES8
  150: pushBytes(u64), // BYTEARRAY8

  // Containers
  93: (m) => m.push([]), // EMPTY_LIST
  97: (m) => m.append([m.pop()]), // APPEND
  101: (m) => m.append(m.popMark()), // APPENDS
  41: (m) => m.push([]), // EMPTY_TUPLE
  116: (m) => m.push(m.popMark()), // TUPLE
  133: pushTuple(1), // TUPLE1
  134: pushTuple(2), // TUPLE2
  135: pushTuple(3), // TUPLE3
  125: (m) => m.push(new Map()), // EMPTY_DICT
  115: (m) => m.setItems(m.popMany(2)), // SETITEM
  117: (m) => m.setItems(m.popMark()), // SETITEMS
  143: (m) => m.push(new Set()), // EMPTY_SET
  144: (m) => m.append(m.popMark()), // ADDITEMS
  145: (m) => m.push(new Set(m.popMark())), // FROZENSET

  // Objects
  99: (m) => m.mention(`${m.line()}.${m.line()}`), // GLOBAL
  147: (m) => {
    const [module, name] = m.popMany(2);
    if (typeof module !== 'string' || typeof name !== 'string') throw m.damaged('a global has no name');
    m.mention(`${module}.${name}`);
  }, // STACK_GLOBAL
  82: (m) => reduce(m), // REDUCE
  129: (m) => reduce(m), // NEWOBJ
  146: (m) => {
    m.pop(); // keyword arguments: no object that we make has any
    reduce(m);
  }, // NEWOBJ_EX
  98: (m) => m.build(m.pop()), // BUILD
  81: (m) => m.push(m.world.persistent(m.pop())), // BINPERSID

  // Memo
  104: (m) => m.recall(m.u8()), // BINGET
  106: (m) => m.recall(m.u32()), // LONG_BINGET
  113: (m) => void m.memo.set(m.u8(), m.top()), // BINPUT
  114: (m) => void m.memo.set(m.u32(), m.top()), // LONG_BINPUT
  148: (m) => void m.memo.set(m.memo.size, m.top()), // MEMOIZE
};

function integerOf(m: PickleMachine): number | boolean {
  const text = m.line();
  if (text === '00' || text === '01') return text === '01';
  if (!/^-?\d{1,15}$/.test(text)) throw m.damaged(`the integer ${JSON.stringify(text)} is none`);
  return Number(text);
}

function reduce(m: PickleMachine): void {
  const [callable, args] = m.popMany(2);
  m.call(callable, args);
}
