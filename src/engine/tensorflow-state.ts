/**
 * State on its way into a model, out of it and from one to the next, a few tensors at a time: what is in memory twice
 * stays small, and so does the number of different calls, for each of which libtensorflow prepares the graph anew.
 */
import type { StateEntry } from '../graph/tensorflow/variables.ts';
import { type HostTensor, type HostTensors, sizeOf, type TensorSpecs } from '../tensor/host.ts';
import type { Binding } from './tensorflow-binding.ts';
import { download, type Feed, freeAll, type NativeModel, upload } from './tensorflow-model.ts';

/** Bytes of state, as float32, that are on their way at once. */
const CHUNK_BYTES = 2 ** 26;

export interface StateMover {
  zero(model: NativeModel, names: readonly string[]): void;
  /** From the host. */
  load(model: NativeModel, tensors: HostTensors): void;
  /** From native tensors in memory of their own. @param done is given the names that are in the model, as they come there */
  assign(model: NativeModel, ids: ReadonlyMap<string, number>, done: (names: readonly string[]) => void): void;
  /** From one model to another, without a copy in JavaScript. */
  move(names: readonly string[], from: NativeModel, to: NativeModel): void;
  read(model: NativeModel, names: readonly string[]): HostTensors;
}

export function stateMover(binding: Binding, specs: TensorSpecs): StateMover {
  const shapeOf = (name: string): readonly number[] => specs[name]?.shape ?? [];
  const chunksOf = (names: readonly string[]): string[][] => {
    const chunks: string[][] = [];
    let bytes = Number.POSITIVE_INFINITY;
    for (const name of names) {
      const own = 4 * sizeOf(shapeOf(name));
      if (bytes + own > CHUNK_BYTES) {
        chunks.push([]);
        bytes = 0;
      }
      chunks.at(-1)?.push(name);
      bytes += own;
    }
    return chunks;
  };
  const set = (model: NativeModel, names: readonly string[], feeds: readonly Feed[]): void => {
    const fetches = names.map((name) => entryOf(model, name).assigned);
    freeAll(binding, model.run(feeds, fetches));
  };

  return {
    zero: (model, names) => {
      if (names.length === 0) return;
      const fetches = names.map((name) => entryOf(model, name).zeroed);
      freeAll(binding, model.run([], fetches));
    },
    load: (model, tensors) => {
      for (const names of chunksOf(Object.keys(tensors))) {
        const feeds: Feed[] = [];
        try {
          for (const name of names) {
            feeds.push({ ref: entryOf(model, name).value, id: upload(binding, tensors[name] as HostTensor) });
          }
          set(model, names, feeds);
        } finally {
          freeAll(
            binding,
            feeds.map(({ id }) => id),
          );
        }
      }
    },
    assign: (model, ids, done) => {
      for (const names of chunksOf([...ids.keys()])) {
        const feeds = names.map((name) => {
          const { stored, storedValue, value } = entryOf(model, name);
          const ref = stored === specs[name]?.dtype ? storedValue : value;
          return { ref, id: ids.get(name) as number };
        });
        set(model, names, feeds);
        done(names);
      }
    },
    move: (all, from, to) => {
      for (const names of chunksOf(all)) {
        const ways = names.map((name) => wayOver(entryOf(from, name), entryOf(to, name)));
        const ids = from.run(
          [],
          ways.map(({ read }) => read),
        );
        try {
          const feeds = ways.map(({ value }, i) => ({ ref: value, id: ids[i] as number }));
          set(to, names, feeds);
        } finally {
          freeAll(binding, ids);
        }
      }
    },
    read: (model, asked) => {
      const tensors: HostTensors = {};
      for (const names of chunksOf([...new Set(asked)])) {
        const fetches = names.map((name) => entryOf(model, name).read);
        const ids = model.run([], fetches);
        names.forEach((name, i) => {
          tensors[name] = download(binding, ids[i] as number, shapeOf(name));
        });
      }
      return tensors;
    },
  };
}

function entryOf(model: NativeModel, name: string): StateEntry {
  const entry = model.state.get(name);
  if (entry === undefined) throw new TypeError(`${name} is no state of this model`);
  return entry;
}

/** Without a cast where both store the same type. */
function wayOver(from: StateEntry, to: StateEntry): { readonly read: string; readonly value: string } {
  return from.stored === to.stored
    ? { read: from.storedRead, value: to.storedValue }
    : { read: from.read, value: to.value };
}
