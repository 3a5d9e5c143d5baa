/** Of several runs the part of one is shown at a time; the place on the screen stays, so that they can be flicked through. */

export function enrichPicker(): void {
  for (const place of document.querySelectorAll<HTMLElement>('[data-panels]')) {
    const picker = place.querySelector<HTMLElement>('[data-picker]');
    if (picker === null) continue;
    const inputs = [...picker.querySelectorAll<HTMLInputElement>('input')];
    const panels = [...place.querySelectorAll<HTMLElement>('[data-panel]')];
    const show = (): void => {
      const chosen = inputs.find(({ checked }) => checked) ?? inputs[0];
      for (const panel of panels) panel.classList.toggle('away', panel.dataset.panel !== chosen?.value);
    };
    picker.hidden = false;
    place.classList.add('picks');
    for (const input of inputs) input.addEventListener('change', show);
    show();
  }
}
