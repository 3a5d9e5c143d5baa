/**
 * The two means of VTAB-1k (Zhai et al. 2019), which papers print under one name: of the three group means (Convpass, FacT,
 * NOAH, RepAdapter) and of the 19 tasks (ARC, SSF). The same row gives ARC 75.8 in the one and 73.4 in the other.
 */

/** Group → its tasks, by the names of their folders, in the order of the papers' tables. */
export const VTAB_GROUPS = {
  Natural: ['cifar', 'caltech101', 'dtd', 'oxford_flowers102', 'oxford_iiit_pet', 'svhn', 'sun397'],
  Specialized: ['patch_camelyon', 'eurosat', 'resisc45', 'diabetic_retinopathy'],
  Structured: [
    ...['clevr_count', 'clevr_dist', 'dmlab', 'kitti'],
    ...['dsprites_loc', 'dsprites_ori', 'smallnorb_azi', 'smallnorb_ele'],
  ],
} as const;

export type VtabGroup = keyof typeof VTAB_GROUPS;

export const VTAB_TASKS: readonly string[] = Object.values(VTAB_GROUPS).flat();

export interface VtabMeans {
  /** Means over the groups whose tasks are all there. */
  readonly groups: Partial<Readonly<Record<VtabGroup, number>>>;
  /** Mean of the three group means; absent while a task is missing. */
  readonly ofGroups?: number;
  /** Mean of the 19 tasks; absent while a task is missing. */
  readonly ofTasks?: number;
  /** Tasks without a number, in the order of the tables. */
  readonly missing: readonly string[];
}

/** @param top1 of each task that was measured, in whatever unit; other names are ignored */
export function vtabMeans(top1: ReadonlyMap<string, number>): VtabMeans {
  const missing = VTAB_TASKS.filter((task) => !top1.has(task));
  const meanOf = (tasks: readonly string[]): number | undefined =>
    tasks.every((task) => top1.has(task)) ? mean(tasks.map((task) => top1.get(task) as number)) : undefined;
  const groups = Object.fromEntries(
    Object.entries(VTAB_GROUPS).flatMap(([group, tasks]) => {
      const value = meanOf(tasks);
      return value === undefined ? [] : [[group, value]];
    }),
  );
  const ofTasks = meanOf(VTAB_TASKS);
  return { groups, ...(ofTasks === undefined ? {} : { ofGroups: mean(Object.values(groups)), ofTasks }), missing };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
