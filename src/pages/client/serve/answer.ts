/** What an answer looks like, and the list of those before it. */
import type { About, Answer } from './ask.ts';
import { byId, made } from './elements.ts';
import type { Player } from './player.ts';

const KEPT = 12;

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const total = ({ seconds: { upload, wait, decode, model } }: Answer): number => upload + wait + decode + model;

export interface Answers {
  show(answer: Answer): Promise<void>;
}

export function openAnswers(about: About, player: Player): Answers {
  const rows = byId('earlier').querySelector('tbody') as HTMLElement;
  const show = async (answer: Answer): Promise<void> => {
    const [best] = answer.top;
    byId('nothing').hidden = true;
    byId('found').hidden = false;
    byId('found-file').textContent = answer.file;
    byId('classes').replaceChildren(...answer.top.map(classItem));
    byId('clip-text').textContent = clipText(answer);
    byId('protocol').textContent = protocolText(about, answer);
    byId('said').textContent = best === undefined ? '' : `${answer.file}: ${best.class}, ${percent(best.probability)}`;
    const { fps } = answer.video;
    const alternative = `${answer.file} as the model sees it, ${framesText(answer.clip.frames)}`;
    await player.show(answer.clip, fps / about.clip.stride, alternative);
  };
  return {
    async show(answer) {
      await show(answer);
      rows.prepend(rowOf(answer, () => void show(answer)));
      while (rows.children.length > KEPT) rows.lastElementChild?.remove();
      // The first one stands above, and needs no list.
      byId('earlier').hidden = rows.children.length < 2;
    },
  };
}

const framesText = (frames: number): string => (frames === 1 ? 'one frame' : `${frames} frames`);

function classItem({ class: name, probability }: Answer['top'][number]): HTMLElement {
  const bar = made('span', { class: 'bar', 'aria-hidden': 'true' });
  bar.style.setProperty('--share', String(probability));
  return made(
    'li',
    {},
    made('span', { class: 'class' }, name),
    made('span', { class: 'number' }, percent(probability)),
    bar,
  );
}

function clipText({ clip, video, views, damage }: Answer): string {
  const count = views.segments * views.crops;
  const seen = count === 1 ? '' : `, the first of ${count} views`;
  const from =
    video.fps === 0
      ? `${video.width} × ${video.height}`
      : `${video.width} × ${video.height}, ${video.frames} frames at ${Number(video.fps.toFixed(2))} per second`;
  const warned = damage === undefined ? '' : ` The file is damaged (${damage}); some of it may be made up.`;
  return `${framesText(clip.frames)} of ${clip.size} × ${clip.size} pixels${seen}. The file: ${from}.${warned}`.replace(
    /^o/,
    'O',
  );
}

function protocolText({ weights }: About, answer: Answer): string {
  const { segments, crops } = answer.views;
  const views = segments * crops === 1 ? 'Single view in the middle' : `${segments} × ${crops} views`;
  const { decode, model, wait } = answer.seconds;
  const waited = wait < 0.05 ? '' : `, waited ${wait.toFixed(2)}`;
  return `${views}, ${weights}. ${total(answer).toFixed(2)} s: read ${decode.toFixed(2)}, model ${model.toFixed(2)}${waited}.`;
}

function rowOf(answer: Answer, show: () => void): HTMLElement {
  const { clip, file, top } = answer;
  const thumbnail = made('span', { class: 'thumbnail', 'aria-hidden': 'true' });
  const middle = Math.floor(clip.frames / 2);
  thumbnail.style.backgroundImage = `url("${clip.strip}")`;
  thumbnail.style.backgroundSize = `${clip.frames * 100}% 100%`;
  thumbnail.style.backgroundPosition = clip.frames === 1 ? '0 0' : `${(100 * middle) / (clip.frames - 1)}% 0`;
  const button = made('button', { type: 'button', class: 'plain', title: 'Show it again' }, file);
  button.addEventListener('click', show);
  return made(
    'tr',
    {},
    made('td', {}, thumbnail),
    made('th', { scope: 'row', class: 'file' }, button),
    made('td', {}, top[0]?.class ?? ''),
    made('td', { class: 'number' }, percent(top[0]?.probability ?? 0)),
    made('td', { class: 'number seconds' }, total(answer).toFixed(2)),
  );
}
