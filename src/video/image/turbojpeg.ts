/**
 * libjpeg-turbo by its own interface (TurboJPEG 3), called through koffi. The only importer of it.
 *
 * The optional package @julusian/jpeg-turbo carries the library beside its binding on Linux, but the binding decodes with
 * the fast transform, which shifts red and blue by more than a level in the mean; called directly the library gives
 * Pillow's pictures to the byte, in the same time. Where the file is not there (macOS, Windows), sharp does the work.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** A picture whose header was read: the next `decode` is of it. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
}

export interface TurboJpeg {
  /** Undefined where it is no JPEG, or of a kind that has no RGB here (CMYK, 12 bits). */
  header(jpeg: Buffer): JpegHeader | undefined;
  /**
   * Writes uint8 [H, W, 3], RGB, of the picture whose header was read last.
   * @returns libjpeg's words where it had to make up something; undefined where all is well
   * @throws Error in libjpeg's words where it gave up
   */
  decode(jpeg: Buffer, into: Buffer): string | undefined;
}

const DECOMPRESS = 1;
const WIDTH = 5;
const HEIGHT = 6;
const PRECISION = 7;
const COLORSPACE = 8;
/** Of the color spaces: CMYK and YCCK. */
const CMYK = 3;
const RGB = 0;
const FATAL = 1;

/** Undefined where koffi or the library is not there, or does not load. */
export async function loadTurboJpeg(): Promise<TurboJpeg | undefined> {
  const file = libraryFile();
  if (file === undefined) return undefined;
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(file);
    const init = library.func('void* tj3Init(int)');
    const get = library.func('int tj3Get(void*, int)');
    const readHeader = library.func('int tj3DecompressHeader(void*, const uint8_t*, size_t)');
    const decompress = library.func('int tj3Decompress8(void*, const uint8_t*, size_t, uint8_t*, int, int)');
    const errorText = library.func('const char* tj3GetErrorStr(void*)');
    const errorCode = library.func('int tj3GetErrorCode(void*)');
    const handle = init(DECOMPRESS);
    if (handle === null) return undefined;
    return {
      header(jpeg) {
        if (readHeader(handle, jpeg, jpeg.length) !== 0 && errorCode(handle) === FATAL) return undefined;
        if (get(handle, PRECISION) !== 8 || get(handle, COLORSPACE) >= CMYK) return undefined;
        return { width: get(handle, WIDTH), height: get(handle, HEIGHT) };
      },
      decode(jpeg, into) {
        if (into.length < get(handle, WIDTH) * get(handle, HEIGHT) * 3) throw new RangeError('too little room');
        if (decompress(handle, jpeg, jpeg.length, into, 0, RGB) === 0) return undefined;
        const words = errorText(handle);
        if (errorCode(handle) === FATAL) throw new Error(words);
        return words;
      },
    };
  } catch {
    return undefined;
  }
}

/** Of the package's folders the one of this platform, as its own loader chooses it. */
function libraryFile(): string | undefined {
  const { platform, arch } = process;
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined;
  const musl = platform === 'linux' && report?.header?.glibcVersionRuntime === undefined ? '-musl' : '';
  try {
    const entry = fileURLToPath(import.meta.resolve('@julusian/jpeg-turbo'));
    const folder = path.join(path.dirname(entry), 'prebuilds', `jpeg-turbo-${platform}-${arch}${musl}`);
    const file = path.join(folder, 'libturbojpeg.so.0');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}
