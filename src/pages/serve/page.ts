/** The page of `petl-video serve`: a video in; the clip as the model sees it and the classes out. `client/serve.ts` fills it. */
import { html, jsonData, type Markup } from '../markup.ts';
import { document } from '../page.ts';
import type { AboutRun } from './about.ts';

export function servePage(about: AboutRun): string {
  const body = html`<header class="run">
<h1>${about.name}</h1>
<p>${about.method} on ${about.backbone}, ${about.classes.length} classes, ${about.weights}. It sees ${clipText(about)}.</p>
${measuredText(about)}
</header>
<main>
<div class="bench">
${askPart(about)}
${answerPart(about)}
</div>
<section id="earlier" hidden aria-labelledby="earlier-title">
<h2 id="earlier-title">Earlier answers</h2>
<div class="scrolls"><table>
<caption>Kept until this page is closed or loaded anew</caption>
<thead><tr><th scope="col">Clip</th><th scope="col">File</th><th scope="col">Class</th><th scope="col" class="number">Probability</th><th scope="col" class="number seconds">Seconds</th></tr></thead>
<tbody></tbody>
</table></div>
</section>
<section aria-labelledby="api-title">
<h2 id="api-title">For programs</h2>
<p>The same answer as JSON. <code>top</code>, <code>views</code>, <code>name</code> and <code>clip=1</code> go into the query; a form with one file does as well.</p>
<pre class="scrolls" tabindex="0" aria-label="Command line"><code id="curl">curl --data-binary @clip.mp4 '/api/classify?name=clip.mp4'</code></pre>
</section>
</main>
${jsonData('about', about)}`;
  return document({ title: `${about.name}, served by petl-video`, name: 'serve', served: true, body });
}

const isOfImages = ({ clip }: AboutRun): boolean => clip.frames === 1;

function clipText({ clip: { frames, stride, size } }: AboutRun): string {
  if (frames === 1) return `images at ${size} × ${size} pixels`;
  return `${frames} frames, stride ${stride}, at ${size} × ${size} pixels`;
}

function measuredText({ measured }: AboutRun): Markup {
  if (measured === undefined) return html`<p class="quiet">Not evaluated yet: how often it is right is not known.</p>`;
  return html`<p>Top-1 ${(100 * measured.top1).toFixed(2)} % <span class="quiet">on ${measured.protocol}</span></p>`;
}

function askPart(about: AboutRun): Markup {
  const what = isOfImages(about) ? 'an image or a video' : 'a video or an image';
  const { segments, crops } = about.views;
  const record = isOfImages(about) ? 'Take a picture' : 'Record';
  return html`<section class="ask" aria-labelledby="ask-title">
<h2 id="ask-title" class="visually-hidden">Ask</h2>
<div id="drop" class="drop">
<p class="invitation"><span class="rest">Drop ${what} here</span><span class="over" aria-hidden="true">Let go to classify</span></p>
<p class="quiet">Up to ${Number((about.limits.uploadBytes / 1e6).toPrecision(3))} MB. An image can be pasted too. Files go to this server alone, which removes them when it has answered.</p>
<p class="actions">
<label class="button primary"><input id="file" type="file" accept="video/*,image/*" multiple class="visually-hidden">Choose a file</label>
<button type="button" id="camera-open" class="button">Use the camera</button>
</p>
</div>
<div id="camera" class="camera" hidden>
<video id="preview" muted playsinline aria-label="What the camera sees"></video>
<p class="actions">
<button type="button" id="camera-once" class="button primary">${record}</button>
<button type="button" id="camera-on" class="button" aria-pressed="false">Keep going</button>
<button type="button" id="camera-close" class="button" aria-label="Close the camera">Close</button>
</p>
</div>
${
  segments * crops > 1 &&
  html`<fieldset class="views"><legend>Views</legend>
<label><input type="radio" name="views" value="1x1" checked> One, in the middle</label>
<label><input type="radio" name="views" value="${segments}x${crops}"> ${segments} × ${crops}, as it was evaluated</label>
</fieldset>`
}
<div id="work" class="work" hidden>
<p id="work-text"></p>
<progress id="work-bar" aria-labelledby="work-text"></progress>
<button type="button" id="cancel" class="button">Cancel</button>
</div>
<div id="error" class="error" role="alert"></div>
</section>`;
}

function answerPart(about: AboutRun): Markup {
  const noun = isOfImages(about) ? 'picture' : 'clip';
  return html`<section class="answer" aria-labelledby="answer-title">
<h2 id="answer-title" class="visually-hidden">Answer</h2>
<p id="said" class="visually-hidden" role="status"></p>
<p id="nothing" class="nothing quiet">The ${noun} as the model sees it, and the ${about.limits.top} classes it finds most probable, will stand here.</p>
<div id="found" hidden>
<p id="found-file" class="found-file"></p>
<div class="found">
<figure class="clip">
<canvas id="screen" role="img" aria-label=""></canvas>
<div id="steps" class="steps" aria-hidden="true"></div>
<p class="controls"><button type="button" id="play" class="button">Pause</button><input id="frame" type="range" min="1" step="1" value="1" aria-label="Frame"></p>
<figcaption id="clip-text" class="quiet"></figcaption>
</figure>
<div class="classes">
<ol id="classes"></ol>
<p id="protocol" class="quiet"></p>
</div>
</div>
</div>
</section>`;
}
