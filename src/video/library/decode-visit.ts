/**
 * A visit decoded in this process. Its result counts only where every frame came and nothing was complained about; anything
 * else is for ffmpeg's command line, which then says what is wrong.
 *
 * Exactness. Where time stamps tell which packet is which frame (`plan.ts`), packets whose frames nobody wants are decoded
 * only if others refer to them, and every frame delivered is known by its time stamp. Else frames are counted as they come.
 */
import type { Frame, Packet } from 'node-av/lib';
import { seekBefore } from '../seeks.ts';
import { distinctFrames, frameBytes, type Visit } from '../visit.ts';
import type { Library } from './load.ts';
import { type OpenVideo, openVideo, timeOf } from './open-video.ts';
import { openPictures, type Pictures } from './pictures.ts';
import { type Listed, type Plan, planDecoding, REORDERED } from './plan.ts';
import { Unfit } from './unfit.ts';

export type Outcome = { readonly clips: Uint8Array } | { readonly unfit: string };

/** Packets between two looks at what has come in meanwhile. */
const BREATH = 64;

export interface VisitDecoder {
  /**
   * @param source of the visit's file, as ffmpeg takes it
   * @returns the distinct frames of each clip, clip by clip, good until the next call; or why not
   * @throws the signal's reason
   */
  decode(visit: Visit, source: string, signal: AbortSignal): Promise<Outcome>;
}

export function openVisitDecoder(library: Library): VisitDecoder {
  let memory = Buffer.alloc(0);
  const packets: Packet[] = [];
  const { AV_PKT_FLAG_KEY, AV_PKT_FLAG_DISCARD, AV_FRAME_DATA_DISPLAYMATRIX } = library.constants;

  const packetAt = (i: number): Packet => {
    const packet = packets[i] ?? new library.av.Packet();
    if (packets[i] === undefined) {
      packet.alloc();
      packets[i] = packet;
    }
    return packet;
  };

  async function run(visit: Visit, source: string, signal: AbortSignal): Promise<Uint8Array> {
    if (visit.steady !== true || visit.alone === true) throw new Unfit('it is not known to be sound');
    const clips = visit.clips.map(({ frames }) => distinctFrames(frames));
    const wanted = distinctFrames(clips.flat());
    const seek = seekBefore(visit.seeks, wanted[0] as number);
    const output = openOutput(visit, clips, AV_FRAME_DATA_DISPLAYMATRIX);
    const video = openVideo(library, source, seek);
    let read = 0;
    try {
      const listed: Listed[] = [];
      const enough = video.timed ? (wanted.at(-1) as number) - (video.start?.frame ?? 0) + REORDERED : 0;
      // Packets before the seek's frame do not count: a key frame before it may have been the nearest to start from.
      for (let shown = 0; shown < enough && video.read(packetAt(read)); read++) {
        const { pts, flags } = packetAt(read);
        const time = timeOf(pts);
        listed.push({
          pts: time,
          key: (flags & AV_PKT_FLAG_KEY) !== 0,
          discard: (flags & AV_PKT_FLAG_DISCARD) !== 0,
        });
        if (video.start === undefined || (time ?? 0) >= video.start.time) shown++;
      }
      const plan = video.timed ? planDecoding(listed, wanted, video.start) : undefined;
      if (plan === undefined) await decodeCounting(video, read, wanted, output, signal);
      else await decodePlanned(video, listed, plan, output, signal);
    } finally {
      output.close();
      for (let i = 0; i < Math.max(read, 1) && i < packets.length; i++) packets[i]?.unref();
      video.close();
    }
    if (output.made < output.expected) throw new Unfit('not every frame came');
    return memory.subarray(0, output.expected);
  }

  async function decodePlanned(
    video: OpenVideo,
    listed: readonly Listed[],
    { frames, last }: Plan,
    output: Output,
    signal: AbortSignal,
  ): Promise<void> {
    const onFrame = (frame: Frame): boolean => {
      output.see(frame);
      const number = frames.get(Number(frame.bestEffortTimestamp));
      if (number !== undefined) output.take(number, frame);
      return true;
    };
    for (let i = 0; i <= last; i++) {
      if (i % BREATH === BREATH - 1) await breathe(signal);
      video.skip(!frames.has(listed[i]?.pts as number));
      video.decode(packetAt(i), onFrame);
    }
    video.decode(null, onFrame);
  }

  async function decodeCounting(
    video: OpenVideo,
    read: number,
    wanted: readonly number[],
    output: Output,
    signal: AbortSignal,
  ): Promise<void> {
    const { start } = video;
    const asked = new Set(wanted);
    const last = wanted.at(-1) as number;
    let number = start?.frame ?? 0;
    const onFrame = (frame: Frame): boolean => {
      output.see(frame);
      if (start !== undefined) {
        const time = timeOf(frame.bestEffortTimestamp);
        if (time === undefined) throw new Unfit('a picture without a time behind a seek');
        if (time < start.time) return true;
      }
      if (asked.has(number)) output.take(number, frame);
      return number++ < last;
    };
    for (let i = 0; ; i++) {
      if (i % BREATH === BREATH - 1) await breathe(signal);
      const packet = packetAt(i < read ? i : 0);
      if (i >= read && !video.read(packet)) break;
      const goOn = video.decode(packet, onFrame);
      packet.unref();
      if (!goOn) return;
    }
    video.decode(null, onFrame);
  }

  interface Output {
    readonly expected: number;
    /** Bytes made so far. */
    readonly made: number;
    /** Every picture that comes, wanted or not. */
    see(frame: Frame): void;
    take(number: number, frame: Frame): void;
    close(): void;
  }

  function openOutput(visit: Visit, clips: readonly (readonly number[])[], turned: number): Output {
    const bytes = frameBytes(visit.clips[0].size);
    const expected = clips.reduce((sum, own) => sum + own.length, 0) * bytes;
    if (memory.length < expected) memory = Buffer.alloc(expected);
    const opened: (Pictures | undefined)[] = [];
    let like: Pick<Frame, 'width' | 'height' | 'format'> | undefined;
    let made = 0;
    return {
      expected,
      get made() {
        return made;
      },
      see(frame) {
        if (like !== undefined) return;
        if (frame.getSideData(turned) !== null) throw new Unfit('its pictures are shown turned');
        const { width, height, format } = frame;
        // ffmpeg 7 and 8 scale these differently, by up to 2.6 levels in the mean of noise.
        if (height % 2 === 1) throw new Unfit('its pictures are of odd height');
        like = { width, height, format };
      },
      take(number, frame) {
        const { width, height, format } = frame;
        if (like?.width !== width || like.height !== height || like.format !== format) {
          throw new Unfit('the size of its pictures changes');
        }
        let start = 0;
        for (const [k, own] of clips.entries()) {
          const place = own.indexOf(number);
          if (place >= 0) {
            opened[k] ??= openPictures(library, visit.clips[k] as Visit['clips'][0], frame);
            const at = (start + place) * bytes;
            opened[k]?.make(frame, memory.subarray(at, at + bytes));
            made += bytes;
          }
          start += own.length;
        }
      },
      close() {
        for (const one of opened) one?.close();
      },
    };
  }

  return {
    async decode(visit, source, signal) {
      try {
        const clips = await run(visit, source, signal);
        const [complaint] = await library.complaints();
        return complaint === undefined ? { clips } : { unfit: complaint };
      } catch (thrown) {
        if (!(thrown instanceof Unfit)) throw thrown;
        await library.complaints();
        return { unfit: thrown.message };
      }
    },
  };
}

async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise(setImmediate);
  signal.throwIfAborted();
}
