/** Small images of every kind, made by Pillow, with the SHA-256 of what `convert('RGB')` makes of them. */
import { readFileSync } from 'node:fs';

interface Picture {
  /** Base64. */
  readonly file: string;
  readonly sha?: string;
  /** Why Pillow gives none. */
  readonly error?: string;
}

interface View {
  readonly file: string;
  readonly interpolation: 'bilinear' | 'bicubic';
  readonly resize?: number | 'squash';
  readonly crop?: readonly [x: number, y: number, width: number, height: number];
  readonly sha: string;
}

const golden: {
  readonly width: number;
  readonly height: number;
  readonly files: Readonly<Record<string, Picture>>;
  readonly torchvision: { readonly views: readonly View[] };
} = JSON.parse(readFileSync('test/video/image/pillow.json', 'utf8'));

export const SIZE = { width: golden.width, height: golden.height };
export const views = golden.torchvision.views;
export const names = Object.keys(golden.files);
export const bytesOf = (name: string): Buffer => Buffer.from(golden.files[name]?.file ?? '', 'base64');
export const shaOf = (name: string): string | undefined => golden.files[name]?.sha;
