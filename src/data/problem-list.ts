/** `problems.jsonl`: every missing, unreadable and damaged entry of every split, to be looked at or fetched again. */
import type { Dataset, Entry } from './manifest.ts';

export const PROBLEMS_FILE = 'problems.jsonl';

/** One line for each: `{"split":"train","id":…,"file":…,"label":…,"verdict":"missing","reason":…}`, in listed order. */
export function problemLines(dataset: Dataset, manifests: ReadonlyMap<string, readonly Entry[]>): string {
  const lines = dataset.splits.flatMap((split) =>
    (manifests.get(split.manifest) as readonly Entry[])
      .filter(({ verdict }) => verdict !== 'ok')
      .map(({ id, file, label, verdict, reason }) =>
        JSON.stringify({
          split: split.name,
          ...(split.fold === undefined ? {} : { fold: split.fold }),
          id,
          file,
          label,
          verdict,
          ...(reason === undefined ? {} : { reason }),
        }),
      ),
  );
  return lines.map((line) => `${line}\n`).join('');
}
