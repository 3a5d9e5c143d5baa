/** What the page carries for its script, as `jsonData` put it there. */
export function readData<T>(id: string): T {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no data called ${id}`);
  return JSON.parse(element.textContent ?? '') as T;
}
