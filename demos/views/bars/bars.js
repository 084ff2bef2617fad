// @ts-check
// Named bars: probabilities, contributions of both signs, norms. Each row is text first, bar second.
// Fields and events: bars.py.
taste.define('bars', (stage) => {
  const { el } = taste;
  const list = el('ol', { class: 'taste-bars' });
  const caption = el('p', { class: 'taste-caption' });
  stage.root.append(list, caption);
  const can = stage.can('pick');
  function draw() {
    const v = stage.value;
    const items = v.items || [];
    const c = stage.colours;
    const f = v.log ? (x) => Math.log10(Math.max(x, 1e-30)) : (x) => x;
    const values = items.map((i) => f(i.value)).filter(Number.isFinite);
    const low = v.low ?? (v.log ? Math.floor(Math.min(...values, 0)) : Math.min(0, ...values));
    const high = v.high ?? Math.max(...values, v.log ? low + 1 : 1e-12);
    const zero = v.log ? low : taste.clamp(0, low, high);
    const at = (x) => taste.clamp(((x - low) / (high - low || 1)) * 100, 0, 100);
    while (list.children.length > items.length) list.lastChild.remove();
    items.forEach((item, k) => {
      let row = list.children[k];
      if (!row) {
        row = el(
          can ? 'button' : 'div',
          can ? { type: 'button', 'data-k': k } : {},
          el('span', { class: 'n' }),
          el('span', { class: 'track' }, el('i', {})),
          el('span', { class: 'v' }),
        );
        list.append(el('li', {}, row));
        row = list.children[k];
      }
      const [name, track, value] = row.firstChild.children;
      const bar = track.firstChild;
      const x = f(item.value);
      const a = Math.min(at(zero), at(x));
      const b = Math.max(at(zero), at(x));
      taste.write(name, item.name);
      value.textContent = item.text ?? taste.number(item.value);
      bar.style.left = `${a}%`;
      bar.style.width = `${Math.max(b - a, 0.4)}%`;
      bar.style.background = item.colour ? c.series[item.colour - 1] : item.value < 0 ? c.low : c.high;
      row.classList.toggle('chosen', v.chosen === k);
    });
    taste.tell(list, caption, v);
  }
  if (can)
    list.addEventListener('click', (e) => {
      const row = e.target.closest('button');
      if (row) stage.emit('pick', { index: +row.dataset.k });
    });
  return { draw };
});
