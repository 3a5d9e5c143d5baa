/** One panel: dots on a canvas, the marked video on another above it, zoom, pointers and keys. */
import { dotsPicture } from './dots.ts';
import { nearestTo, nextTowards } from './seek.ts';
import type { PanelVideos } from './videos.ts';

export interface Look {
  /** [n]: color of each dot, an index of `colors`. */
  readonly paints: Uint16Array;
  /** [1 + K]: the first is of dots that do not stand out, or have no class. */
  readonly colors: readonly string[];
  readonly ground: string;
  readonly ink: string;
}

export interface PanelEvents {
  hover(video: number | undefined): void;
  keep(video: number | undefined): void;
}

interface Zoom {
  scale: number;
  /** Of the stage's left upper corner, 0-1 of what is shown without zoom. */
  x: number;
  y: number;
}

export interface PanelView {
  draw(look: Look, shown: Uint8Array): void;
  mark(video: number | undefined): void;
}

const MOST_ZOOM = 40;
const STEP = 1.5;
/** How far dots stay from the frame, in sides. */
const INSET = 0.03;
/** Pixels that a pointer may be away from its dot. */
const REACH = 28;
/** Pixels that a press may move and still be a click. */
const STILL = 5;

export function panelView(
  stage: HTMLElement,
  buttons: HTMLElement,
  videos: PanelVideos,
  labels: Int16Array,
  events: PanelEvents,
): PanelView {
  const [canvas, above] = stage.querySelectorAll('canvas') as unknown as [HTMLCanvasElement, HTMLCanvasElement];
  const count = videos.points.length / 2;
  const zoom: Zoom = { scale: 1, x: 0, y: 0 };
  let side = 0;
  let look: Look | undefined;
  let shown: Uint8Array = new Uint8Array(0);
  let marked: number | undefined;
  let waiting = false;

  const screen = (video: number): [number, number] => {
    const across = (share: number, from: number): number =>
      (INSET + (1 - 2 * INSET) * share - from) * zoom.scale * side;
    return [across(videos.points[2 * video] as number, zoom.x), across(videos.points[2 * video + 1] as number, zoom.y)];
  };
  const radius = (): number => {
    const resting = Math.max(0.9, Math.min(5, (0.045 * side) / count ** 0.25));
    return resting * Math.min(3, zoom.scale ** 0.4);
  };

  const paint = (): void => {
    if (look === undefined || side === 0) return;
    const context = cleared(canvas, side);
    const perPixel = canvas.width / side;
    const at = new Float32Array(2 * count);
    const factor = (1 - 2 * INSET) * zoom.scale * canvas.width;
    const [left, top] = [(INSET - zoom.x) * zoom.scale * canvas.width, (INSET - zoom.y) * zoom.scale * canvas.width];
    for (let i = 0; i < at.length; i += 2) {
      at[i] = left + factor * (videos.points[i] as number);
      at[i + 1] = top + factor * (videos.points[i + 1] as number);
    }
    const r = radius();
    const ringed = count <= 2000 || zoom.scale > 4;
    const dots = {
      ...{ at, paints: look.paints, colors: look.colors, ground: look.ground },
      radius: r * perPixel,
      ring: ringed ? Math.min(0.6, 0.22 * r) * perPixel : 0,
      opacity: ringed ? 1 : Math.max(0.6, 1.25 - 0.15 * Math.log10(count)),
    };
    context.putImageData(dotsPicture(dots, canvas.width), 0, 0);
    paintMark();
  };
  const paintMark = (): void => {
    if (look === undefined || side === 0) return;
    const context = cleared(above, side);
    if (marked === undefined) return;
    const [x, y] = screen(marked);
    if (!Number.isFinite(x)) return;
    const r = Math.max(4, radius() + 0.5);
    disc(context, x, y, r + 4, look.ground);
    disc(context, x, y, r + 2.6, look.ink);
    disc(context, x, y, r + 1, look.ground);
    disc(context, x, y, r, look.colors[(labels[marked] as number) + 1] as string);
  };
  const repaint = (): void => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      paint();
    });
  };

  /** @param x, y pixels of the stage that stay where they are */
  const zoomTo = (scale: number, x = side / 2, y = side / 2): void => {
    const next = Math.min(MOST_ZOOM, Math.max(1, scale));
    moveTo(zoom.x + x / side / zoom.scale - x / side / next, zoom.y + y / side / zoom.scale - y / side / next, next);
  };
  const moveTo = (x: number, y: number, scale = zoom.scale): void => {
    zoom.scale = scale;
    zoom.x = Math.min(1 - 1 / scale, Math.max(0, x));
    zoom.y = Math.min(1 - 1 / scale, Math.max(0, y));
    // A finger scrolls the page until there is something to move.
    stage.style.touchAction = scale > 1 ? 'none' : 'pan-y';
    for (const button of buttons.querySelectorAll('button')) {
      const { zoom: way } = button.dataset;
      button.disabled = way === 'in' ? scale >= MOST_ZOOM : scale <= 1;
    }
    repaint();
  };

  /** @param dx, dy pixels that what is shown goes right and down */
  const moveBy = (dx: number, dy: number): void =>
    moveTo(zoom.x - dx / side / zoom.scale, zoom.y - dy / side / zoom.scale);

  const nearest = (x: number, y: number): number | undefined => nearestTo({ shown, at: screen }, x, y, REACH);
  /** Moves what is shown so that a dot is in it. */
  const reveal = (video: number): void => {
    const [x, y] = screen(video);
    if (x >= 0 && y >= 0 && x <= side && y <= side) return;
    moveTo(zoom.x + (x / side - 0.5) / zoom.scale, zoom.y + (y / side - 0.5) / zoom.scale);
  };

  const place = (event: MouseEvent): [number, number] => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left - stage.clientLeft, event.clientY - box.top - stage.clientTop];
  };
  const pressed = new Map<number, [x: number, y: number]>();
  let moved = 0;
  stage.addEventListener('pointerdown', (event) => {
    pressed.set(event.pointerId, place(event));
    if (pressed.size === 1) moved = 0;
    stage.setPointerCapture(event.pointerId);
  });
  stage.addEventListener('pointermove', (event) => {
    const at = place(event);
    const before = pressed.get(event.pointerId);
    if (before === undefined) {
      events.hover(nearest(...at));
      return;
    }
    moved += Math.hypot(at[0] - before[0], at[1] - before[1]);
    pressed.set(event.pointerId, at);
    const [other] = [...pressed].filter(([id]) => id !== event.pointerId).map(([, where]) => where);
    if (other !== undefined) {
      const grown =
        Math.hypot(at[0] - other[0], at[1] - other[1]) / Math.hypot(before[0] - other[0], before[1] - other[1]);
      // What was between the fingers stays there: they zoom around their old middle and carry it to the new one.
      if (Number.isFinite(grown)) zoomTo(zoom.scale * grown, (before[0] + other[0]) / 2, (before[1] + other[1]) / 2);
      moveBy((at[0] - before[0]) / 2, (at[1] - before[1]) / 2);
    } else if (moved > STILL && zoom.scale > 1) moveBy(at[0] - before[0], at[1] - before[1]);
  });
  stage.addEventListener('pointerup', (event) => {
    if (pressed.size === 1 && moved <= STILL) events.keep(nearest(...place(event)));
    pressed.delete(event.pointerId);
  });
  stage.addEventListener('pointercancel', (event) => pressed.delete(event.pointerId));
  stage.addEventListener('pointerleave', () => events.hover(undefined));
  stage.addEventListener(
    'wheel',
    (event) => {
      // Else the page could not be scrolled past the panels. A pinch on a touch pad comes as a wheel with Ctrl.
      if (!event.ctrlKey && document.activeElement !== stage) return;
      event.preventDefault();
      zoomTo(zoom.scale * Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), ...place(event));
    },
    { passive: false },
  );
  stage.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (arrow !== undefined) {
      const from = marked !== undefined && shown[marked] === 1 ? marked : undefined;
      const placed = { shown, at: screen };
      const next =
        from === undefined
          ? nearestTo(placed, side / 2, side / 2, Number.POSITIVE_INFINITY)
          : nextTowards(placed, from, arrow[0] as number, arrow[1] as number);
      if (next !== undefined) {
        reveal(next);
        events.keep(next);
      }
    } else if (event.key === '+' || event.key === '=') zoomTo(zoom.scale * STEP, ...focus());
    else if (event.key === '-') zoomTo(zoom.scale / STEP, ...focus());
    else if (event.key === '0') zoomTo(1);
    else if (event.key === 'Escape') events.keep(undefined);
    else return;
    event.preventDefault();
  });
  /** Keys and buttons zoom on the marked dot if it can be seen. */
  const focus = (): [number, number] => {
    const [x, y] = marked === undefined ? [-1, -1] : screen(marked);
    return x >= 0 && y >= 0 && x <= side && y <= side ? [x, y] : [side / 2, side / 2];
  };
  buttons.addEventListener('click', (event) => {
    const way = (event.target as HTMLElement).dataset?.zoom;
    if (way === 'in') zoomTo(zoom.scale * STEP, ...focus());
    if (way === 'out') zoomTo(zoom.scale / STEP, ...focus());
    if (way === 'all') zoomTo(1);
  });
  new ResizeObserver(() => {
    side = stage.clientWidth;
    paint();
  }).observe(stage);
  moveTo(0, 0, 1);

  return {
    draw(nextLook, nextShown) {
      [look, shown] = [nextLook, nextShown];
      repaint();
    },
    mark(video) {
      marked = video;
      paintMark();
    },
  };
}

/** As many pixels as the screen has, measured in those of CSS. */
function cleared(canvas: HTMLCanvasElement, side: number): CanvasRenderingContext2D {
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  const pixels = Math.round(side * devicePixelRatio);
  if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, pixels, pixels);
  context.scale(pixels / side, pixels / side);
  return context;
}

function disc(context: CanvasRenderingContext2D, x: number, y: number, radius: number, color: string): void {
  context.fillStyle = color;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}
