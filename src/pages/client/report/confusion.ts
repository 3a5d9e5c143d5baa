/** Cells of a confusion matrix: read out under the pointer or by arrow keys; chosen, they list their videos. */
import { readData } from '../read-data.ts';

interface Data {
  readonly classes: readonly string[];
  /** Whether column K stands for videos that could not be decoded. */
  readonly failed: boolean;
  readonly scores: 'softmax' | 'logits';
  readonly cells: readonly (readonly [truth: number, predicted: number, count: number, videos: readonly Video[]])[];
  /** Videos of each class. */
  readonly rows: readonly number[];
}

type Video = readonly [id: string, score: number | null];

interface Place {
  readonly truth: number;
  readonly predicted: number;
}

export function enrichConfusion(): void {
  for (const place of document.querySelectorAll<HTMLElement>('[data-confusion]')) {
    const matrix = place.querySelector<SVGSVGElement>('[data-matrix]');
    const reading = place.querySelector<HTMLElement>('[data-reading]');
    const mark = place.querySelector<SVGRectElement>('[data-at]');
    if (matrix === null || reading === null || mark === null) continue;
    enrichMatrix(place, matrix, reading, mark);
  }
}

function enrichMatrix(place: HTMLElement, matrix: SVGSVGElement, reading: HTMLElement, mark: SVGRectElement): void {
  const data = readData<Data>(`confusion-data-${place.dataset.confusion}`);
  const columns = data.classes.length + (data.failed ? 1 : 0);
  const cells = new Map(data.cells.map((cell) => [`${cell[0]} ${cell[1]}`, cell]));
  const start = [...reading.childNodes];
  let at: Place | undefined;
  /** Chosen: stays while the pointer goes elsewhere. */
  let held: Place | undefined;

  const show = (): void => {
    mark.toggleAttribute('hidden', at === undefined);
    for (const name of place.querySelectorAll('.current')) name.classList.remove('current');
    if (at === undefined) {
      reading.replaceChildren(...start);
      return;
    }
    mark.setAttribute('x', String(at.predicted));
    mark.setAttribute('y', String(at.truth));
    place.querySelector(`[data-row="${at.truth}"]`)?.classList.add('current');
    place.querySelector(`[data-column="${at.predicted}"]`)?.classList.add('current');
    const [, , count = 0, videos = []] = cells.get(`${at.truth} ${at.predicted}`) ?? [];
    const chosen = held?.truth === at.truth && held.predicted === at.predicted;
    reading.replaceChildren(...describe(data, at, count), ...(chosen ? list(data, videos, count) : []));
  };

  const under = (event: MouseEvent): Place => {
    const box = matrix.getBoundingClientRect();
    const cell = (from: number, size: number, of: number): number =>
      Math.min(of - 1, Math.max(0, Math.floor((of * from) / size)));
    return {
      truth: cell(event.clientY - box.top, box.height, data.rows.length),
      predicted: cell(event.clientX - box.left, box.width, columns),
    };
  };

  matrix.setAttribute('role', 'application');
  matrix.setAttribute('aria-roledescription', 'confusion matrix');
  matrix.setAttribute(
    'aria-label',
    `${matrix.getAttribute('aria-label')}. Arrow keys go from cell to cell, Enter lists the videos, Escape leaves it.`,
  );
  matrix.setAttribute('tabindex', '0');
  matrix.addEventListener('pointermove', (event) => {
    at = under(event);
    show();
  });
  matrix.addEventListener('pointerleave', () => {
    at = held;
    show();
  });
  matrix.addEventListener('click', (event) => {
    at = under(event);
    held = at;
    show();
  });
  matrix.addEventListener('focus', () => {
    at ??= held ?? { truth: 0, predicted: 0 };
    show();
  });
  matrix.addEventListener('blur', () => {
    at = held;
    show();
  });
  matrix.addEventListener('keydown', (event) => {
    const from = at ?? { truth: 0, predicted: 0 };
    if (event.key === 'Escape') {
      held = undefined;
      at = undefined;
    } else if (event.key === 'Enter' || event.key === ' ') {
      at = from;
      held = from;
    } else {
      const next = moved(event.key, from, data.rows.length - 1, columns - 1);
      if (next === undefined) return;
      at = next;
    }
    event.preventDefault();
    show();
  });
}

function moved(key: string, { truth, predicted }: Place, lastRow: number, lastColumn: number): Place | undefined {
  switch (key) {
    case 'ArrowUp':
      return { truth: Math.max(0, truth - 1), predicted };
    case 'ArrowDown':
      return { truth: Math.min(lastRow, truth + 1), predicted };
    case 'ArrowLeft':
      return { truth, predicted: Math.max(0, predicted - 1) };
    case 'ArrowRight':
      return { truth, predicted: Math.min(lastColumn, predicted + 1) };
    case 'Home':
      return { truth, predicted: 0 };
    case 'End':
      return { truth, predicted: lastColumn };
    default:
      return undefined;
  }
}

function describe(data: Data, { truth, predicted }: Place, count: number): HTMLElement[] {
  const row = data.rows[truth] as number;
  const name = data.classes[truth] as string;
  const taken =
    predicted === data.classes.length
      ? 'could not be decoded'
      : predicted === truth
        ? 'taken for what they are'
        : `taken for ${data.classes[predicted]}`;
  const title = element('p', name);
  title.className = 'truth';
  const share = row === 0 ? '' : `, ${((100 * count) / row).toFixed(2)}\u00a0%`;
  return [title, element('p', taken), element('p', `${count} of ${row} video${row === 1 ? '' : 's'}${share}`)];
}

function list(data: Data, videos: readonly Video[], count: number): HTMLElement[] {
  if (count === 0) return [];
  const items = document.createElement('ol');
  items.className = 'ids';
  // It may scroll.
  items.tabIndex = 0;
  items.setAttribute('aria-label', 'Videos of the cell');
  items.append(
    ...videos.map(([id, score]) => {
      const item = document.createElement('li');
      const text =
        score === null ? '' : data.scores === 'softmax' ? `${(100 * score).toFixed(1)}\u00a0%` : String(score);
      item.append(element('span', id), element('span', text));
      return item;
    }),
  );
  const left = count - videos.length;
  return [items, ...(left > 0 ? [element('p', `and ${left} more, in predictions.jsonl`)] : [])];
}

function element(tag: 'p' | 'span', text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
