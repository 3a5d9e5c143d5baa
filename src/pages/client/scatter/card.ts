/** What is known of one video. */
import type { Videos } from './videos.ts';

/** @param into keeps its heading; all else in it is replaced */
export function showCard(into: HTMLElement, videos: Videos, video: number, colorOf: (label: number) => string): void {
  const label = videos.labels[video] as number;
  const facts = made('div', 'facts');
  const id = made('p', 'id', videos.ids[video]);
  const name = made('p', 'class-name');
  name.append(swatch(colorOf(label)), videos.classes[label]?.name ?? 'no label');
  facts.append(id, name);
  const runs = made('ul', 'verdicts');
  for (const { title, predictions } of videos.panels) {
    const said = predictions?.[video];
    if (said === undefined || said < 0) continue;
    const right = said === label;
    const line = made('li', right ? 'right' : 'wrong');
    const verdict = made('span', 'verdict', label < 0 ? '' : right ? '✓ right' : '✗ wrong');
    line.append(
      made('span', 'run', title),
      verdict,
      made('span', 'said', videos.classes[said]?.name ?? `class ${said}`),
    );
    runs.append(line);
  }
  into.replaceChildren(
    into.firstElementChild as Element,
    thumbnail(videos, video),
    facts,
    ...(runs.childElementCount > 0 ? [runs] : []),
  );
}

/** One sentence for who hears the page. */
export function spokenOf(videos: Videos, video: number): string {
  const label = videos.labels[video] as number;
  const runs = videos.panels.flatMap(({ title, predictions }) => {
    const said = predictions?.[video];
    if (said === undefined || said < 0) return [];
    return [`${title} said ${videos.classes[said]?.name ?? said}, ${said === label ? 'right' : 'wrong'}`];
  });
  return [`${videos.ids[video]}, class ${videos.classes[label]?.name ?? 'unknown'}`, ...runs].join('. ');
}

function thumbnail(videos: Videos, video: number): HTMLElement {
  const found = videos.thumbnails[video];
  if (found === undefined) return made('div', 'thumbnail none', 'no picture');
  const picture = made('div', found.frames > 1 ? 'thumbnail plays' : 'thumbnail');
  picture.setAttribute('role', 'img');
  picture.setAttribute(
    'aria-label',
    found.frames > 1 ? `Frames of ${videos.ids[video]}` : `A frame of ${videos.ids[video]}`,
  );
  picture.style.backgroundImage = `url("${found.url}")`;
  picture.style.setProperty('--frames', String(found.frames));
  return picture;
}

export function swatch(color: string): HTMLElement {
  const dot = made('span', 'swatch');
  dot.style.background = color;
  return dot;
}

export function made<K extends keyof HTMLElementTagNameMap>(tag: K, name: string, text = ''): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  return element;
}
