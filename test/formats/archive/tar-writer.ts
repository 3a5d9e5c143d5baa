/** A tar archive in memory for tests. */
import { pack } from 'tar-stream';

export interface TarMember {
  readonly name: string;
  /** A folder or a link without. */
  readonly data?: Uint8Array;
  readonly type?: 'file' | 'directory' | 'symlink' | 'link';
  readonly linkname?: string;
}

export async function tarOf(members: readonly TarMember[]): Promise<Buffer> {
  const tar = pack();
  for (const { name, data, type = 'file', linkname = '' } of members) {
    tar.entry({ name, type, linkname, mode: 0o644, mtime: new Date(0) }, Buffer.from(data ?? []));
  }
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}
