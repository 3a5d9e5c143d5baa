/** Features to two dimensions, and how far the picture can be trusted. */
export { type Neighbours, neighboursOf } from './neighbours.ts';
export { pca2 } from './pca.ts';
export type { Points, Work } from './points.ts';
export { trustworthiness } from './trustworthiness.ts';
export { perplexityFor, type TsneOptions, tsne } from './tsne.ts';
export { type UmapOptions, umap } from './umap.ts';
