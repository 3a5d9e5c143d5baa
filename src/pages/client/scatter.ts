/** The script of the scatter page: panels that show the same video, a card for it, a legend that chooses classes, a search. */
import { readData } from './read-data.ts';
import { made, showCard, spokenOf, swatch } from './scatter/card.ts';
import type { Carried } from './scatter/carried.ts';
import { type Look, panelView } from './scatter/panel.ts';
import { shownIn, videosOf } from './scatter/videos.ts';

const videos = videosOf(readData<Carried>('scatter'));
const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const dark = matchMedia('(prefers-color-scheme: dark)');
const card = byId('card');
const hint = [...card.childNodes];

const chosen = new Set<number>();
let onlyWrong = false;
let sought = '';
let hovered: number | undefined;
let kept: number | undefined;
/** Videos that stand out in some panel, in order. */
let found: number[] = [];

const panels = videos.panels.map((panel, i) => {
  const stage = byId(`stage-${i}`);
  return panelView(stage, stage.nextElementSibling as HTMLElement, panel, videos.labels, {
    hover(video) {
      if (hovered === video) return;
      hovered = video;
      showMarked();
    },
    keep: keepVideo,
  });
});

function keepVideo(video: number | undefined): void {
  kept = video;
  hovered = undefined;
  showMarked();
  byId('spoken').textContent = video === undefined ? '' : spokenOf(videos, video);
}

function showMarked(): void {
  const video = hovered ?? kept;
  for (const panel of panels) panel.mark(video);
  card.dataset.video = video === undefined ? '' : String(video);
  if (video === undefined) card.replaceChildren(...hint);
  else showCard(card, videos, video, ownColor);
  keepHeight();
}

const besides = matchMedia('(min-width: 56.01rem)');
/** The card only grows, so that the legend below it stays where it is while a pointer goes from dot to dot. */
function keepHeight(): void {
  card.style.minHeight = besides.matches ? `${card.offsetHeight}px` : '';
}
besides.addEventListener('change', keepHeight);

const ownColor = (label: number): string => videos.classes[label]?.colors[dark.matches ? 1 : 0] ?? faint();
const token = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const faint = (): string => token('--faint');

/** A class has its colour if it was chosen, and before any is chosen if the legend names it. */
const isColored = (label: number): boolean =>
  chosen.size > 0 ? chosen.has(label) : (videos.classes[label]?.named ?? false);

function showAll(): void {
  const seen = new Uint8Array(videos.count);
  const colors = [faint(), ...videos.classes.map((_, label) => ownColor(label))];
  for (const [i, panel] of videos.panels.entries()) {
    const shown = shownIn(videos, panel, { chosen, onlyWrong, sought });
    const paints = new Uint16Array(videos.count);
    for (let video = 0; video < videos.count; video++) {
      const label = videos.labels[video] as number;
      if (shown[video] === 0) continue;
      seen[video] = 1;
      // What a search or a choice left stands out, whatever the legend names.
      if (label >= 0 && (isColored(label) || onlyWrong || sought !== '')) paints[video] = label + 1;
    }
    const look: Look = { paints, colors, ground: token('--ground'), ink: token('--ink') };
    panels[i]?.draw(look, shown);
  }
  found = Array.from(seen.keys()).filter((video) => seen[video] === 1);
  const all = videos.count.toLocaleString('en');
  const some = found.length < videos.count ? `${found.length.toLocaleString('en')} of ` : '';
  byId('count').textContent =
    `${some}${all} ${videos.noun}s${onlyWrong && videos.panels.length > 1 ? ', wrong in one panel or more' : ''}`;
  for (const [label, entry] of entries) {
    entry.setAttribute('aria-pressed', String(chosen.has(label)));
    entry.classList.toggle('dimmed', chosen.size > 0 && !chosen.has(label));
    const dot = entry.firstElementChild as HTMLElement;
    dot.style.background = isColored(label) ? ownColor(label) : faint();
  }
  byId('all-classes').hidden = chosen.size === 0;
  showMarked();
}

const entries = new Map<number, HTMLButtonElement>();
const sizes = new Uint32Array(videos.classes.length);
for (const label of videos.labels) if (label >= 0) sizes[label] = (sizes[label] as number) + 1;
const inLegend = videos.classes.map((_, label) => label);
inLegend.sort((a, b) => Number(videos.classes[b]?.named) - Number(videos.classes[a]?.named) || a - b);
for (const label of inLegend) {
  const button = made('button', 'entry');
  button.type = 'button';
  button.append(
    swatch(faint()),
    made('span', 'name', videos.classes[label]?.name),
    made('span', 'size', String(sizes[label])),
  );
  button.addEventListener('click', () => {
    if (!chosen.delete(label)) chosen.add(label);
    showAll();
  });
  const item = document.createElement('li');
  item.append(button);
  byId('legend').append(item);
  entries.set(label, button);
}

byId('all-classes').addEventListener('click', () => {
  chosen.clear();
  showAll();
  entries.values().next().value?.focus();
});
const wrongButton = document.getElementById('only-wrong');
wrongButton?.addEventListener('click', () => {
  onlyWrong = !onlyWrong;
  wrongButton.setAttribute('aria-pressed', String(onlyWrong));
  showAll();
});
const search = byId<HTMLInputElement>('search');
search.addEventListener('input', () => {
  sought = search.value.trim().toLowerCase();
  showAll();
  if (sought !== '' && found.length === 1) keepVideo(found[0]);
});
search.addEventListener('keydown', (event) => {
  // Step through what was found.
  if (event.key !== 'Enter' || found.length === 0) return;
  const next = found.find((video) => video > (kept ?? -1)) ?? found[0];
  keepVideo(next);
});
dark.addEventListener('change', showAll);
showAll();
