/** Plays the clip that the model saw, and steps through its frames. */
import { byId, made } from './elements.ts';

export interface Clip {
  readonly frames: number;
  readonly size: number;
  /** Side of a frame in the strip. */
  readonly height: number;
  /** All frames side by side. */
  readonly strip: string;
}

/** What the clip is shown at, at most, in CSS pixels. */
const WIDEST = 384;
const FASTEST = 12;
const SLOWEST = 2;

export interface Player {
  /** @param rate frames of the clip in a second of the video */
  show(clip: Clip, rate: number, alternative: string): Promise<void>;
}

export function openPlayer(): Player {
  const screen = byId<HTMLCanvasElement>('screen');
  const steps = byId('steps');
  const slider = byId<HTMLInputElement>('frame');
  const button = byId<HTMLButtonElement>('play');
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let strip: HTMLImageElement | undefined;
  let clip: Clip | undefined;
  let at = 0;
  let playing = false;
  let interval = 0;

  const draw = (): void => {
    if (clip === undefined || strip === undefined) return;
    const { height, frames } = clip;
    screen.getContext('2d')?.drawImage(strip, at * height, 0, height, height, 0, 0, screen.width, screen.height);
    slider.value = String(at + 1);
    slider.setAttribute('aria-valuetext', `frame ${at + 1} of ${frames}`);
    for (const [i, step] of [...steps.children].entries()) step.classList.toggle('now', i === at);
  };
  const go = (to: number): void => {
    if (clip === undefined) return;
    at = (to + clip.frames) % clip.frames;
    draw();
  };
  let ms = 100;
  const play = (on: boolean): void => {
    clearInterval(interval);
    playing = on;
    button.textContent = on ? 'Pause' : 'Play';
    if (on) interval = setInterval(() => go(at + 1), ms);
  };
  button.addEventListener('click', () => play(!playing));
  slider.addEventListener('input', () => {
    play(false);
    go(Number(slider.value) - 1);
  });
  still.addEventListener('change', () => {
    if (still.matches) play(false);
  });

  return {
    async show(shown, rate, alternative) {
      const image = new Image();
      image.src = shown.strip;
      await image.decode();
      [clip, strip, at] = [shown, image, 0];
      const { frames, size, height } = shown;
      const room = Math.min(WIDEST, screen.parentElement?.clientWidth || WIDEST);
      const times = Math.floor(room / size);
      // Whole times its size with every pixel seen; a large one as it fits, smoothly.
      const side = times >= 2 ? times * size : Math.min(room, size >= WIDEST ? room : WIDEST);
      screen.width = screen.height = height;
      screen.style.width = screen.style.height = `${side}px`;
      screen.classList.toggle('crisp', times >= 2);
      screen.setAttribute('aria-label', alternative);
      steps.style.setProperty('--columns', String(columnsOf(frames)));
      (screen.parentElement as HTMLElement).style.setProperty('--side', `${side}px`);
      steps.replaceChildren(
        ...Array.from({ length: frames }, (_, t) => {
          const step = made('span', { class: 'step' });
          step.style.backgroundImage = `url("${shown.strip}")`;
          step.style.backgroundSize = `${frames * 100}% 100%`;
          step.style.backgroundPosition = frames === 1 ? '0 0' : `${(100 * t) / (frames - 1)}% 0`;
          step.addEventListener('click', () => {
            play(false);
            go(t);
          });
          return step;
        }),
      );
      steps.hidden = frames === 1;
      (button.parentElement as HTMLElement).hidden = frames === 1;
      slider.max = String(frames);
      ms = 1000 / Math.min(FASTEST, Math.max(SLOWEST, rate));
      draw();
      play(frames > 1 && !still.matches);
    },
  };
}

/** Rows of equal length: at most 8 in a row where that goes up, as 16 in two. */
function columnsOf(frames: number): number {
  if (frames <= 10) return frames;
  return [10, 9, 8, 7, 6].find((columns) => frames % columns === 0) ?? 8;
}
