/** Shows the rows whose name has the text in it. The text stays while the page goes on. */
let text = '';

export function startFilter(): void {
  const box = document.querySelector<HTMLElement>('#filter-box');
  const input = document.querySelector<HTMLInputElement>('#filter');
  if (box === null || input === null) return;
  box.hidden = false;
  input.value = text;
  input.addEventListener('input', () => {
    text = input.value;
    apply();
  });
  apply();
}

function apply(): void {
  const wanted = text.trim().toLowerCase();
  for (const group of document.querySelectorAll<HTMLElement>('.group')) {
    let any = false;
    for (const row of group.querySelectorAll<HTMLElement>('tr[data-name]')) {
      row.hidden = !(row.dataset['name'] ?? '').toLowerCase().includes(wanted);
      any ||= !row.hidden;
    }
    group.hidden = !any;
  }
}
