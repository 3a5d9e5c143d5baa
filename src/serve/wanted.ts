/** What the query of a request says. */
import type { Views } from '../data/loader.ts';
import { parseViews } from '../data/views.ts';
import { nearest } from '../errors/nearest.ts';
import { Refusal } from './refusal.ts';

export interface Wanted {
  readonly top: number;
  readonly views: Views;
  readonly clip: boolean;
  /** For display alone. */
  readonly name: string;
}

const KEYS = ['top', 'views', 'clip', 'name'];
/** Of one request, so that none holds the others up for long. */
export const MOST_VIEWS = 64;
const NAME_LENGTH = 200;

/**
 * @param query what stands behind `?`
 * @param classes of the run
 * @param top where the query does not say
 * @throws Refusal 400
 */
export function wantedOf(query: string, classes: number, top: number): Wanted {
  const given = new URLSearchParams(query);
  for (const key of given.keys()) {
    if (!KEYS.includes(key)) {
      const near = nearest(key, KEYS);
      throw wrong(`there is no ${printable(key)} in the query`, near ? `did you mean ${near}?` : KEYS.join(', '));
    }
    if (given.getAll(key).length > 1) throw wrong(`${key} is given more than once`, 'give it once');
  }
  return {
    top: Math.min(topOf(given.get('top'), top), classes),
    views: viewsOf(given.get('views')),
    clip: clipOf(given.get('clip')),
    name: displayName(given.get('name') ?? ''),
  };
}

function topOf(text: string | null, otherwise: number): number {
  if (text === null) return otherwise;
  if (!/^[1-9]\d{0,5}$/.test(text)) throw wrong(`top=${printable(text)}`, 'give a number of classes, as top=5');
  return Number(text);
}

function viewsOf(text: string | null): Views {
  if (text === null) return { segments: 1, crops: 1 };
  const remedy = `write 1x1 for a single view in the middle, 4x3 for 4 segments with 3 crops each; at most ${MOST_VIEWS} views`;
  let views: Views;
  try {
    views = parseViews(text);
  } catch {
    throw wrong(`views=${printable(text)}`, remedy);
  }
  if (views.segments * views.crops > MOST_VIEWS) throw wrong(`views=${printable(text)}`, remedy);
  return views;
}

function clipOf(text: string | null): boolean {
  if (text !== null && text !== '0' && text !== '1') throw wrong(`clip=${printable(text)}`, 'give clip=1 or clip=0');
  return text === '1';
}

const wrong = (what: string, remedy: string): Refusal => new Refusal(400, what, remedy);

/** The last part of a name that somebody gave, without characters that control or reorder text. It names no file here. */
export function displayName(given: string): string {
  const name = printable(given.split(/[/\\]/).at(-1) ?? '', NAME_LENGTH).trim();
  return name === '' ? 'upload' : name;
}

/** Without control, format and lone surrogate characters, and not too long. */
export function printable(text: string, length = 40): string {
  const clean = text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '');
  const characters = [...clean.slice(0, 2 * length + 2)];
  return characters.length > length ? `${characters.slice(0, length - 1).join('')}…` : clean;
}
