/** Made-up CIFAR files, in both forms: image i of n has the pixel bytes (i · 31 + position · 7) mod 256, planes first. */
import { gzipSync } from 'node:zlib';
import { type TarMember, tarOf } from '../formats/archive/tar-writer.ts';

const PIXELS = 3072;

export function planesOf(i: number): Uint8Array {
  return Uint8Array.from({ length: PIXELS }, (_, at) => (i * 31 + at * 7) & 0xff);
}

/** The same image as pixels: [32, 32, 3]. */
export function pixelsOf(i: number): Uint8Array {
  const planes = planesOf(i);
  return Uint8Array.from({ length: PIXELS }, (_, at) => planes[(at % 3) * 1024 + Math.floor(at / 3)] as number);
}

export function records(labels: readonly number[], coarse = true): Buffer {
  return Buffer.concat(
    labels.map((label, i) => Buffer.concat([Buffer.from(coarse ? [label % 20, label] : [label]), planesOf(i)])),
  );
}

/** A pickle of protocol 2 as Python 2 writes it: texts and array bytes are `str` alike. */
export function python2Pickle(
  labels: readonly number[],
  key = 'fine_labels',
  shape?: readonly [number, number],
): Buffer {
  const data = Buffer.concat(labels.map((_, i) => Buffer.from(planesOf(i))));
  const [rows, columns] = shape ?? [labels.length, PIXELS];
  const str = (text: string) => Buffer.concat([Buffer.of(0x55, text.length), Buffer.from(text, 'latin1')]);
  const long = Buffer.alloc(5);
  long.write('T');
  long.writeUInt32LE(data.length, 1);
  const int = (value: number) => {
    const out = Buffer.alloc(5);
    out.write('J');
    out.writeInt32LE(value, 1);
    return out;
  };
  const text = (value: string) => Buffer.from(value, 'latin1');
  return Buffer.concat([
    ...[
      text('\x80\x02}q\x01('),
      str('batch_label'),
      str('made up'),
      str(key),
      text(']('),
      ...labels.map(int),
      text('e'),
    ],
    ...[str('data'), text('cnumpy.core.multiarray\n_reconstruct\n'), text('cnumpy\nndarray\n'), text('K\x00\x85')],
    ...[str('b'), text('\x87R(K\x01'), int(rows), int(columns), text('\x86')],
    ...[text('cnumpy\ndtype\n'), str('u1'), text('K\x00K\x01\x87R(K\x03'), str('|'), text('NNN'), int(-1), int(-1)],
    ...[text('K\x00tb'), text('I00\n'), long, data, text('tbu.')],
  ]);
}

export async function tgzOf(members: Readonly<Record<string, Uint8Array>>): Promise<Buffer> {
  return gzipSync(await tarOf(Object.entries(members).map(([name, data]): TarMember => ({ name, data }))), {
    level: 1,
  });
}
