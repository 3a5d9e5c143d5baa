/** The camera: a short video, or a still for runs that look at images. Nothing of it is kept here. */
import type { About } from './ask.ts';
import { Refused } from './ask.ts';
import { byId } from './elements.ts';

export interface Camera {
  readonly open: boolean;
  start(): Promise<void>;
  /** A video of as many seconds as the clip needs, or one picture. */
  take(signal: AbortSignal): Promise<{ readonly blob: Blob; readonly name: string }>;
  stop(): void;
}

const RATE = 30;
/** The first pictures of a recording come late. */
const SPARE_S = 0.5;
const LONGEST_S = 10;

export const secondsOf = ({ frames, stride }: About['clip']): number =>
  Math.min(LONGEST_S, Math.max(1, Math.ceil(((frames * stride) / RATE + SPARE_S) * 2) / 2));

export function openCamera({ clip }: About, onEnded: () => void): Camera {
  const preview = byId<HTMLVideoElement>('preview');
  let stream: MediaStream | undefined;
  const stop = (): void => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = undefined;
    preview.srcObject = null;
  };
  return {
    get open() {
      return stream !== undefined;
    },
    async start() {
      stream = await asked();
      for (const track of stream.getTracks()) {
        track.addEventListener('ended', () => {
          stop();
          onEnded();
        });
      }
      preview.srcObject = stream;
      await preview.play();
    },
    async take(signal) {
      if (stream === undefined) throw new Refused('The camera is closed.', 'Open it again.');
      if (clip.frames === 1) return { blob: await picture(preview), name: 'camera.jpg' };
      const blob = await recording(stream, secondsOf(clip), signal);
      return { blob, name: blob.type.includes('mp4') ? 'camera.mp4' : 'camera.webm' };
    },
    stop,
  };
}

async function asked(): Promise<MediaStream> {
  if (navigator.mediaDevices === undefined) {
    throw new Refused(
      'This browser gives no camera to this address.',
      'Open the page as http://localhost or over https.',
    );
  }
  const video = {
    width: { ideal: 640 },
    height: { ideal: 480 },
    frameRate: { ideal: RATE },
    facingMode: 'environment',
  };
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    const { name } = error as DOMException;
    if (name === 'NotAllowedError') {
      throw new Refused('The camera was not allowed.', 'Allow it for this page in the browser, then try again.');
    }
    if (name === 'NotFoundError' || name === 'OverconstrainedError') {
      throw new Refused('No camera was found.', 'Plug one in, or choose a file.');
    }
    throw new Refused('The camera does not start.', 'See whether another program uses it.');
  }
}

function recording(stream: MediaStream, seconds: number, signal: AbortSignal): Promise<Blob> {
  if (typeof MediaRecorder === 'undefined') throw new Refused('This browser records no video.', 'Choose a file.');
  const kinds = ['video/webm;codecs=vp8', 'video/webm', 'video/mp4'];
  const mimeType = kinds.find((kind) => MediaRecorder.isTypeSupported(kind)) ?? '';
  const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: 2_500_000 });
  const pieces: Blob[] = [];
  return new Promise((resolve, reject) => {
    const end = (): void => {
      if (recorder.state !== 'inactive') recorder.stop();
    };
    const clock = setTimeout(end, seconds * 1000);
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    recorder.onerror = () => reject(new Refused('The camera stopped.', 'Open it again.'));
    recorder.onstop = () => {
      clearTimeout(clock);
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(new DOMException('stopped', 'AbortError'));
      else resolve(new Blob(pieces, { type: recorder.mimeType }));
    };
    signal.addEventListener('abort', end);
    recorder.start();
  });
}

function picture(preview: HTMLVideoElement): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = preview.videoWidth;
  canvas.height = preview.videoHeight;
  canvas.getContext('2d')?.drawImage(preview, 0, 0);
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null): void =>
      blob === null ? reject(new Refused('The camera gave no picture.', 'Try again.')) : resolve(blob);
    canvas.toBlob(done, 'image/jpeg', 0.95);
  });
}
