/**
 * Videos with everything that makes frame numbers, sizes and seeks go wrong, made from drifting textures by ffmpeg without
 * any of our code. Each is a name and a way to make the file in a folder.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, copyFile, readFile, rename, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { drawMotion } from '../../src/data/motion.ts';
import { rng } from '../../src/tensor/random.ts';
import type { Ffmpeg } from '../../src/video/ffmpeg.ts';
import { withEdits } from './edit-lists.ts';

export interface OddVideo {
  /** Makes the file and returns its path. */
  make(by: Ffmpeg, folder: string): Promise<string>;
  /** Found to be no video, rather than delivered. */
  readonly unreadable?: boolean;
  /** Delivered with a complaint. Neither: nobody complains. */
  readonly damaged?: boolean;
}

const FPS = 20;
const FRAMES = 40;
const textures = new Map<string, Uint8Array>();

/** A drifting texture of its own speed, uint8 [T, H, W, 3]; drawn once. */
export function texture(width: number, height: number, frames: number): Uint8Array {
  const key = `${width}x${height}x${frames}`;
  const drawn =
    textures.get(key) ??
    drawMotion(1, { frames, width, height, speed: [2, 3], wavelength: [16, 40] }, rng(3, 'odd', width, height)).data;
  textures.set(key, drawn);
  return drawn;
}

/** Runs ffmpeg with bytes on its standard input. @throws with its words where it fails */
export async function runFed(by: Ffmpeg, args: readonly string[], bytes?: Uint8Array): Promise<void> {
  const child = spawn(by.path, ['-v', 'error', '-y', ...args], { stdio: ['pipe', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(bytes);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) throw new Error(`ffmpeg ${args.join(' ')}: ${code ?? signal}: ${stderr}`);
}

interface Source {
  readonly size?: readonly [width: number, height: number];
  readonly frames?: number;
  readonly fps?: number;
  /** More inputs, such as sound. */
  readonly inputs?: readonly string[];
}

/** Encodes the texture to `name` in the folder. */
async function encode(
  by: Ffmpeg,
  folder: string,
  name: string,
  coding: readonly string[],
  { size: [width, height] = [96, 72], frames = FRAMES, fps = FPS, inputs = [] }: Source = {},
): Promise<string> {
  const file = path.join(folder, name);
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', `${width}x${height}`, '-r', String(fps), '-i', 'pipe:0'];
  await runFed(by, [...raw, ...inputs, ...coding, `file:${file}`], texture(width, height, frames));
  return file;
}

/** A video that one run of ffmpeg makes from the texture. */
const plain = (name: string, coding: string, source: Source = {}): OddVideo => ({
  make: (by, folder) => encode(by, folder, name, words(coding), source),
});

/** One that a second run makes from it without coding anew; `before` and `after` are options before and after `-i`. */
const copied = (name: string, coding: string, before: string, after: string, source: Source = {}): OddVideo => ({
  async make(by, folder) {
    const whole = await encode(by, folder, `whole${path.extname(name)}`, words(coding), source);
    const file = path.join(folder, name);
    await runFed(by, [...words(before), '-i', `file:${whole}`, '-c', 'copy', ...words(after), `file:${file}`]);
    return file;
  },
});

/** One whose bytes are changed afterwards. */
const altered = (
  made: OddVideo,
  alter: (bytes: Buffer) => Uint8Array,
  outcome: Pick<OddVideo, 'damaged' | 'unreadable'> = {},
): OddVideo => ({
  async make(by, folder) {
    const file = await made.make(by, folder);
    await writeFile(file, alter(await readFile(file)));
    return file;
  },
  ...outcome,
});

/** Several files, one after the other as bytes. */
const chained = (name: string, ...parts: readonly OddVideo[]): OddVideo => ({
  async make(by, folder) {
    const file = path.join(folder, `${name}.part`);
    await writeFile(file, '');
    for (const part of parts) await appendFile(file, await readFile(await part.make(by, folder)));
    await rename(file, path.join(folder, name));
    return path.join(folder, name);
  },
});

const renamed = (made: OddVideo, name: string): OddVideo => ({
  ...made,
  async make(by, folder) {
    const file = path.join(folder, name);
    await copyFile(await made.make(by, folder), file);
    return file;
  },
});

/** One second of silence is enough of a sound. */
const withSound = (made: (pcm: string) => OddVideo): OddVideo => ({
  async make(by, folder) {
    const pcm = path.join(folder, 'sound.pcm');
    await writeFile(pcm, Buffer.alloc(2 * 8000 * 2));
    return made(pcm).make(by, folder);
  },
});
const sound = (pcm: string): string[] => ['-f', 's16le', '-ar', '8000', '-ac', '1', '-i', `file:${pcm}`];

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');

const X264 = '-c:v libx264 -preset veryfast -pix_fmt yuv420p -threads 1';
const H264 = `${X264} -g 10 -bf 2`;
const X265 = '-c:v libx265 -preset ultrafast -threads 1 -x265-params log-level=none:pools=1:frame-threads=1';
const VP9 = '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -threads 1';
const AV1 = '-c:v libaom-av1 -cpu-used 8 -usage realtime -threads 1';
const MPEG4 = '-c:v mpeg4 -q:v 3 -threads 1';
const MPEG2 = '-c:v mpeg2video -q:v 3 -threads 1 -g 10 -bf 2';
const cutAt = (share: number) => (bytes: Buffer) => bytes.subarray(0, Math.floor(bytes.length * share));
/** Time in units of a frame as an expression of the frame's number N. */
const timed = (expression: string): string =>
  `-vf setpts='(${expression})/${FPS}/TB' -fps_mode passthrough -enc_time_base 1/1000 -video_track_timescale 16000`;
/** Edits in frames of the track: [where it starts or -1 for a gap, how long]. */
const edited = (coding: string, ...edits: readonly (readonly [from: number, frames: number])[]): OddVideo =>
  altered(plain('edits.mp4', `${coding} -video_track_timescale ${FPS * 512}`), (bytes) =>
    withEdits(
      bytes,
      edits.map(([from, frames]) => ({ from: from < 0 ? -1 : from * 512, seconds: frames / FPS })),
    ),
  );

export const ODD_VIDEOS: Readonly<Record<string, OddVideo>> = {
  'uneven times in mp4': plain('v.mp4', `${H264} ${timed('N+4*floor(N/7)+mod(N*N\\,3)/4')}`),
  'uneven times in Matroska': plain('v.mkv', `${H264} ${timed('N+9*floor(N/11)+mod(N*N\\,5)/6')}`),
  'uneven times, VP9': plain('v.webm', `${VP9} -g 10 ${timed('N+2*floor(N/5)+mod(N\\,3)/3')}`),
  'an hour between two frames': plain('v.mp4', `${H264} ${timed('N+72000*gt(N\\,24)')}`),
  'frames at the same time': copied('v.mkv', `${X264} -g 10 -bf 0`, '', '-bsf:v setts=ts=floor(N/2)*2*50'),
  'times that go back': copied('v.mkv', `${X264} -g 10 -bf 0`, '', '-bsf:v setts=pts=(N-30*gt(N\\,20))*50:dts=N*50'),
  'a thousand frames a second': plain('v.mp4', H264, { fps: 1000 }),
  'one frame in ten seconds': plain('v.mp4', H264, { fps: 0.1 }),
  'a time base of one frame': plain('v.mp4', `${H264} -video_track_timescale ${FPS}`),
  'a time base of a second': plain('v.mp4', `${H264} -video_track_timescale 1`, { fps: 1 }),

  'an edit list from a cut at a picture between keyframes': copied('v.mp4', `${X264} -g 20 -bf 0`, '-ss 0.65', ''),
  'an edit list over B-frames': copied('v.mp4', `${X264} -g 20 -bf 3`, '-ss 0.65', ''),
  'an edit list that ends early': edited(`${X264} -g 10 -bf 0`, [0, 25]),
  'an edit list that starts late and ends early': edited(H264, [7, 21]),
  'two edits': edited(`${X264} -g 10 -bf 0`, [5, 10], [25, 10]),
  'two edits, the later part first': edited(`${X264} -g 10 -bf 0`, [20, 15], [0, 12]),
  'the same part twice': edited(`${X264} -g 10 -bf 0`, [3, 12], [3, 12]),
  'a gap before the pictures': edited(H264, [-1, 15], [2, 38]),
  'a gap between the pictures': edited(`${X264} -g 10 -bf 0`, [0, 10], [-1, 5], [20, 10]),
  'a negative start': copied('v.mp4', H264, '', '-output_ts_offset -0.4 -avoid_negative_ts disabled'),
  'a negative start in Matroska': copied('v.mkv', H264, '', '-output_ts_offset -0.4 -avoid_negative_ts disabled'),
  'a late start': copied('v.mp4', H264, '', '-output_ts_offset 7.3'),
  'a late start in Matroska': copied('v.mkv', H264, '', '-output_ts_offset 7.3'),

  'open groups of pictures, h264': plain(
    'v.mp4',
    `${X264} -bf 3 -g 12 -x264-params open-gop=1:b-pyramid=normal:scenecut=0:keyint=12:min-keyint=12`,
  ),
  'open groups of pictures, h264 in Matroska': plain(
    'v.mkv',
    `${X264} -bf 3 -x264-params open-gop=1:b-pyramid=normal:scenecut=0:keyint=12:min-keyint=12`,
  ),
  'open groups of pictures, hevc': plain(
    'v.mp4',
    `${X265}:open-gop=1:keyint=12:min-keyint=12:bframes=3:b-adapt=0:scenecut=0 -pix_fmt yuv420p`,
  ),
  'an open group of pictures without what it refers to': {
    ...copied('v.mkv', `${X264} -bf 3 -x264-params open-gop=1:scenecut=0:keyint=12:min-keyint=12`, '-ss 1', ''),
    damaged: true,
  },
  'open groups of pictures, MPEG-2': plain('v.mkv', MPEG2),
  'intra refresh': plain('v.mp4', `${X264} -x264-params intra-refresh=1:keyint=15 -bf 0`),
  'intra refresh in Matroska': plain('v.mkv', `${X264} -x264-params intra-refresh=1:keyint=15 -bf 2`),
  'one keyframe in 300': plain('v.mp4', `${X264} -g 9999 -bf 3 -x264-params scenecut=0`, { frames: 300 }),
  'nothing but keyframes': plain('v.mp4', `${X264} -g 1`),
  'reference pictures far back': plain('v.mp4', `${X264} -refs 16 -bf 8 -b_strategy 0 -g 30`),

  ...Object.fromEntries(
    [90, 180, 270, 45].map((angle) => [
      `turned by ${angle}°`,
      copied('v.mp4', H264, `-display_rotation ${angle}`, '', { size: [96, 54] }),
    ]),
  ),
  'turned, with odd sides': copied('v.mp4', `${MPEG4} -g 10`, '-display_rotation 90', '', { size: [107, 61] }),
  'mirrored for display': copied('v.mp4', H264, '-display_hflip', ''),
  'turned and mirrored': copied('v.mp4', H264, '-display_rotation 90 -display_vflip', ''),
  'odd sides': plain('v.webm', `${VP9} -g 12`, { size: [107, 61] }),
  '427x241': plain('v.webm', `${VP9} -g 12`, { size: [427, 241], frames: 14 }),
  '341x255 in full colour': plain('v.mp4', `-c:v libx264 -preset veryfast -pix_fmt yuv444p -g 6`, {
    ...{ size: [341, 255], frames: 14 },
  }),
  'pixels that are not square': plain('v.mp4', `${H264} -vf setsar=16/11`),
  'one pixel': plain('v.mkv', '-c:v ffv1', { size: [1, 1] }),
  'two by two pixels': plain('v.mp4', H264, { size: [2, 2] }),
  'one pixel high': plain('v.mkv', '-c:v ffv1', { size: [96, 1] }),
  '8K, one frame': plain('v.mp4', `${X264} -vf scale=7680:4320:flags=neighbor -preset ultrafast`, { frames: 1 }),
  'one frame': plain('v.mp4', H264, { frames: 1 }),
  'one frame, VP9': plain('v.webm', VP9, { frames: 1 }),
  'two frames': plain('v.mp4', H264, { frames: 2 }),
  'two frames in AVI': plain('v.avi', `${MPEG4} -bf 2`, { frames: 2 }),

  'ten bits, h264': plain('v.mp4', '-c:v libx264 -preset veryfast -pix_fmt yuv420p10le -g 10'),
  'ten bits, hevc': plain('v.mp4', `${X265}:keyint=10 -pix_fmt yuv420p10le`),
  'ten bits, VP9': plain('v.webm', `${VP9} -g 10 -pix_fmt yuv420p10le -profile:v 2`),
  'high dynamic range': plain(
    'v.mp4',
    `${X265}:keyint=10 -pix_fmt yuv420p10le -color_primaries bt2020 -color_trc smpte2084 -colorspace bt2020nc`,
  ),
  'full range': plain('v.mp4', `${H264} -color_range pc -colorspace bt709`),
  'BT.709': plain('v.mp4', `${H264} -colorspace bt709 -color_primaries bt709 -color_trc bt709`),
  grey: plain('v.mp4', '-c:v libx264 -preset veryfast -pix_fmt gray -g 10'),
  'RGB inside': plain('v.mp4', '-c:v libx264rgb -preset veryfast -g 10'),
  transparent: plain('v.webm', '-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -vf format=yuva420p -g 10'),
  'a palette': plain('v.mkv', '-c:v png -pix_fmt pal8 -vf split[a][b];[a]palettegen[p];[b][p]paletteuse', {
    frames: 12,
  }),
  'four colours to a pixel': plain('v.mov', '-c:v prores_ks -pix_fmt yuva444p10le', { frames: 12 }),

  AV1: plain('v.mp4', `${AV1} -g 10`),
  'AV1 in Matroska': plain('v.webm', `${AV1} -g 10 -lag-in-frames 0`),
  'AV1 in a file of its own': plain('v.ivf', `${AV1} -g 10`),
  'VP8 with hidden pictures': plain(
    'v.webm',
    '-c:v libvpx -auto-alt-ref 1 -lag-in-frames 16 -b:v 200k -g 15 -threads 1',
  ),
  'VP9 with hidden pictures': plain(
    'v.webm',
    '-c:v libvpx-vp9 -auto-alt-ref 1 -lag-in-frames 16 -cpu-used 5 -deadline good -b:v 200k -g 15 -threads 1',
  ),
  'interlaced h264': plain('v.mp4', `${X264} -flags +ilme+ildct -x264-params tff=1 -g 10`),
  'interlaced MPEG-2': plain('v.mpg', `${MPEG2} -flags +ilme+ildct`),
  'several slices': plain('v.mp4', `${H264} -x264-params slices=4`),
  'data partitions of MPEG-4': plain('v.avi', `${MPEG4} -data_partitioning 1 -g 10`),

  'transport stream': plain('v.ts', H264),
  'transport stream from a camera': plain('v.m2ts', H264),
  'transport stream with MPEG-2': plain('v.ts', MPEG2),
  'transport stream, two after one another': chained('v.ts', plain('a.ts', H264), plain('b.ts', `${X264} -g 7 -bf 0`)),
  'transport stream at the end of its clock': plain('v.ts', `${H264} -output_ts_offset 95442.9 -muxdelay 0`),
  'transport stream, cut on both sides': altered(plain('v.ts', H264), (bytes) =>
    bytes.subarray(188 * 30, 188 * Math.floor((bytes.length / 188) * 0.9)),
  ),
  'program stream': plain('v.mpg', MPEG2),
  'program stream with h264': plain('v.vob', `${H264} -f vob`),
  'MPEG-1': plain('v.mpg', '-c:v mpeg1video -q:v 3 -g 10 -bf 2 -r 25'),
  'AVI without times, B-frames': plain('v.avi', `${MPEG4} -bf 2 -g 300`),
  'AVI without times, many keyframes': plain('v.avi', `${MPEG4} -bf 2 -g 9`),
  'AVI with h264': plain('v.avi', H264),
  'AVI with motion JPEG': plain('v.avi', '-c:v mjpeg -q:v 3'),
  'AVI, raw': plain('v.avi', '-c:v rawvideo -pix_fmt bgr24', { frames: 12 }),
  'AVI without its index': altered(plain('v.avi', `${MPEG4} -g 9`), (bytes) =>
    bytes.subarray(0, bytes.indexOf('idx1')),
  ),
  xvid: plain('v.avi', '-c:v libxvid -q:v 3 -bf 2 -g 12'),
  'old DivX': plain('v.avi', '-c:v msmpeg4 -q:v 3 -g 12'),
  'Windows Media': plain('v.wmv', '-c:v wmv2 -q:v 3 -g 12'),
  Flash: plain('v.flv', '-c:v flv -q:v 3 -g 12'),
  'Flash with h264': plain('v.flv', H264),
  Theora: plain('v.ogv', '-c:v libtheora -q:v 6 -g 12'),
  'h263 in 3gp': plain('v.3gp', '-c:v h263 -q:v 3 -g 12', { size: [128, 96] }),
  Cinepak: plain('v.mov', '-c:v cinepak', { frames: 4, size: [64, 48] }),
  ProRes: plain('v.mov', '-c:v prores_ks', { frames: 12 }),
  'DNxHD in MXF': plain('v.mxf', `${MPEG2} -bf 0 -r 25`),
  GIF: plain('v.gif', '-c:v gif'),
  'GIF with uneven times': plain('v.gif', "-c:v gif -vf setpts='(N+3*floor(N/4))/20/TB' -fps_mode passthrough"),
  'animated PNG': plain('v.apng', '-c:v apng -f apng', { frames: 12 }),
  'h264 without a container': plain('v.h264', H264),
  'hevc without a container': plain('v.hevc', `${X265}:keyint=10:bframes=2`),
  'MPEG-4 without a container': plain('v.m4v', `${MPEG4} -bf 2 -g 9`),
  'motion JPEG without a container': plain('v.mjpeg', '-c:v mjpeg -q:v 3', { frames: 12 }),
  yuv4mpeg: plain('v.y4m', '-pix_fmt yuv420p -f yuv4mpegpipe', { frames: 12 }),
  NUT: plain('v.nut', H264),
  'fragmented mp4': plain('v.mp4', `${H264} -movflags frag_keyframe+empty_moov+default_base_moof`),
  'fragmented mp4, a fragment for each frame': plain('v.mp4', `${H264} -movflags frag_every_frame+empty_moov`),
  'fragmented mp4 with delayed moov': plain('v.mp4', `${H264} -movflags frag_keyframe+delay_moov`),
  'QuickTime, index at the end': plain('v.mov', H264),
  'Matroska without cues, unknown length': plain('v.mkv', `${H264} -live 1 -f matroska`),

  'sound first': withSound((pcm) =>
    plain('v.mp4', `${H264} -map 1:a -map 0:v -c:a aac -shortest`, { inputs: sound(pcm) }),
  ),
  'sound that starts before the pictures': withSound((pcm) =>
    plain('v.mp4', `${H264} -map 1:a -map 0:v -c:a aac -af aresample=8000 -vf setpts=PTS+0.73/TB`, {
      inputs: sound(pcm),
    }),
  ),
  'sound alone': {
    ...withSound((pcm) => plain('v.mp4', '-map 1:a -c:a aac', { inputs: sound(pcm), frames: 1 })),
    unreadable: true,
  },
  'a cover picture after the video': {
    async make(by, folder) {
      const video = await encode(by, folder, 'whole.mp4', words(H264));
      const cover = await encode(by, folder, 'cover.jpg', words('-c:v mjpeg'), { frames: 1, size: [64, 64] });
      const file = path.join(folder, 'v.mp4');
      const maps = words('-map 0 -map 1 -c copy -disposition:v:1 attached_pic');
      await runFed(by, ['-i', video, '-i', cover, ...maps, file]);
      return file;
    },
  },
  'a cover picture before the video': {
    async make(by, folder) {
      const video = await encode(by, folder, 'whole.mp4', words(H264));
      const cover = await encode(by, folder, 'cover.jpg', words('-c:v mjpeg'), { frames: 1, size: [64, 64] });
      const file = path.join(folder, 'v.mp4');
      const maps = words('-map 1 -map 0 -c copy -disposition:v:0 attached_pic');
      await runFed(by, ['-i', video, '-i', cover, ...maps, file]);
      return file;
    },
  },
  'sound with a cover picture': {
    async make(by, folder) {
      const cover = await encode(by, folder, 'cover.jpg', words('-c:v mjpeg'), { frames: 1, size: [64, 64] });
      const file = path.join(folder, 'v.m4a');
      const pcm = path.join(folder, 'sound.pcm');
      await writeFile(pcm, Buffer.alloc(2 * 8000 * 2));
      const maps = words('-map 0 -map 1 -c:a aac -c:v copy -disposition:v:0 attached_pic');
      await runFed(by, [...sound(pcm), '-i', cover, ...maps, file]);
      return file;
    },
    unreadable: true,
  },
  'two videos in one file': {
    async make(by, folder) {
      const one = await encode(by, folder, 'one.mp4', words(H264));
      const two = await encode(by, folder, 'two.mp4', words(`${X264} -g 7`), { size: [64, 64], frames: 25 });
      const file = path.join(folder, 'v.mkv');
      await runFed(by, ['-i', one, '-i', two, ...words('-map 1 -map 0 -c copy'), file]);
      return file;
    },
  },
  'two videos in one file, the second by default': {
    async make(by, folder) {
      const one = await encode(by, folder, 'one.mp4', words(H264));
      const two = await encode(by, folder, 'two.mp4', words(`${X264} -g 7`), { size: [64, 64], frames: 25 });
      const file = path.join(folder, 'v.mkv');
      const maps = words('-map 1 -map 0 -c copy -disposition:v:0 0 -disposition:v:1 default');
      await runFed(by, ['-i', one, '-i', two, ...maps, file]);
      return file;
    },
  },

  'no first keyframe': copied('v.mkv', `${X264} -g 10 -bf 0`, '', '-bsf:v noise=drop=eq(n\\,0)'),
  'a keyframe lost on the way': copied('v.mp4', `${X264} -g 10 -bf 0`, '', '-bsf:v noise=drop=eq(n\\,10)'),
  'B-frames lost on the way': {
    ...copied('v.mkv', H264, '', '-bsf:v noise=drop=eq(mod(n\\,10)\\,4)'),
    damaged: true,
  },
  'h264 from the middle of a group': {
    ...altered(plain('v.h264', `${X264} -g 20 -bf 0`), (bytes) => bytes.subarray(bytes.length >> 2)),
    damaged: true,
  },
  'mp4 cut in half': altered(plain('v.mp4', `${H264} -movflags +faststart`), cutAt(0.5), { damaged: true }),
  'mp4 cut before its index': altered(plain('v.mp4', H264), cutAt(0.8), { unreadable: true }),
  'webm cut in half': altered(plain('v.webm', `${VP9} -g 10`), cutAt(0.5), { damaged: true }),
  'AVI cut in half': altered(plain('v.avi', `${MPEG4} -g 9`), cutAt(0.5), { damaged: true }),
  'nothing but a header': altered(
    plain('v.mp4', `${H264} -movflags frag_keyframe+empty_moov`),
    (bytes) => bytes.subarray(0, bytes.indexOf('moof') - 4),
    { unreadable: true },
  ),
  'bytes after the end': altered(plain('v.mp4', H264), (bytes) => Buffer.concat([bytes, Buffer.alloc(5000, 7)])),
  'a folder of a name like a video': {
    async make(_, folder) {
      return folder;
    },
    unreadable: true,
  },
  'a file of zeros': {
    async make(_, folder) {
      const file = path.join(folder, 'v.mp4');
      await writeFile(file, '');
      await truncate(file, 100_000);
      return file;
    },
    unreadable: true,
  },

  ...Object.fromEntries(
    [
      '#[];&()!%d - .mp4',
      '-leading.mp4',
      'v%03d.mp4',
      '*?.mp4',
      'it\'s "quoted".mp4',
      'back\\slash.mp4',
      'concat:a|b.mp4',
      'http:;;x.mp4',
      'a,b;c=d:e.mp4',
      'line\nbreak.mp4',
      '日本語 ÄÖÜ.mp4',
      'no extension',
      'wrong extension.avi',
      'trailing space ',
      '$HOME`ls`.mp4',
      '.hidden',
      `${'long'.repeat(50)}.mp4`,
      'picture.jpg',
    ].map((name) => [`the name ${JSON.stringify(name)}`, renamed(plain('v.mp4', H264, { frames: 12 }), name)]),
  ),
};
