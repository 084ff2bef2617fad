// @ts-check
// A table of numbers, coloured: confusion matrix, counts, attention, pixels. A real <table>, so it can be
// read aloud.
// Fields and events: matrix.py.
taste.define('matrix', (stage) => {
  const { el } = taste;
  const caption = el('caption', {});
  const body = el('tbody', {});
  const head = el('thead', {});
  const table = el('table', { class: 'taste-matrix' }, caption, head, body);
  stage.root.append(el('div', { class: 'taste-scroll', tabindex: '0', role: 'group' }, table));
  let shape = '';
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const cells = v.cells || [];
    const key = JSON.stringify([cells.length, cells[0]?.length, v.rows, v.cols, v.corner]);
    if (key !== shape) {
      shape = key;
      build(v, cells);
    }
    caption.textContent = v.caption || v.alt || '';
    const flat = cells.flat().filter(Number.isFinite);
    const low = v.low ?? Math.min(...flat, 0);
    const high = v.high ?? Math.max(...flat, 1e-9);
    const reach = Math.max(Math.abs(low), Math.abs(high));
    const kind = v.kind || 'class';
    const ramp = kind === 'plain' ? null : taste.ramp(kind, c);
    const marked = new Set((v.marks || []).map(String));
    body.querySelectorAll('td').forEach((td) => {
      const i = +td.dataset.i;
      const j = +td.dataset.j;
      const x = cells[i][j];
      const text = v.text?.[i]?.[j] ?? (Number.isFinite(x) ? taste.number(x) : '');
      taste.write(td, text);
      if (can)
        td.setAttribute(
          'aria-label',
          [v.rows?.[i], v.cols?.[j], text || (Number.isFinite(x) ? taste.number(x) : '')]
            .filter(Boolean)
            .join(' · '),
        );
      if (ramp) {
        const rgb =
          kind === 'class'
            ? taste.signed(ramp, x / (reach || 1))
            : taste.pick(ramp, Math.round(255 * taste.clamp((x - low) / (high - low || 1), 0, 1)));
        if (x === null)
          Object.assign(td.style, { background: '', color: '' }); // still to come
        else taste.tint(td, Number.isFinite(x) ? rgb : [128, 128, 128]);
      }
      td.classList.toggle('chosen', !!v.chosen && v.chosen[0] === i && v.chosen[1] === j);
      td.classList.toggle('marked', marked.has(`${i},${j}`));
    });
  }
  function build(v, cells) {
    head.replaceChildren();
    body.replaceChildren();
    if (v.cols)
      head.append(
        el(
          'tr',
          {},
          ...(v.rows ? [el('th', { scope: 'col' }, v.corner || '')] : []),
          ...v.cols.map((name) => el('th', { scope: 'col' }, String(name))),
        ),
      );
    cells.forEach((row, i) =>
      body.append(
        el(
          'tr',
          {},
          ...(v.rows ? [el('th', { scope: 'row' }, String(v.rows[i]))] : []),
          ...row.map((_, j) =>
            el('td', { 'data-i': i, 'data-j': j, ...(can ? { tabindex: '0', role: 'button' } : {}) }),
          ),
        ),
      ),
    );
  }
  const can = stage.can('pick');
  const pick = (td) => td && stage.emit('pick', { row: +td.dataset.i, col: +td.dataset.j });
  if (can) {
    table.addEventListener('click', (e) => pick(e.target.closest('td')));
    table.addEventListener('keydown', (e) => {
      if (e.key === 'Enter' || e.key === ' ') {
        e.preventDefault();
        pick(e.target.closest('td'));
      }
    });
  }
  return { draw };
});
