/** Tables that are sorted by a click on a column's title, and searched by name. */

export function enrichSorting(): void {
  for (const table of document.querySelectorAll<HTMLTableElement>('table[data-sorts]')) {
    for (const title of table.querySelectorAll<HTMLTableCellElement>('th[data-sort]')) {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = 'plain sort';
      button.append(...title.childNodes);
      title.append(button);
      button.addEventListener('click', () => sortBy(table, title));
    }
  }
}

/** Numbers begin with the largest, names with the first; the next click turns it round. */
function sortBy(table: HTMLTableElement, title: HTMLTableCellElement): void {
  const numbers = title.dataset.sort === 'number';
  const before = title.getAttribute('aria-sort');
  const descending = before === null ? numbers : before === 'ascending';
  for (const other of table.querySelectorAll('th[aria-sort]')) other.removeAttribute('aria-sort');
  title.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
  const body = table.tBodies[0];
  if (body === undefined) return;
  const keys = [...body.rows].map((row) => {
    const cell = row.cells[title.cellIndex];
    const text = cell?.textContent ?? '';
    return { row, text, number: Number(cell?.dataset.value ?? text) };
  });
  const names = new Intl.Collator('en', { numeric: true });
  const compare = (a: (typeof keys)[number], b: (typeof keys)[number]): number =>
    numbers ? a.number - b.number : names.compare(a.text, b.text);
  keys.sort((a, b) => (descending ? compare(b, a) : compare(a, b)));
  body.append(...keys.map(({ row }) => row));
}

export function enrichFilter(): void {
  for (const field of document.querySelectorAll<HTMLInputElement>('input[data-filter]')) {
    const table = document.getElementById(field.dataset.filter ?? '') as HTMLTableElement | null;
    const said = field.closest('.filter')?.querySelector('[data-filtered]');
    const rows = [...(table?.tBodies[0]?.rows ?? [])];
    field.disabled = false;
    field.addEventListener('input', () => {
      const wanted = field.value.trim().toLowerCase();
      let shown = 0;
      for (const row of rows) {
        row.hidden = !(row.cells[0]?.textContent ?? '').toLowerCase().includes(wanted);
        if (!row.hidden) shown++;
      }
      if (said) said.textContent = wanted === '' ? `${rows.length} classes` : `${shown} of ${rows.length} classes`;
    });
  }
}
