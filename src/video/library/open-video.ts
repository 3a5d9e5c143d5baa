/** One video opened by the library: its packets and a decoder for them. */
import type { CodecContext, FormatContext, Frame, Packet, Stream } from 'node-av/lib';
import type { Seek } from '../seeks.ts';
import type { Library } from './load.ts';
import type { Start } from './plan.ts';
import { Unfit } from './unfit.ts';

export interface OpenVideo {
  /** Whether time stamps say which packets are needed, and pictures can be left out; see `plan.ts`. */
  readonly timed: boolean;
  /** Where it was opened; undefined at the start of the video. */
  readonly start: Start | undefined;
  /** Reads the next packet; false at the end. */
  read(packet: Packet): boolean;
  /** Whether to leave out pictures that no other refers to, from the next packet on. */
  skip(unreferenced: boolean): void;
  /** Decodes a packet, or what is left without one, and hands out the pictures until `onFrame` says stop. */
  decode(packet: Packet | null, onFrame: (frame: Frame) => boolean): boolean;
  close(): void;
}

/** Of the demuxers whose time stamps are the file's own. */
const TIMED_FORMATS = /^(?:mov,mp4|matroska)/;
const TIMED_CODECS = ['h264', 'hevc', 'mpeg4'];
/** Each packet is one picture, shown at once: nothing has to be found out before. */
const SIMPLE_CODECS = ['vp8', 'vp9', 'av1'];
const NOTHING = -(2n ** 63n);

export const timeOf = (time: bigint): number | undefined => (time === NOTHING ? undefined : Number(time));

/**
 * @param source as ffmpeg takes it, `file:…`
 * @throws Unfit where it is no video, is to be turned, or has no decoder
 */
export function openVideo(library: Library, source: string, seek: Seek | undefined): OpenVideo {
  const { av, constants } = library;
  const format = new av.FormatContext();
  let context: CodecContext | undefined;
  const frame = new av.Frame();
  const close = (): void => {
    frame.free();
    context?.freeContext();
    format.closeInputSync();
  };
  format.allocContext();
  check(format.openInputSync(source), 'it cannot be opened');
  try {
    const own = TIMED_FORMATS.test(format.iformat?.name ?? '');
    const nameIn = ({ codecpar }: Stream): string => av.avGetCodecName(codecpar.codecId) ?? '';
    const known = own && seek === undefined ? nameIn(videoOf(format, library)) : '';
    if (![...TIMED_CODECS, ...SIMPLE_CODECS].includes(known)) {
      check(format.findStreamInfoSync(), 'nothing is known of its streams');
    }
    const stream = videoOf(format, library);
    const codecName = nameIn(stream);
    const timed = own && TIMED_CODECS.includes(codecName);
    const parameters = stream.codecpar;
    refuseTurned(parameters.getAllCodedSideData(), library);
    const codec = av.Codec.findDecoder(parameters.codecId);
    if (codec === null) throw new Unfit(`no decoder for ${codecName}`);
    for (const other of format.streams) if (other.index !== stream.index) other.discard = constants.AVDISCARD_ALL;
    context = new av.CodecContext();
    context.allocContext3(codec);
    check(context.parametersToContext(parameters), 'the decoder refuses its parameters');
    context.pktTimebase = stream.timeBase;
    context.threadCount = 1;
    check(context.open2Sync(codec), 'the decoder does not open');
    const start = seek && goTo(format, stream, seek, constants.AVSEEK_FLAG_BACKWARD);
    return { timed, start, close, ...reading(library, format, stream.index), ...decoding(library, context, frame) };
  } catch (thrown) {
    close();
    throw thrown;
  }
}

/** The first that is no cover picture. */
function videoOf({ streams }: FormatContext, { constants }: Library): Stream {
  const found = streams.find(
    ({ codecpar, disposition }) =>
      codecpar.codecType === constants.AVMEDIA_TYPE_VIDEO &&
      (disposition & constants.AV_DISPOSITION_ATTACHED_PIC) === 0,
  );
  if (found === undefined) throw new Unfit('no video stream');
  return found;
}

function refuseTurned(sideData: readonly { readonly type: number }[], { constants }: Library): void {
  const { AV_PKT_DATA_DISPLAYMATRIX, AV_PKT_DATA_FRAME_CROPPING } = constants;
  if (sideData.some(({ type }) => type === AV_PKT_DATA_DISPLAYMATRIX || type === AV_PKT_DATA_FRAME_CROPPING)) {
    throw new Unfit('it is shown turned or cropped');
  }
}

/**
 * `seconds` lie a quarter of a frame before the key frame. Containers look for a key frame that is not behind the time given, so a
 * little more is asked for where frames are evenly spaced; else decoding begins at the key frame before.
 */
function goTo(format: FormatContext, stream: Stream, [frame, seconds]: Seek, backward: number): Start {
  const { timeBase, avgFrameRate, rFrameRate } = stream;
  const start = format.startTime === NOTHING ? 0 : Number(format.startTime) / 1e6;
  const time = ((start + seconds) * timeBase.den) / timeBase.num;
  const even = avgFrameRate.num > 0 && avgFrameRate.num * rFrameRate.den === rFrameRate.num * avgFrameRate.den;
  const period = even ? (avgFrameRate.den * timeBase.den) / (avgFrameRate.num * timeBase.num) : 0;
  const target = BigInt(Math.floor(time + period / 2));
  check(format.seekFrameSync(stream.index, target, backward), 'it cannot be sought in');
  return { frame, time };
}

function reading({ constants }: Library, format: FormatContext, index: number): Pick<OpenVideo, 'read'> {
  const { AVERROR_EOF, AV_PKT_FLAG_CORRUPT } = constants;
  const several = format.streams.length > 1;
  return {
    read(packet) {
      for (;;) {
        const code = format.readFrameSync(packet);
        if (code === AVERROR_EOF) return false;
        check(code, 'a packet cannot be read');
        if (!several || packet.streamIndex === index) break;
        packet.unref();
      }
      if ((packet.flags & AV_PKT_FLAG_CORRUPT) !== 0) throw new Unfit('a packet is damaged');
      return true;
    },
  };
}

function decoding({ constants }: Library, context: CodecContext, frame: Frame): Pick<OpenVideo, 'skip' | 'decode'> {
  const { AVERROR_EAGAIN, AVERROR_EOF } = constants;
  frame.alloc();
  let skipping = false;
  return {
    skip(unreferenced) {
      if (unreferenced === skipping) return;
      check(context.setOption('skip_frame', unreferenced ? 'noref' : 'default'), 'pictures cannot be left out');
      skipping = unreferenced;
    },
    decode(packet, onFrame) {
      check(context.sendPacketSync(packet), 'a packet does not decode');
      for (;;) {
        const code = context.receiveFrameSync(frame);
        if (code === AVERROR_EAGAIN || code === AVERROR_EOF) return true;
        check(code, 'a picture does not decode');
        const goOn = onFrame(frame);
        frame.unref();
        if (!goOn) return false;
      }
    },
  };
}

function check(code: number, what: string): void {
  if (code < 0) throw new Unfit(`${what} (${code})`);
}
