/** Gives an mp4 file an edit list of one's own (ISO/IEC 14496-12, 8.6.6), which ffmpeg does not write. */

export interface Edit {
  /** Where the edit starts, in units of the track's time scale; -1 for a gap. */
  readonly from: number;
  readonly seconds: number;
}

interface Box {
  readonly start: number;
  readonly size: number;
}

/** The first box of a type among those that lie in [from, to). */
function find(bytes: Buffer, type: string, from: number, to: number): Box | undefined {
  for (let start = from; start + 8 <= to; ) {
    const size = bytes.readUInt32BE(start);
    if (bytes.toString('latin1', start + 4, start + 8) === type) return { start, size };
    if (size < 8) return undefined;
    start += size;
  }
  return undefined;
}

function inside(bytes: Buffer, type: string, parent: Box): Box {
  const found = find(bytes, type, parent.start + 8, parent.start + parent.size);
  if (found === undefined) throw new Error(`the file has no ${type}`);
  return found;
}

/**
 * The file with these edits on its first track, in place of those that it had. Its index must lie behind its data, for
 * positions in the file are not corrected.
 */
export function withEdits(bytes: Buffer, edits: readonly Edit[]): Buffer {
  const moov = inside(bytes, 'moov', { start: -8, size: bytes.length + 8 });
  if ((find(bytes, 'mdat', 0, bytes.length)?.start ?? 0) > moov.start) throw new Error('the index comes first');
  const movieScale = bytes.readUInt32BE(inside(bytes, 'mvhd', moov).start + 8 + 12);
  const trak = inside(bytes, 'trak', moov);
  const old = find(bytes, 'edts', trak.start + 8, trak.start + trak.size);
  const at = old?.start ?? inside(bytes, 'mdia', trak).start;

  const edts = Buffer.alloc(8 + 16 + 12 * edits.length);
  edts.writeUInt32BE(edts.length, 0);
  edts.write('edts', 4);
  edts.writeUInt32BE(edts.length - 8, 8);
  edts.write('elst', 12);
  edts.writeUInt32BE(edits.length, 20);
  edits.forEach(({ from, seconds }, i) => {
    edts.writeUInt32BE(Math.round(seconds * movieScale), 24 + 12 * i);
    edts.writeInt32BE(from, 28 + 12 * i);
    edts.writeUInt32BE(0x10000, 32 + 12 * i);
  });
  const made = Buffer.concat([bytes.subarray(0, at), edts, bytes.subarray(at + (old?.size ?? 0))]);
  const grown = edts.length - (old?.size ?? 0);
  for (const box of [moov, trak]) made.writeUInt32BE(box.size + grown, box.start);
  return made;
}
