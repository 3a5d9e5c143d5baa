/** What the module of this folder gives out; see the functions. Its memory is shared between the threads of a crew. */
export { dots } from './dots';
export { squaredDistance } from './exact';
export { attract, descend, repel } from './forces';
export { countCloser, joinHeaps, offerBlock, scanExactly, sortExactly } from './neighbours';
export { buildTree } from './tree';
