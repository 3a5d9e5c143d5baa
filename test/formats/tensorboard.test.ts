import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { PetlVideoError } from '../../src/errors/index.ts';
import { openEventFile } from '../../src/formats/tensorboard.ts';

// Made with TensorBoard 2.21's protocol buffers and checksums; wall time 1700000000.25 s.
const FIRST = '1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9';
const START_301 = '100000000000000095fbfe180900001040fc54d94110ad023a020801cb79b93b';
const LOSS = '2400000000000000422b804d0900001040fc54d9411080e497d0122a130a110a0a747261696e2f6c6f7373150000403fae7986e4';
const TEXT =
  '3800000000000000a3797d570900001040fc54d94110072a2b0a290a06726563697065421308071200420d6772c3b6c39f653a2074696e794a0a0a060a04746578742002262ebee6';
// The first bytes of a PNG file of 5 × 4 pixels, as far as its size.
const PNG = '89504e470d0a1a0a0000000d4948445200000005000000040802000000';
const IMAGE =
  '39000000000000008b0737f10900001040fc54d94110072a2c0a2a0a01782225080410051803221d89504e470d0a1a0a0000000d4948445200000005000000040802000000c90a6128';
const SESSION =
  '5c00000000000000c9cdf98f0900001040fc54d9412a510a4f0a1c5f68706172616d735f2f73657373696f6e5f73746172745f696e666f42060801120212004a270a230a0768706172616d7312181a160a0b0a016d12061a046c6f72612900001040fc54d9412002f810f624';

const now = () => 1_700_000_000_250;
let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'events-'));
});
after(() => rm(folder, { recursive: true }));

const hex = async (file: string): Promise<string> => (await readFile(file)).toString('hex');

test('writes the bytes that TensorBoard itself would write', async () => {
  const events = await openEventFile(folder, { now });
  assert.equal(path.basename(events.file), 'events.out.tfevents.1700000000.petl-video');
  assert.equal(await hex(events.file), FIRST, 'a file that was only opened is already one');
  events.scalar('train/loss', 5_000_000_000, 0.75);
  events.text('recipe', 7, 'größe: tiny');
  events.image('x', 7, Buffer.from(PNG, 'hex'));
  events.hyperparameters({ m: 'lora' });
  assert.equal(await hex(events.file), FIRST, 'nothing is written before flush');
  await events.flush();
  assert.equal(await hex(events.file), FIRST + LOSS + TEXT + IMAGE + SESSION);
  events.scalar('train/loss', 5_000_000_000, 0.75);
  await events.close();
  assert.equal(await hex(events.file), FIRST + LOSS + TEXT + IMAGE + SESSION + LOSS);
});

test('a resumed run opens a later file, which voids the steps to come', async () => {
  const events = await openEventFile(folder, { now, resumedAt: 300 });
  await events.close();
  assert.equal(await hex(events.file), FIRST + START_301 + START_301);
  assert.deepEqual((await readdir(folder)).sort(), [
    'events.out.tfevents.1700000000.petl-video',
    'events.out.tfevents.1700000001.petl-video',
  ]);
});

test('a clock that went back does not put the file before the others', async () => {
  const events = await openEventFile(folder, { now: () => 5_000 });
  await events.close();
  assert.equal(path.basename(events.file), 'events.out.tfevents.1700000002.petl-video');
});

test('flushes that overlap keep their order, and every record is whole', async () => {
  const events = await openEventFile(folder, { now });
  const flushes = Array.from({ length: 200 }, (_, step) => {
    events.scalar('x', step, step / 2);
    return events.flush();
  });
  await Promise.all([...flushes, events.close()]);
  const bytes = await readFile(events.file);
  const points: [number, number][] = [];
  for (let at = FIRST.length / 2; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const event = bytes.subarray(at + 12, at + 12 + length);
    // wall time (9 bytes), step (key and 1-2 bytes), then the summary, which ends with the float
    const step = length === 9 + 2 + 12 ? event[10] : (event[10] as number) - 128 + (event[11] as number) * 128;
    points.push([step as number, event.readFloatLE(length - 4)]);
    at += length + 16;
  }
  assert.deepEqual(
    points,
    Array.from({ length: 200 }, (_, step) => [step, step / 2]),
  );
});

test('refuses steps and pictures that are none, and a folder that is not there, in words', async () => {
  const events = await openEventFile(folder, { now });
  assert.throws(() => events.scalar('x', -1, 0), RangeError);
  assert.throws(() => events.scalar('x', 1.5, 0), RangeError);
  assert.throws(() => events.image('x', 1, Buffer.from('GIF89a and so on, longer than the head')), RangeError);
  await events.close();
  await assert.rejects(openEventFile(path.join(folder, 'absent')), (error: unknown) => {
    assert.ok(error instanceof PetlVideoError);
    assert.equal(error.kind, 'environment');
    assert.equal(error.at, path.join(folder, 'absent'));
    return true;
  });
});
