import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { test } from 'node:test';
import { FOREIGN_FORMAT } from '../../src/video/demuxers.ts';
import { probeVideo } from '../../src/video/probe.ts';
import { ffmpegs, runDirectly, withFolder } from './ffmpegs.ts';

for (const ffmpeg of ffmpegs) {
  test(`ffmpeg ${ffmpeg.version}: a file that names others is no video, and nothing that it names is opened`, async (t) => {
    await withFolder(async (folder) => {
      const here = (name: string): string => path.join(folder, name);
      let asked = 0;
      const server = createServer((_, response) => {
        asked++;
        response.end();
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      t.after(() => server.close());
      const { port } = server.address() as { port: number };
      const host = `http://127.0.0.1:${port}`;

      // Real ones; the second is played here, for the first crashes some static builds.
      const made = ['-f', 'lavfi', '-i', 'testsrc2=s=32x24:r=10:d=1', '-c:v', 'mpeg4'];
      await runDirectly(ffmpeg, [...made, '-f', 'hls', here('list.m3u8')]);
      await runDirectly(ffmpeg, [...made, here('one.mkv')]);
      await writeFile(here('script.ffconcat'), 'ffconcat version 1.0\nfile one.mkv\n');
      await runDirectly(ffmpeg, ['-i', here('script.ffconcat'), '-f', 'rawvideo', here('played.raw')]);
      for (const name of ['list.m3u8', 'script.ffconcat']) {
        for (const hidden of ['upload', 'video.mp4']) {
          await copyFile(here(name), here(hidden));
          const facts = await probeVideo(ffmpeg, here(hidden));
          assert.equal(facts.verdict, 'unreadable', `${name} as ${hidden}`);
          assert.equal(facts.frames, 0);
        }
        assert.equal((await probeVideo(ffmpeg, here(name))).reason, FOREIGN_FORMAT);
      }
      assert.equal((await probeVideo(ffmpeg, here('one.mkv'))).verdict, 'ok');

      // Those of an attacker.
      const segment = (url: string): string => `#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n${url}\n#EXT-X-ENDLIST\n`;
      const adaptation = '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>';
      const files = {
        'http.m3u8': segment(`${host}/x.ts`),
        'passwd.m3u8': segment('file:///etc/passwd'),
        'concat.m3u8': segment('concat:/etc/passwd|/etc/hostname'),
        'subfile.m3u8': segment('subfile,,start,0,end,9,,:/etc/passwd'),
        'passwd.ffconcat': 'ffconcat version 1.0\nfile /etc/passwd\n',
        'http.ffconcat': `ffconcat version 1.0\nfile '${host}/x.mp4'\n`,
        'list.mpd': `<?xml version="1.0"?><MPD profiles="urn:mpeg:dash:profile:isoff-main:2011"><Period>${adaptation}${host}/x.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`,
        'call.sdp': `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${port} RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
      };
      for (const [name, text] of Object.entries(files)) {
        await writeFile(here(name), text);
        const facts = await probeVideo(ffmpeg, here(name));
        assert.equal(facts.verdict, 'unreadable', name);
        assert.equal(facts.frames, 0, name);
        assert.doesNotMatch(facts.reason ?? '', /root:|127\.0\.0\.1/, name);
      }
      assert.equal(asked, 0);
    });
  });
}
