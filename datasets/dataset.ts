/**
 * What a data set is: one file of this folder each, listed in `index.ts`. It knows its official annotation files, counts
 * and class order, and finds the files they name; it decodes nothing.
 */
import type { Listing, OfficialCount } from '../src/data/listing.ts';
import type { SourceFiles } from '../src/data/source-files.ts';
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
  readonly signal?: AbortSignal | undefined;
}

export type ListOption = Exclude<keyof ListOptions, 'signal'>;

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
  /** How to unpack what was downloaded, as commands to be typed in the source folder. */
  readonly unpack?: string;
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

type Described = Pick<DatasetDefinition, 'title' | 'homepage' | 'download' | 'unpack'>;

/** The error for annotation files that are not there: what was looked for, where, and where to get it. */
export function annotationMissing(dataset: Described, lookedFor: string, searched: SourceFiles): PetlVideoError {
  const archives = archivesOf(searched);
  const get =
    archives.length > 0 && dataset.unpack !== undefined
      ? unpackRemedy(dataset.unpack, archives, searched.root)
      : `get ${dataset.download} from ${dataset.homepage}, and give their folder as --annotations`;
  return dataError(`${dataset.title}: found no ${lookedFor}`, {
    at: `${searched.root} and the folders below`,
    remedy: get,
  });
}

/** The error for a source folder without a single file to read. */
export function mediaMissing(dataset: Described, searched: SourceFiles): PetlVideoError {
  const archives = archivesOf(searched);
  if (archives.length > 0 && dataset.unpack !== undefined) {
    return dataError(`${dataset.title}: the source holds archives, but no video yet`, {
      at: searched.root,
      remedy: unpackRemedy(dataset.unpack, archives, searched.root),
    });
  }
  return dataError(`${dataset.title}: no video was found`, {
    at: `${searched.root} and the folders below`,
    remedy: `get ${dataset.download} from ${dataset.homepage}, and give the folder as --source`,
  });
}

const unpackRemedy = (unpack: string, archives: readonly string[], root: string) =>
  `unpack ${archives.length > 1 ? `${archives[0]} and ${archives.length - 1} more` : archives[0]} first:\n` +
  `      cd ${shellWord(root)} && ${unpack}`;

/** The parts of Something-Something V2 have no extension: `20bn-something-something-v2-07`. */
function archivesOf({ files }: SourceFiles): string[] {
  return files.filter((file) => /(\.(rar|zip|tar|tgz|gz)|20bn-something-something-v2-\d\d)$/i.test(file));
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
