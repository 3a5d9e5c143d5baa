/** Clips play until they are paused; for who asked for less motion they are paused until they are played. */

export function enrichPlaying(): void {
  const buttons = [...document.querySelectorAll<HTMLButtonElement>('[data-playing]')];
  if (buttons.length === 0) return;
  const still = matchMedia('(prefers-reduced-motion: reduce)');
  let playing = !still.matches;
  const show = (): void => {
    document.documentElement.dataset.motion = playing ? 'play' : 'pause';
    for (const button of buttons) button.textContent = playing ? 'Pause clips' : 'Play clips';
  };
  for (const button of buttons) {
    button.hidden = false;
    button.addEventListener('click', () => {
      playing = !playing;
      show();
    });
  }
  still.addEventListener('change', () => {
    playing = !still.matches;
    show();
  });
  show();
}
