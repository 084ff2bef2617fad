// Named bars: probabilities, contributions (both signs), gradient norms (log). Each row is text first, bar second.
// value: {items:[{name, value, text?, colour:1…8?}], low, high, log:bool, chosen:index?, alt, caption}; event: pick {index}
taste.define('bars', (stage) => {
  const { el } = taste, list = el('ol', { class: 'taste-bars' }), caption = el('p', { class: 'taste-caption' });
  stage.root.append(list, caption);
  const can = (stage.props.can || []).includes('pick');
  function draw() {
    const v = stage.value, items = v.items || [], c = stage.colours, f = v.log ? (x) => Math.log10(Math.max(x, 1e-30)) : (x) => x;
    const values = items.map((i) => f(i.value)).filter(Number.isFinite), low = v.low ?? (v.log ? Math.floor(Math.min(...values, 0)) : Math.min(0, ...values)), high = v.high ?? Math.max(...values, v.log ? low + 1 : 1e-12);
    const zero = v.log ? low : Math.max(low, Math.min(high, 0)), at = (x) => Math.max(0, Math.min(100, (x - low) / ((high - low) || 1) * 100));
    while (list.children.length > items.length) list.lastChild.remove();
    items.forEach((item, k) => {
      let row = list.children[k];
      if (!row) {
        row = el(can ? 'button' : 'div', can ? { type: 'button', 'data-k': k } : {}, el('span', { class: 'n' }), el('span', { class: 'track' }, el('i', {})), el('span', { class: 'v' }));
        list.append(el('li', {}, row)); row = list.children[k];
      }
      const [name, track, value] = row.firstChild.children, bar = track.firstChild, x = f(item.value), a = Math.min(at(zero), at(x)), b = Math.max(at(zero), at(x));
      if (name.textContent !== item.name) name.textContent = item.name;
      value.textContent = item.text ?? taste.number(item.value);
      bar.style.left = `${a}%`; bar.style.width = `${Math.max(b - a, .4)}%`;
      bar.style.background = item.colour ? c.series[item.colour - 1] : item.value < 0 ? c.low : c.high;
      row.classList.toggle('chosen', v.chosen === k);
    });
    list.setAttribute('aria-label', v.alt || v.caption || ''); caption.textContent = v.caption || '';
  }
  if (can) list.addEventListener('click', (e) => { const row = e.target.closest('button'); if (row) stage.emit('pick', { index: +row.dataset.k }); });
  return { draw };
});
