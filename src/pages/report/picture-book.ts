/** Pictures of a page, each in it once, however often it is shown: as rules of a style sheet. */
import { createHash } from 'node:crypto';
import { dataUrl } from '../../formats/data-url.ts';
import { html, type Markup, raw } from '../markup.ts';
import type { PagePicture } from './data.ts';

export interface PictureBook {
  /** The class of an element that has the picture as its background. */
  classOf(picture: PagePicture): string;
  styles(): Markup;
}

export function pictureBook(): PictureBook {
  const names = new Map<string, string>();
  const rules: string[] = [];
  return {
    classOf(picture) {
      const key = createHash('sha256').update(picture.bytes).digest('hex');
      const known = names.get(key);
      if (known !== undefined) return known;
      const name = `picture-${names.size}`;
      names.set(key, name);
      rules.push(`.${name}{background-image:url(${dataUrl(picture.type, picture.bytes)})}`);
      return name;
    },
    styles: () =>
      rules.length === 0
        ? html``
        : html`<style>${raw(rules.join('\n'))}</style>
`,
  };
}
