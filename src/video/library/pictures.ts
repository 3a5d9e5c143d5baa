/** Cuts, scales and converts pictures with the filters of the command line, so that the bytes are the same. */
import type { FilterContext, FilterGraph, Frame } from 'node-av/lib';
import { type ClipRequest, frameBytes } from '../visit.ts';
import type { Library } from './load.ts';
import { Unfit } from './unfit.ts';

export interface Pictures {
  /** @param into uint8 [H, W, 3], RGB */
  make(frame: Frame, into: Buffer): void;
  close(): void;
}

/** AV_BUFFERSRC_FLAG_KEEP_REF: the picture stays ours, for the other clips. */
const KEEP = 8;

/**
 * @param like a picture of the video; all others must have its size and format
 * @throws Unfit where the window is not inside the picture
 */
export function openPictures({ av, constants }: Library, clip: ClipRequest, like: Frame): Pictures {
  const { crop, cut, size, interpolation = 'bilinear', flip = false } = clip;
  const { of, x, y } = cut ?? { of: size, x: 0, y: 0 };
  const { width, height, format, colorSpace, colorRange } = like;
  if (crop !== undefined && (crop.x + crop.width > width || crop.y + crop.height > height)) {
    throw new Unfit('the window reaches over the edge');
  }
  const graph = new av.FilterGraph();
  graph.alloc();
  graph.nbThreads = 1;
  const add = (name: string, options: string | null): FilterContext => present(filterOf(av, graph, name, options));
  try {
    const source = present(graph.allocFilter(present(av.Filter.getByName('buffer')), 'in'));
    const timeBase = { num: 1, den: 25 };
    check(source.buffersrcParametersSet({ width, height, format, timeBase, colorSpace, colorRange }));
    check(source.init(null));
    const filters = [
      ...(crop ? [add('crop', `w=${crop.width}:h=${crop.height}:x=${crop.x}:y=${crop.y}:exact=1`)] : []),
      add('scale', `w=${of.width}:h=${of.height}:flags=${interpolation}`),
      add('format', 'rgb24'),
      ...(cut ? [add('crop', `w=${size.width}:h=${size.height}:x=${x}:y=${y}:exact=1`)] : []),
      ...(flip ? [add('hflip', null)] : []),
    ];
    const sink = add('buffersink', null);
    let last = source;
    for (const next of [...filters, sink]) {
      check(last.link(0, next, 0));
      last = next;
    }
    check(graph.configSync());
    const bytes = frameBytes(size);
    const made = new av.Frame();
    made.alloc();
    return {
      make(frame, into) {
        check(source.buffersrcAddFrameSync(frame, KEEP));
        check(sink.buffersinkGetFrameSync(made));
        const { data, linesize } = made;
        check(
          av.avImageCopyToBuffer(into, bytes, data, linesize, constants.AV_PIX_FMT_RGB24, size.width, size.height, 1),
        );
        made.unref();
      },
      close() {
        made.free();
        graph.free();
      },
    };
  } catch (thrown) {
    graph.free();
    throw thrown;
  }
}

function filterOf(av: Library['av'], graph: FilterGraph, name: string, options: string | null): FilterContext | null {
  return graph.createFilter(present(av.Filter.getByName(name)), name, options);
}

function present<T>(made: T | null): T {
  if (made === null) throw new Unfit('the filters cannot be made');
  return made;
}

function check(code: number): void {
  if (code < 0) throw new Unfit(`the filters fail (${code})`);
}
