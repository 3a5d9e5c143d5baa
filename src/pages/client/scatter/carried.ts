/** What the scatter page carries for its script. Types alone: the page is made from them, and its script reads them. */

export interface CarriedPanel {
  readonly title: string;
  /** Base64 of uint16 [n, 2], little-endian: x, y of the square that holds all points, y downwards; both NOWHERE: not in the panel. */
  readonly points: string;
  /** Base64 of int16 [n]: the class that the run said; absent where it is not known, -1 for a video that it said nothing of. */
  readonly predictions?: string;
}

export interface CarriedThumbnail {
  readonly url: string;
  /** Side by side in the picture; 1 is a still. */
  readonly frames: number;
}

/** Videos are in the order in which they are drawn. */
export interface Carried {
  readonly noun: 'video' | 'image';
  readonly panels: readonly CarriedPanel[];
  readonly ids: readonly string[];
  /** Base64 of int16 [n]. */
  readonly labels: string;
  readonly classes: readonly CarriedClass[];
  readonly thumbnails: Readonly<Record<number, CarriedThumbnail>>;
}

export interface CarriedClass {
  readonly name: string;
  /** On a light and on a dark ground. */
  readonly colors: readonly [light: string, dark: string];
  /** Whether its dots are coloured before anything is chosen. */
  readonly named: boolean;
}
