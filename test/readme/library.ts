import { classify, embed, loadRun } from 'petl-video';

const run = await loadRun('runs/quickstart/adaptformer-vit-tiny'); // weights, engine, decoders: once
try {
  const { top } = await classify(run, 'runs/quickstart/videos/validation/up/0.mp4');
  for (const { class: name, probability } of top) console.log(name, probability.toFixed(3));

  const features = await embed(run, 'runs/quickstart/videos/validation/up/0.mp4'); // Float32Array of the backbone's width
  console.log(features.length);
} finally {
  await run.close();
}
