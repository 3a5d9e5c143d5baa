import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { hmdb51 } from '../../datasets/hmdb51.ts';
import { checkListing } from '../../src/data/listing.ts';
import { entriesOf, realAnnotations, withFiles } from './layout.ts';

const NAMES =
  'brush_hair cartwheel catch chew clap climb climb_stairs dive draw_sword dribble drink eat fall_floor fencing flic_flac ' +
  'golf handstand hit hug jump kick kick_ball kiss laugh pick pour pullup punch push pushup ride_bike ride_horse run ' +
  'shake_hands shoot_ball shoot_bow shoot_gun sit situp smile smoke somersault stand swing_baseball sword sword_exercise ' +
  'talk throw turn walk wave';
const CLASSES = NAMES.split(' ');

/** Real names, with all that a shell or a pattern would trip over. */
const RHYTHM = '#20_Rhythm_clap_u_nm_np1_fr_goo_2.avi';
const GOAL = 'Goal_1_&_2_kick_ball_f_cm_np4_fr_med_0.avi';
const HAIR = 'Brushing_Her_Hair__[_NEW_AUDIO_]_UPDATED!!!!_kick_h_cm_np1_le_goo_2.avi';
const SMILEY = 'Geena_und_die_Radschl_ge___;-)_kick_f_cm_np1_fr_med_2.avi';

/** Lines end in a blank, as the official ones do. */
const FILES = {
  'splits/clap_test_split1.txt': `${RHYTHM} 1 \nb_clap_u_nm_np1_fr_goo_3.avi 0 \n`,
  'splits/kick_test_split1.txt': `${HAIR} 1 \r\n${SMILEY} 2 \r\n`,
  'splits/kick_ball_test_split1.txt': `${GOAL} 2 \n`,
  [`hmdb51_org/clap/${RHYTHM}`]: 'v',
  [`hmdb51_org/kick/${HAIR}`]: 'v',
  [`hmdb51_org/kick/${SMILEY}`]: 'v',
  [`hmdb51_org/kick_ball/${GOAL}`]: 'v',
};

test('reads flags, trailing blanks, awkward names, and classes that start one another', async () => {
  await withFiles(FILES, async (root) => {
    const listing = await hmdb51.list(root, {});
    checkListing(listing);
    assert.deepEqual(listing.classes, ['clap', 'kick', 'kick_ball']);
    assert.deepEqual(entriesOf(listing, 'train', 1), [
      { id: RHYTHM.slice(0, -4), file: `hmdb51_org/clap/${RHYTHM}`, label: 0 },
      { id: HAIR.slice(0, -4), file: `hmdb51_org/kick/${HAIR}`, label: 1 },
    ]);
    assert.deepEqual(entriesOf(listing, 'test', 1), [
      { id: SMILEY.slice(0, -4), file: `hmdb51_org/kick/${SMILEY}`, label: 1 },
      { id: GOAL.slice(0, -4), file: `hmdb51_org/kick_ball/${GOAL}`, label: 2 },
    ]);
    assert.deepEqual(listing.notes, ['no split files of fold 2 were found', 'no split files of fold 3 were found']);
  });
});

test('a clip counts only inside the folder of its class; a converted copy does', async () => {
  const files = { ...FILES, 'hmdb51_org/kick_ball/x_clap_u_nm_np1_fr_goo_2.avi': 'v' };
  files['splits/clap_test_split1.txt'] = 'x_clap_u_nm_np1_fr_goo_2.avi 1 \ny_clap_u_nm_np1_fr_goo_2.avi 1 \n';
  await withFiles({ ...files, 'mp4/clap/y_clap_u_nm_np1_fr_goo_2.mp4': 'v' }, async (root) => {
    const [outside, converted] = entriesOf(await hmdb51.list(root, {}), 'train', 1);
    assert.equal(outside?.file, 'clap/x_clap_u_nm_np1_fr_goo_2.avi');
    assert.equal(converted?.file, 'mp4/clap/y_clap_u_nm_np1_fr_goo_2.mp4');
  });
});

test('names what is missing or wrong', async () => {
  const without = Object.fromEntries(Object.entries(FILES).filter(([name]) => !name.startsWith('splits/')));
  await withFiles(without, async (root) => {
    await assert.rejects(hmdb51.list(root, {}), {
      kind: 'data',
      message: /found no split files <class>_test_split<1-3>\.txt[\s\S]*serre-lab/,
    });
  });
  await withFiles({ 'hmdb51_org.rar': 'x', 'test_train_splits.rar': 'x' }, async (root) => {
    await assert.rejects(hmdb51.list(root, {}), {
      message:
        /unpacks hmdb51_org\.rar and test_train_splits\.rar .*--no-unpack.*unpack hmdb51_org\.rar and 1 more by hand/,
    });
  });
  await withFiles({ ...FILES, 'splits/clap_test_split2.txt': `${RHYTHM} 1 \n` }, async (root) => {
    await assert.rejects(hmdb51.list(root, {}), { kind: 'data', message: /found no kick_test_split2\.txt/ });
  });
  for (const line of [`${GOAL} 3`, GOAL, `${GOAL} 1 7`]) {
    await withFiles({ ...FILES, 'splits/kick_ball_test_split1.txt': `\n${line}\n` }, async (root) => {
      await assert.rejects(hmdb51.list(root, {}), {
        kind: 'data',
        message: /not a clip and 0, 1 or 2[\s\S]*kick_ball_test_split1\.txt:2/,
      });
    });
  }
});

test('the real lists: 51 classes, 3,570 and 1,530 clips in each fold', async (t) => {
  const real = realAnnotations('annotations/hmdb51-lists');
  if (real === undefined) return t.skip('samples not present');
  // The real files at hand are lists `path 0 label`, made from the split files; the split files are made back from them.
  // Their labels are ranks among the names of the class archives in a locale's order, which puts kick_ball.rar before
  // kick.rar; ours are ranks among the class names.
  const collated = (name: string) => `${name.replaceAll('_', '')}rar`;
  const listed = [...CLASSES].sort((x, y) => (collated(x) < collated(y) ? -1 : 1));
  const classOf = (label: string | undefined) => CLASSES.indexOf(listed[Number(label)] as string);
  const flags = new Map<string, string[]>();
  const expected = new Map<string, number>();
  for (const fold of [1, 2, 3]) {
    for (const [flag, name] of [
      ['1', 'train'],
      ['2', 'val'],
    ] as const) {
      for (const line of (await readFile(path.join(real, `hmdb51_flow_${name}_split_${fold}.txt`), 'utf8'))
        .trim()
        .split('\n')) {
        const [file = '', , label] = line.trim().split(/\s+/);
        const clip = `${path.basename(file)}.avi`;
        expected.set(clip, classOf(label));
        const own = flags.get(clip) ?? ['0', '0', '0'];
        own[fold - 1] = flag;
        flags.set(clip, own);
      }
    }
  }
  const files: Record<string, string> = { 'wave/RATRACE_wave_f_nm_np1_fr_goo_37.avi': 'v' };
  for (const [clip, own] of flags) {
    for (const [i, flag] of own.entries()) {
      const name = `splits/${CLASSES[expected.get(clip) as number]}_test_split${i + 1}.txt`;
      files[name] = `${files[name] ?? ''}${clip} ${flag} \n`;
    }
  }
  assert.equal(Object.keys(files).length, 153 + 1);
  await withFiles(files, async (root) => {
    const listing = await hmdb51.list(root, {});
    checkListing(listing);
    assert.deepEqual(listing.classes, CLASSES);
    for (const { split, fold, entries } of hmdb51.official)
      assert.equal(entriesOf(listing, split, fold).length, entries);
    for (const split of listing.splits) {
      for (const entry of split.entries) {
        assert.equal(entry.label, expected.get(`${entry.id}.avi`));
        assert.ok(entry.id.includes(`_${CLASSES[entry.label]}_`), entry.id);
      }
    }
  });
});
