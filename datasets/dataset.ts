/**
 * What a data set is: one file of this folder each, listed in `index.ts`. It knows its official annotation files, counts
 * and class order, and finds the files they name; it decodes nothing.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { ArchiveRules } from '../src/data/archives.ts';
import type { Listing, OfficialCount } from '../src/data/listing.ts';
import type { PictureArray } from '../src/data/picture-arrays.ts';
import { isImageFile, isVideoFile, type SourceFiles, scanFolder } from '../src/data/source-files.ts';
import { dataError, type PetlVideoError } from '../src/errors/index.ts';

export interface ListOptions {
  /** Folder of the annotation files, where they do not lie below the source. */
  readonly annotations?: string | undefined;
  /** `folder`: a list of files and labels in place of class folders. */
  readonly csv?: string | undefined;
  /** `folder`: how many files of each class, the last ones, are kept for validation. */
  readonly validationPerClass?: number | undefined;
  /** `folder`: the same as a fraction of each class. */
  readonly validationFraction?: number | undefined;
  /** `folder`: what to call the data set. */
  readonly name?: string | undefined;
  /** Where `prepare` unpacks archives to; files there belong to the data set as those of the source do. */
  readonly unpacked?: UnpackedFolders | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type ListOption = Exclude<keyof ListOptions, 'signal' | 'unpacked'>;

/** How the papers that report numbers on a data set sample its videos. */
export interface Sampling {
  /** `dense`: consecutive frames `stride` apart. `segments`: one frame out of each of `frames` equal parts. */
  readonly kind: 'dense' | 'segments';
  readonly frames: number;
  readonly stride?: number;
  /** At test: temporal positions × spatial crops. */
  readonly views: readonly [segments: number, crops: number];
}

export interface DatasetDefinition {
  /** As typed: `petl-video prepare <name>`. */
  readonly name: string;
  readonly title: string;
  readonly homepage: string;
  /** What to download from there: files by name. */
  readonly download: string;
  /** `images`: what it holds, where that is not videos. */
  readonly media?: 'images';
  /** Its archives, which `prepare` unpacks; absent for a person's own videos. */
  readonly archives?: ArchiveRules;
  /**
   * Its images, where they lie in arrays: `prepare` writes each to a file, below `unpacked.videos`, before it lists them.
   *
   * @throws data error where there are none below `source`
   */
  readonly arrays?: (source: string, options: ListOptions) => Promise<readonly PictureArray[]>;
  /**
   * Of a family: its data sets that are there, each to be prepared into a folder of its own; `list` is not called.
   *
   * @throws data error where there are none below `source`
   */
  readonly tasks?: (source: string, options: ListOptions) => Promise<readonly Task[]>;
  /** Official number of classes; absent for a person's own videos. */
  readonly classes?: number;
  readonly official: readonly OfficialCount[];
  /** Whether a mirrored clip keeps its class. */
  readonly flip: boolean;
  readonly sampling: Sampling;
  /** The options that `list` heeds; any other is refused. */
  readonly options: readonly ListOption[];
  /**
   * Reads the annotation and finds the files below the folder `source`. Files that are not there are listed all the same.
   *
   * @throws data error when annotation files are missing or malformed
   */
  list(source: string, options: ListOptions): Promise<Listing>;
}

/** One data set of a family. */
export interface Task {
  /** As typed: `--task <name>`; also the folder that it is prepared into. */
  readonly name: string;
  readonly source: string;
  readonly definition: DatasetDefinition;
}

/** Where `prepare` unpacks archives to. */
export interface UnpackedFolders {
  readonly videos: string;
  readonly annotations: string;
}

/**
 * The files of a data set: those below the source, and those that were unpacked from archives. Where videos lie in both
 * places, paths are relative to the deepest folder that holds both.
 *
 * @returns the videos, and where to look for the annotation
 * @throws data error when the source or the annotation folder does not exist or is a file
 */
export async function scanSource(
  source: string,
  { annotations, unpacked, signal }: Pick<ListOptions, 'annotations' | 'unpacked' | 'signal'>,
  isMedia: (file: string) => boolean = isVideoFile,
): Promise<{ videos: SourceFiles; searched: SourceFiles }> {
  const own = await scanOutside(source, unpacked, signal);
  const videos = await scanIfThere(unpacked?.videos, signal);
  const lists = await scanIfThere(unpacked?.annotations, signal);
  const given = annotations === undefined ? own : await scanOutside(annotations, unpacked, signal);
  const found = videos === undefined ? own : own.files.some(isMedia) ? merge(own, videos) : videos;
  return { videos: found, searched: lists === undefined ? given : merge(given, lists) };
}

/** What lies below a folder, without what was unpacked there. */
export async function scanOutside(
  folder: string,
  unpacked: UnpackedFolders | undefined,
  signal?: AbortSignal,
): Promise<SourceFiles> {
  const found = await scanFolder(folder, signal);
  const inside = Object.values(unpacked ?? {})
    .map((place) => path.relative(found.root, path.resolve(place)).split(path.sep).join('/'))
    .filter((place) => place !== '' && !place.startsWith('..'));
  const outside = (file: string) => !inside.some((place) => file === place || file.startsWith(`${place}/`));
  return { root: found.root, files: found.files.filter(outside), folders: found.folders.filter(outside) };
}

async function scanIfThere(folder: string | undefined, signal?: AbortSignal): Promise<SourceFiles | undefined> {
  if (folder === undefined || !(await stat(folder).catch(() => undefined))?.isDirectory()) return undefined;
  return scanFolder(folder, signal);
}

function merge(one: SourceFiles, other: SourceFiles): SourceFiles {
  const root = commonFolder(one.root, other.root);
  const below = ({ root: own }: SourceFiles) => {
    const prefix = path.relative(root, own).split(path.sep).join('/');
    return (file: string) => (prefix === '' ? file : `${prefix}/${file}`);
  };
  return {
    root,
    files: [...one.files.map(below(one)), ...other.files.map(below(other))],
    folders: [...one.folders.map(below(one)), ...other.folders.map(below(other))],
  };
}

/** Whether a file is of what the data set holds. */
export function mediaOf({ media }: Pick<DatasetDefinition, 'media'>): (file: string) => boolean {
  return media === 'images' ? isImageFile : isVideoFile;
}

/** The folder that the paths of videos will be relative to; known before anything is unpacked. */
export function rootOf(source: SourceFiles, unpacked: UnpackedFolders, isMedia = isVideoFile): string {
  const videos = path.resolve(unpacked.videos);
  return source.files.some(isMedia) ? commonFolder(source.root, videos) : videos;
}

function commonFolder(one: string, other: string): string {
  const parts = one.split(path.sep);
  const others = other.split(path.sep);
  const differs = parts.findIndex((part, i) => part !== others[i]);
  return parts.slice(0, differs === -1 ? parts.length : differs).join(path.sep) || path.sep;
}

type Described = Pick<DatasetDefinition, 'title' | 'homepage' | 'download' | 'archives' | 'media'>;

/** The error for annotation files that are not there: what was looked for, where, and where to get it. */
export function annotationMissing(dataset: Described, lookedFor: string, searched: SourceFiles): PetlVideoError {
  return dataError(`${dataset.title}: found no ${lookedFor}`, {
    at: `${searched.root} and the folders below`,
    remedy:
      packedRemedy(dataset, searched) ??
      `get ${dataset.download} from ${dataset.homepage}, and give their folder as --annotations`,
  });
}

/** The error for a source folder without a single file to read. */
export function mediaMissing(dataset: Described, searched: SourceFiles): PetlVideoError {
  const packed = packedRemedy(dataset, searched);
  const what = dataset.media === 'images' ? 'image' : 'video';
  return dataError(
    `${dataset.title}: ${packed === undefined ? `no ${what} was found` : `the source holds archives, but no ${what} yet`}`,
    {
      at: packed === undefined ? `${searched.root} and the folders below` : searched.root,
      remedy: packed ?? `get ${dataset.download} from ${dataset.homepage}, and give the folder as --source`,
    },
  );
}

/** Where archives are there all the same: under a name that is not known, or held back by --no-unpack. */
function packedRemedy({ archives }: Described, { files }: SourceFiles): string | undefined {
  const packed = files.filter((file) => /(\.(rar|zip|tar|tgz|gz)|20bn-something-something-v2-\d\d)$/i.test(file));
  if (packed.length === 0 || archives === undefined) return undefined;
  const others = packed.length > 1 ? ` and ${packed.length - 1} more` : '';
  return (
    `prepare unpacks ${archives.names} under these names, unless --no-unpack is given; ` +
    `unpack ${packed[0]}${others} by hand, or rename them`
  );
}
