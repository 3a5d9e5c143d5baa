import { createRequire } from 'node:module';

/** Of petl-video. */
export const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
