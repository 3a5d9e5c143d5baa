import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameTimes } from '../../src/video/frame-times.ts';

const CONFIG = '[Parsed_showinfo_1 @ 0x55d1] [info] config in time_base: 1/90000, frame_rate: 30000/1001\n';
/** As ffmpeg 5.1 and 7.0 write them. */
const OLD =
  '[Parsed_showinfo_1 @ 0x55d1] [info] n:   0 pts: 648003003 pts_time:7200.03 pos:      48 fmt:yuv420p sar:1/1 s:340x256 i:P iskey:1 type:I\n';
const NEW =
  '[Parsed_showinfo_1 @ 0x55d1] [info] n:   1 pts: 648006006 pts_time:7200.07 duration:   3003 duration_time:0.0333667 fmt:yuv420p cl:left sar:0/1 s:340x256 i:P iskey:0 type:B\n';
const NONE = '[Parsed_showinfo_1 @ 0x55d1] [info] n:   2 pts: NOPTS pts_time:NOPTS fmt:yuv420p sar:1/1 s:340x256\n';
const OTHERS =
  "[info] Input #0, matroska,webm, from 'pipe:0':\n[Parsed_showinfo_1 @ 0x55d1] [info] config out time_base: 1/25, frame_rate: 25/1\n[Parsed_showinfo_1 @ 0x55d1] [info]   side data - n: 3 of them\n";

test('reads the times of frames to the tick, however long the video is', () => {
  const times = frameTimes();
  for (const piece of `${CONFIG}${OTHERS}${OLD}${NEW}`.match(/[\s\S]{1,7}/g) ?? []) times.hear(piece);
  assert.equal(times.waiting, 2);
  const rate = 30000 / 1001;
  assert.deepEqual(times.take(), { seconds: 648_003_003 / 90_000, rate });
  assert.deepEqual(times.take(), { seconds: 648_006_006 / 90_000, rate });
  assert.equal(times.waiting, 0);
});

test('a line that another message ran into, or that is lost, costs the time of its own frame at most', () => {
  const times = frameTimes();
  times.hear(`a message (without an end)${CONFIG.slice(CONFIG.indexOf('config'))}`);
  times.hear(`another one. ${OLD.slice(OLD.indexOf('n:'))}`);
  times.hear(NEW.replace('n:   1', 'n:   3'));
  times.hear(NEW.replace('n:   1', 'n: 9999'));
  assert.equal(times.waiting, 4);
  const seconds = Array.from({ length: 4 }, () => times.take().seconds);
  assert.deepEqual(seconds, [648_003_003 / 90_000, undefined, undefined, 648_006_006 / 90_000]);
});

test('a frame without a time stamp has the rate only; where there is no rate, nothing', () => {
  const times = frameTimes();
  times.hear(CONFIG + NONE.replace('n:   2', 'n:   0'));
  assert.deepEqual(times.take(), { seconds: undefined, rate: 30000 / 1001 });
  const unknown = frameTimes();
  unknown.hear(CONFIG.replace('30000/1001', '0/0') + NONE.replace('n:   2', 'n:   0'));
  assert.deepEqual(unknown.take(), { seconds: undefined, rate: undefined });
});
