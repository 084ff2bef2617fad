// A table of numbers, coloured: confusion matrix, counts, attention, pixels. A real <table>, so it can be read aloud.
// value: {cells:[[number]], text:[[string]]?, rows:[…]?, cols:[…]?, corner, low, high, kind:"class"|"height"|"plain", chosen:[i,j]?, marks:[[i,j]…]?, alt, caption}
// event: pick {row, col}
taste.define('matrix', (stage) => {
  const { el } = taste, caption = el('caption', {}), body = el('tbody', {}), head = el('thead', {}), table = el('table', { class: 'taste-matrix' }, caption, head, body);
  stage.root.append(el('div', { class: 'taste-scroll', tabindex: '0', role: 'group' }, table));
  let shape = '';
  function draw() {
    const v = stage.value, c = stage.colours, cells = v.cells || [];
    const key = JSON.stringify([cells.length, cells[0]?.length, v.rows, v.cols, v.corner]);
    if (key !== shape) { shape = key; build(v, cells); }
    caption.textContent = v.caption || v.alt || '';
    const flat = cells.flat().filter(Number.isFinite), low = v.low ?? Math.min(...flat, 0), high = v.high ?? Math.max(...flat, 1e-9);
    const reach = Math.max(Math.abs(low), Math.abs(high)), kind = v.kind || 'class', table = kind === 'plain' ? null : taste.ramp(kind === 'class' ? 'class' : kind, c);
    const marked = new Set((v.marks || []).map(String));
    body.querySelectorAll('td').forEach((td) => {
      const i = +td.dataset.i, j = +td.dataset.j, x = cells[i][j], text = v.text?.[i]?.[j] ?? (Number.isFinite(x) ? taste.number(x) : '');
      if (td.textContent !== text) td.textContent = text;
      if (table) {
        const t = kind === 'class' ? Math.round(127.5 + 127.5 * Math.max(-1, Math.min(1, x / (reach || 1)))) : Math.round(255 * Math.max(0, Math.min(1, (x - low) / ((high - low) || 1))));
        const [r, g, b] = Number.isFinite(x) ? table.slice(t * 3, t * 3 + 3) : [128, 128, 128];
        td.style.background = `rgb(${r},${g},${b})`; td.style.color = r * .299 + g * .587 + b * .114 > 140 ? '#10161d' : '#fff';
      }
      td.classList.toggle('chosen', !!v.chosen && v.chosen[0] === i && v.chosen[1] === j);
      td.classList.toggle('marked', marked.has(`${i},${j}`));
    });
  }
  function build(v, cells) {
    head.replaceChildren(); body.replaceChildren();
    if (v.cols) head.append(el('tr', {}, ...(v.rows ? [el('th', { scope: 'col' }, v.corner || '')] : []), ...v.cols.map((name) => el('th', { scope: 'col' }, String(name)))));
    cells.forEach((row, i) => body.append(el('tr', {}, ...(v.rows ? [el('th', { scope: 'row' }, String(v.rows[i]))] : []), ...row.map((_, j) => el('td', { 'data-i': i, 'data-j': j, ...(can ? { tabindex: '0', role: 'button' } : {}) })))));
  }
  const can = (stage.props.can || []).includes('pick');
  const pick = (td) => td && stage.emit('pick', { row: +td.dataset.i, col: +td.dataset.j });
  if (can) {
    table.addEventListener('click', (e) => pick(e.target.closest('td')));
    table.addEventListener('keydown', (e) => { if (e.key === 'Enter' || e.key === ' ') { e.preventDefault(); pick(e.target.closest('td')); } });
  }
  return { draw };
});
