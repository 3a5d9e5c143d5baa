/**
 * Damages videos and reads them: each damaged one beside sound neighbours, once with the verdict of a probe after the damage,
 * once with what a probe found before it. Whatever is delivered as sound must be what ffmpeg alone decodes of the same
 * damaged file.
 */
import { readdirSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PetlVideoError } from '../../src/errors/index.ts';
import { type Random, rng } from '../../src/tensor/random.ts';
import type { VideoFacts } from '../../src/video/facts.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import type { Window } from '../../src/video/window.ts';
import { treeOf } from '../peers/cpu.ts';
import { damage } from './damage.ts';
import { type FullDecode, framesOf, fullDecode } from './full-decode.ts';

export const SIZE = { width: 48, height: 36 };

export interface Sound {
  readonly file: string;
  /** As a manifest has them. */
  readonly facts: Known;
  /** The middle of the picture. */
  readonly crop: Window;
  readonly whole: FullDecode;
  readonly cropped: FullDecode;
}

export interface Known extends VideoFacts {
  /** The file's size when it was probed. */
  readonly bytes: number;
}

export interface Asked {
  readonly clips: readonly (readonly number[])[];
  readonly crop: Window | undefined;
}

/** What is put to the trial. */
export interface Subject {
  probe(file: string): Promise<Known>;
  /** Clips of a video in one visit, one after the other. */
  visit(file: string, facts: Known, asked: Asked): Promise<{ data: Uint8Array; warning: string | undefined }>;
}

export interface TrialOptions {
  readonly ffmpeg: Ffmpeg;
  readonly subject: Subject;
  readonly sound: readonly Sound[];
  /** An empty folder. */
  readonly folder: string;
  readonly seed: number;
  /** Longest that a probe or a visit may take. */
  readonly limitMs: number;
}

export interface Trial {
  readonly what: string;
  readonly extension: string;
  /** Verdict of the probe after the damage, and how the visits ended. */
  readonly verdict: VideoFacts['verdict'];
  readonly afterProbe: Outcome;
  readonly preparedBefore: Outcome;
  readonly faults: readonly string[];
}

export interface Outcome {
  readonly kind: 'delivered' | 'warned' | 'refused' | 'not asked';
  readonly reason?: string;
}

const draw = (random: Random, frames: number): number[][] =>
  [0, 1].map(() => Array.from({ length: 1 + random.integer(8) }, () => random.integer(frames)));

async function within<T>(ms: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function tryDamage(number: number, options: TrialOptions): Promise<Trial> {
  const { ffmpeg, subject, sound, folder, seed, limitMs } = options;
  const random = rng(seed, 'damage', number);
  const base = sound[random.integer(sound.length)] as Sound;
  const { bytes, what } = damage(await readFile(base.file), random);
  const extension = path.extname(base.file);
  const own = path.join(folder, String(number));
  await mkdir(own);
  const file = path.join(own, `damaged${extension}`);
  const faults: string[] = [];
  const name = `trial ${number}, ${path.basename(base.file)}: ${what}`;
  const fault = (text: string): void => void faults.push(`${name}: ${text}`);
  try {
    await writeFile(file, bytes);
    const crop = random.uniform() < 0.5 ? base.crop : undefined;
    const truth = await fullDecode(ffmpeg, file, SIZE, crop);
    const truthBefore = crop === undefined ? base.whole : base.cropped;

    /** The damaged video between two sound ones, asked for at once. */
    const visit = async (facts: Known, later: boolean): Promise<Outcome> => {
      const asked = draw(random, facts.frames);
      const neighbours = [0, 1].map(() => sound[random.integer(sound.length)] as Sound);
      const theirs = neighbours.map(({ facts: { frames } }) => draw(random, frames));
      const neighbour = async (i: number): Promise<void> => {
        const { file: other, facts: known, cropped, crop: window } = neighbours[i] as Sound;
        const clips = theirs[i] as number[][];
        const { data } = await subject.visit(other, known, { clips, crop: window });
        if (!framesOf(cropped, clips.flat()).equals(data))
          fault(`wrong clips of its neighbour ${path.basename(other)}`);
      };
      const both = [neighbour(0), subject.visit(file, facts, { clips: asked, crop }), neighbour(1)] as const;
      const settled = await within(limitMs, 'a visit', Promise.allSettled(both)).catch((thrown: Error) => {
        fault(thrown.message);
        return undefined;
      });
      if (settled === undefined) return { kind: 'refused', reason: 'too slow' };
      for (const i of [0, 2] as const) {
        const result = settled[i];
        if (result.status === 'rejected') fault(`its neighbour failed: ${result.reason}`);
      }
      const result = settled[1];
      if (result.status === 'rejected') return refusal(result.reason);
      const { data, warning } = result.value;
      const right =
        framesOf(truth, asked.flat()).equals(data) || (later && framesOf(truthBefore, asked.flat()).equals(data));
      if (!right && warning === undefined) await wrong(asked);
      return warning === undefined ? { kind: 'delivered' } : { kind: 'warned', reason: warning };
    };

    /** What a decoder makes up for lost pictures may come from memory that nobody wrote: then no two decodes agree. */
    const wrong = async (asked: readonly (readonly number[])[]): Promise<void> => {
      const again = await fullDecode(ffmpeg, file, SIZE, crop);
      if (Buffer.from(again.data).equals(truth.data))
        fault(`delivered as sound, but not the frames asked for: ${asked.flat()}`);
    };

    const refusal = (thrown: unknown): Outcome => {
      if (!(thrown instanceof PetlVideoError && thrown.kind === 'data')) fault(`not a data error: ${thrown}`);
      return { kind: 'refused', reason: thrown instanceof PetlVideoError ? thrown.what : String(thrown) };
    };

    const facts = await within(limitMs, 'the probe', subject.probe(file));
    // A crop can lie outside a picture whose size the damage changed.
    const count = crop === undefined ? truth.frames : (await fullDecode(ffmpeg, file, SIZE)).frames;
    if (facts.frames !== count && (await fullDecode(ffmpeg, file, SIZE)).frames === count) {
      fault(`the probe counts ${facts.frames} frames, ffmpeg alone ${count}: ${facts.reason}`);
    }
    if (facts.verdict !== 'ok' && (facts.reason ?? '') === '') fault(`${facts.verdict} without a reason`);
    const afterProbe: Outcome = facts.frames > 0 ? await visit(facts, false) : { kind: 'not asked' };
    const fits = crop === undefined || (crop.x + crop.width <= facts.width && crop.y + crop.height <= facts.height);
    if (facts.verdict === 'ok' && fits && afterProbe.kind === 'refused') fault(`ok, but refused: ${afterProbe.reason}`);
    const preparedBefore = await visit(base.facts, true);
    return { what: name, extension, verdict: facts.verdict, afterProbe, preparedBefore, faults };
  } catch (thrown) {
    fault(String(thrown instanceof Error ? thrown.stack : thrown));
    const kind = 'not asked';
    return { what: name, extension, verdict: 'unreadable', afterProbe: { kind }, preparedBefore: { kind }, faults };
  } finally {
    const left = readdirSync(own).filter((entry) => entry !== path.basename(file));
    if (left.length > 0) fault(`left behind: ${left}`);
    await rm(own, { recursive: true, force: true });
  }
}

/** Probes and decodes sound videos of which damaged ones will be made. */
export async function readSound(ffmpeg: Ffmpeg, subject: Subject, files: readonly string[]): Promise<Sound[]> {
  const read: Sound[] = [];
  for (const file of files) {
    const facts = await subject.probe(file);
    const [width, height] = [Math.ceil(facts.width / 2), Math.ceil(facts.height / 2)];
    const crop = { x: Math.floor(width / 2), y: Math.floor(height / 2), width, height };
    const [whole, cropped] = [await fullDecode(ffmpeg, file, SIZE), await fullDecode(ffmpeg, file, SIZE, crop)];
    read.push({ file, facts, crop, whole, cropped });
  }
  return read.filter(({ facts }) => facts.verdict === 'ok');
}

/** Process numbers of what this process has started and what those have. */
export const descendants = (): number[] => treeOf(process.pid).slice(1);
