/** The script of the serve page: files and the camera to the server, its answers to the page. */
import { readData } from './read-data.ts';
import { openAnswers } from './serve/answer.ts';
import { type About, ask, Refused } from './serve/ask.ts';
import { openCamera, secondsOf } from './serve/camera.ts';
import { byId, made } from './serve/elements.ts';
import { openPlayer } from './serve/player.ts';

const about = readData<About>('about');
const answers = openAnswers(about, openPlayer());
const bar = byId<HTMLProgressElement>('work-bar');
let working = new AbortController();

byId('curl').textContent = `curl --data-binary @clip.mp4 '${location.origin}/api/classify?name=clip.mp4'`;

/** Runs one thing at a time: what is asked next stops what is under way. */
async function work(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
  working.abort();
  const own = new AbortController();
  working = own;
  byId('error').replaceChildren();
  byId('work').hidden = false;
  try {
    await task(own.signal);
  } catch (thrown) {
    if (!own.signal.aborted) showError(thrown);
  } finally {
    if (working === own) byId('work').hidden = true;
  }
}

function say(text: string, share?: number): void {
  byId('work-text').textContent = text;
  if (share === undefined) bar.removeAttribute('value');
  else bar.value = share;
}

function showError(thrown: unknown): void {
  const remedy = thrown instanceof Refused ? thrown.remedy : 'Load the page anew.';
  const what = thrown instanceof Error ? thrown.message : String(thrown);
  byId('error').replaceChildren(made('p', { class: 'what' }, what), made('p', {}, remedy));
}

async function classify(file: Blob, name: string, signal: AbortSignal): Promise<void> {
  const views = document.querySelector<HTMLInputElement>('input[name=views]:checked')?.value ?? '1x1';
  const megabytes = (file.size / 1e6).toFixed(1);
  const onSent = (share: number): void =>
    share < 1 ? say(`Sending ${name}, ${megabytes} MB`, share) : say(`Looking at ${name}`);
  onSent(0);
  const answer = await ask(file, name, about.limits.uploadBytes, { views, signal, onSent });
  signal.throwIfAborted();
  await answers.show(answer);
}

/** One after the other; the first that fails ends it. */
function classifyAll(files: readonly File[]): void {
  if (files.length === 0) return;
  void work(async (signal) => {
    for (const file of files) await classify(file, file.name === '' ? 'pasted' : file.name, signal);
  });
}

const input = byId<HTMLInputElement>('file');
input.addEventListener('change', () => {
  classifyAll([...(input.files ?? [])]);
  // So that the same file can be chosen again.
  input.value = '';
});
byId('cancel').addEventListener('click', () => {
  keepGoing(false);
  working.abort();
});
document.addEventListener('paste', ({ clipboardData }) => classifyAll([...(clipboardData?.files ?? [])]));

/** Elements are entered before others are left: the drag is over the page while more were entered than left. */
let entered = 0;
const holdsFiles = ({ dataTransfer }: DragEvent): boolean => dataTransfer?.types.includes('Files') ?? false;
const mark = (count: number): void => {
  entered = Math.max(0, count);
  document.body.classList.toggle('dragging', entered > 0);
};
document.addEventListener('dragenter', (event) => {
  if (holdsFiles(event)) mark(entered + 1);
});
document.addEventListener('dragleave', (event) => {
  if (holdsFiles(event)) mark(entered - 1);
});
document.addEventListener('dragover', (event) => {
  if (holdsFiles(event)) event.preventDefault();
});
document.addEventListener('drop', (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  mark(0);
  classifyAll([...(event.dataTransfer?.files ?? [])]);
});

const camera = openCamera(about, () => {
  showCamera(false);
  showError(new Refused('The camera went away.', 'Plug it in again, or choose a file.'));
});
const onward = byId<HTMLButtonElement>('camera-on');
const once = byId<HTMLButtonElement>('camera-once');
let going = false;

function showCamera(open: boolean): void {
  byId('camera').hidden = !open;
  byId('drop').hidden = open;
  (open ? once : byId('camera-open')).focus();
}

function keepGoing(on: boolean): void {
  going = on;
  onward.setAttribute('aria-pressed', String(on));
  onward.textContent = on ? 'Stop' : 'Keep going';
}

async function look(signal: AbortSignal): Promise<void> {
  const seconds = secondsOf(about.clip);
  say(about.clip.frames === 1 ? 'Taking a picture' : `Recording ${seconds} s`);
  const { blob, name } = await camera.take(signal);
  await classify(blob, name, signal);
}

byId('camera-open').addEventListener('click', () => {
  void work(async () => {
    say('Waiting for the camera');
    await camera.start();
    showCamera(true);
  });
});
once.addEventListener('click', () => {
  keepGoing(false);
  void work(look);
});
onward.addEventListener('click', () => {
  keepGoing(!going);
  if (!going) {
    working.abort();
    byId('work').hidden = true;
    return;
  }
  void work(async (signal) => {
    while (going && camera.open && !signal.aborted) await look(signal);
  }).finally(() => keepGoing(false));
});
byId('camera-close').addEventListener('click', () => {
  keepGoing(false);
  working.abort();
  byId('work').hidden = true;
  camera.stop();
  showCamera(false);
});
