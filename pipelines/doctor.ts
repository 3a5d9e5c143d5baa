/** `petl-video doctor`: what this machine has for training, where it was taken from, and how to get what is missing. */
import os from 'node:os';
import { whatIsMissing } from '../src/engine/availability.ts';
import { type Candidate, pickEngine } from '../src/engine/choose.ts';
import { smokeTest } from '../src/engine/smoke-test.ts';
import { listBindings, loadTensorflow } from '../src/engine/tensorflow-binding.ts';
import { environmentError, PetlVideoError } from '../src/errors/index.ts';
import { tryBinding } from '../src/setup/binding.ts';
import { freeBytes, inMegabytes } from '../src/setup/cache.ts';
import { findOnPath, runProgram } from '../src/setup/executables.ts';
import { tf } from '../src/tensor/tf.ts';
import { findFfmpeg, listDecoders } from '../src/video/ffmpeg.ts';
import { describeImageDecoders, type ImageDecoders, imageDecoders } from '../src/video/image/describe.ts';
import { findLibrary } from '../src/video/library/load.ts';
import type { Command, Context } from './command.ts';

/** What videos of the data sets and people's own come in; any decoder of a line will do. */
const DECODERS: Readonly<Record<string, readonly string[]>> = {
  h264: ['h264'],
  vp9: ['vp9', 'libvpx-vp9'],
  mpeg4: ['mpeg4'],
  // ffmpeg's own `av1` only drives graphics cards.
  av1: ['libdav1d', 'libaom-av1'],
  hevc: ['hevc'],
  mjpeg: ['mjpeg'],
  png: ['png'],
};

export const doctor: Command = {
  name: 'doctor',
  summary: 'Say what this machine has for training, what is missing and how to get it',
  arguments: [],
  options: [],
  examples: ['petl-video doctor', 'petl-video doctor --json'],

  async run(_values, _options, context) {
    const machine = await lookAtMachine(context);
    const tensorflow = await lookAt(() => lookAtTensorflow(context));
    const ffmpeg = await lookAt(() => lookAtFfmpeg(context));
    const nodeAv = (await findLibrary()) ?? null;
    const images = await imageDecoders();
    const engines = await lookAtEngines(context);
    const auto = await lookAt(() => lookAtAuto(context));
    const hints = hintsFor(machine, tensorflow, ffmpeg, images);
    const ok = auto.ok && ffmpeg.ok;
    const lines = [
      ...machineLines(machine),
      ...tensorflowLines(tensorflow),
      ...engineLines(engines, auto),
      ...ffmpegLines(ffmpeg),
      `images        ${describeImageDecoders(images)}`,
      `node-av       ${nodeAv === null ? 'not installed (optional: data.decoder)' : `${nodeAv.version}, ${nodeAv.folder}`}`,
    ];
    const verdict = ok ? 'training can run' : 'training cannot run';
    const text = [...lines, ...hints.map((hint) => `hint          ${hint}`), '', verdict].join('\n');
    context.reporter.result(text, { ok, machine, tensorflow, engines, auto, ffmpeg, images, nodeAv, hints });
    if (!ok) {
      const missing = [...(auto.ok ? [] : ['an engine']), ...(ffmpeg.ok ? [] : ['ffmpeg'])];
      throw environmentError(`training cannot run: ${missing.join(' and ')} missing or not working`, {
        remedy: 'the report says how to get what is missing; usually: petl-video setup',
      });
    }
  },
};

type Machine = Awaited<ReturnType<typeof lookAtMachine>>;
type Tensorflow = Awaited<ReturnType<typeof lookAtTensorflow>>;
type FoundEngine = Awaited<ReturnType<typeof lookAtEngines>>[number];
type Auto = Awaited<ReturnType<typeof lookAtAuto>>;
type FoundFfmpeg = Awaited<ReturnType<typeof lookAtFfmpeg>>;
type Missing = { readonly ok: false; readonly error: string };

async function lookAtMachine({ environment, signal }: Context) {
  return {
    node: process.versions.node,
    system: `${os.type()} ${os.release()} ${process.arch}`,
    cores: os.availableParallelism(),
    memoryBytes: os.totalmem(),
    freeMemoryBytes: os.freemem(),
    cache: environment.cache,
    freeDiskBytes: await freeBytes(environment.cache),
    gpus: await listGpus(environment.searchPath, signal),
  };
}

async function lookAtTensorflow({ environment, signal }: Context) {
  // In a process of its own first: a library that crashes while it loads would take the report with it.
  for (const { file, required } of await listBindings(environment.cache)) {
    try {
      await tryBinding(file, signal);
      break;
    } catch (error) {
      signal.throwIfAborted();
      if (required) throw error;
    }
  }
  const { version, gpu, source, file } = await loadTensorflow(environment);
  await smokeTest(environment);
  return { ok: true as const, tfjs: tf.version.tfjs, libtensorflow: version, gpu, source, file };
}

/** What people choose among; the references are always there or come with TensorFlow. */
const ENGINES_TO_HAVE: readonly Candidate[] = [
  { name: 'tensorflow', device: 'cuda' },
  { name: 'tensorflow', device: 'cpu' },
  { name: 'onnxruntime', device: 'cuda' },
  { name: 'onnxruntime', device: 'webgpu' },
  { name: 'onnxruntime', device: 'cpu' },
];

async function lookAtEngines({ environment }: Context) {
  const looks = ENGINES_TO_HAVE.map(async ({ name, device }) => {
    const missing = await whatIsMissing(name, device, environment);
    if (missing === undefined) return { name, device, ok: true as const };
    const { what, remedy } = missing.error;
    return { name, device, ok: false as const, error: what, remedy };
  });
  return Promise.all(looks);
}

async function lookAtAuto({ environment }: Context) {
  const { options, reason } = await pickEngine({}, environment);
  return { ok: true as const, name: options.name, device: options.device, reason };
}

async function lookAtFfmpeg({ environment, signal }: Context) {
  const { ffmpegPath, cache, searchPath } = environment;
  const ffmpeg = await findFfmpeg({ environmentPath: ffmpegPath, cache, searchPath, signal });
  const names = await listDecoders(ffmpeg, signal);
  const decoders = Object.fromEntries(
    Object.entries(DECODERS).map(([format, any]) => [format, any.some((name) => names.has(name))]),
  );
  return { ok: true as const, ...ffmpeg, startupMs: Math.round(ffmpeg.startupMs), decoders };
}

async function lookAt<T>(look: () => Promise<T>): Promise<T | Missing> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PetlVideoError) return { ok: false, error: error.message };
    throw error;
  }
}

/** Names of NVIDIA cards, with their driver; empty where the driver's tool is not installed. */
async function listGpus(searchPath: string, signal: AbortSignal): Promise<string[]> {
  const tool = await findOnPath('nvidia-smi', searchPath);
  if (tool === undefined) return [];
  const query = ['--query-gpu=name,driver_version', '--format=csv,noheader'];
  const { code, stdout } = await runProgram(tool, query, { signal });
  return code === 0 ? stdout.trim().split('\n').filter(Boolean) : [];
}

function hintsFor(
  machine: Machine,
  tensorflow: Tensorflow | Missing,
  ffmpeg: FoundFfmpeg | Missing,
  images: ImageDecoders,
): string[] {
  const hints: string[] = [];
  if (machine.gpus.length > 0 && tensorflow.ok && !tensorflow.gpu) {
    hints.push('TensorFlow does not use the NVIDIA card: petl-video setup --cuda provides one that can');
  }
  if (ffmpeg.ok) {
    const missing = Object.keys(ffmpeg.decoders).filter((format) => !ffmpeg.decoders[format]);
    if (missing.length > 0) {
      hints.push(`this ffmpeg cannot decode ${missing.join(', ')}: petl-video setup provides one that can`);
    }
    if (ffmpeg.startupMs > 30) {
      hints.push(
        `this ffmpeg takes ${ffmpeg.startupMs} ms to start, for every clip: petl-video setup provides a faster one`,
      );
    }
  }
  if (images.others === 'ffmpeg') {
    hints.push('without sharp ffmpegs are started for images, which is slow: npm install sharp@0.35');
  }
  return hints;
}

function machineLines(machine: Machine): string[] {
  const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
  const { freeDiskBytes: disk } = machine;
  return [
    `Node          ${machine.node}, ${machine.system}`,
    `machine       ${machine.cores} cores, ${gigabytes(machine.memoryBytes)} memory (${gigabytes(machine.freeMemoryBytes)} free)`,
    ...machine.gpus.map((gpu) => `NVIDIA card   ${gpu}`),
    `cache         ${machine.cache}${disk === undefined ? '' : ` (${inMegabytes(disk)} free)`}`,
  ];
}

function tensorflowLines(found: Tensorflow | Missing): string[] {
  if (!found.ok) return [`TensorFlow    ${indented(found.error)}`];
  return [
    `TensorFlow    ${found.libtensorflow} on ${found.gpu ? 'the GPU' : 'the CPU'}, tfjs ${found.tfjs}, from ${found.source}`,
    `              ${found.file}`,
  ];
}

function engineLines(engines: readonly FoundEngine[], auto: Auto | Missing): string[] {
  const places = engines.map(({ name, device }) => `${name} on ${device}`);
  const width = Math.max(...places.map((place) => place.length));
  const lines = engines.map((engine, i) => {
    const taken = auto.ok && auto.name === engine.name && auto.device === engine.device;
    const word = engine.ok ? (taken ? 'there, and what auto takes' : 'there') : engine.error;
    return `${(i === 0 ? 'engines' : '').padEnd(14)}${(places[i] as string).padEnd(width)}  ${word}`;
  });
  return auto.ok ? lines : [...lines, `              auto cannot choose: ${indented(auto.error)}`];
}

function ffmpegLines(found: FoundFfmpeg | Missing): string[] {
  if (!found.ok) return [`ffmpeg        ${indented(found.error)}`];
  const formats = Object.entries(found.decoders).map(([format, there]) => (there ? format : `no ${format}`));
  return [
    `ffmpeg        ${found.version}, from ${found.source}, starts in ${found.startupMs} ms`,
    `              ${found.path}`,
    `              decodes ${formats.join(', ')}`,
  ];
}

function indented(text: string): string {
  return text.replaceAll('\n', `\n${' '.repeat(14)}`);
}
