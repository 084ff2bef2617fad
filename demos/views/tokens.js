// A text as chips, one per token: its letters, its id, and (optional) a share or a contribution as colour.
// value: {tokens:[{text, id?, p?, title?, dim?}], rows:[{name, tokens:[…]}]?, signed:bool, chosen:index | [row, index], caption, alt}
//   p: 0…1 (a share), or −1…1 when signed (low ← → high); text is shown as it is, spaces made visible; rows: several texts
// event: pick {row, index} by click, Enter or Space; arrow keys move along the chips
taste.define('tokens', (stage) => {
  const { el } = taste, list = el('div', { class: 'taste-tokens' }), caption = el('p', { class: 'taste-caption' });
  stage.root.append(list, caption);
  const can = (stage.props.can || []).includes('pick');
  const seen = (text) => text.replace(/\n/g, '↵').replace(/^ +| +$/g, (s) => '␣'.repeat(s.length)).replace(/\u200d/g, '⟨ZWJ⟩') || '∅';
  let shape = '';
  function draw() {
    const v = stage.value, c = stage.colours, rows = v.rows || [{ tokens: v.tokens || [] }], high = taste.hex(c.high), low = taste.hex(c.low), paper = taste.hex(c.paper);
    const key = JSON.stringify(rows.map((r) => [r.name, r.tokens.length, r.tokens.some((t) => t.id !== undefined && t.id !== null)]));
    if (key !== shape) { shape = key; build(rows); }
    const chosen = Array.isArray(v.chosen) ? v.chosen : [0, v.chosen];
    rows.forEach((row, i) => row.tokens.forEach((token, j) => {
      const chip = list.children[i].querySelector('.chips').children[j], [text, id] = chip.children;
      const words = seen(token.text), number = token.id ?? '';
      if (text.textContent !== words) text.textContent = words;
      if (id.textContent !== String(number)) id.textContent = number;
      const title = token.title || '';
      if (chip.title !== title) { chip.title = title; chip.setAttribute('aria-label', `${words}${number === '' ? '' : ` ${number}`}${title ? ` · ${title}` : ''}`); }
      const p = Number.isFinite(token.p) ? Math.max(-1, Math.min(1, token.p)) : 0, t = Math.abs(p) * .85, to = p < 0 ? low : high;
      const rgb = paper.map((x, k) => Math.round(x + (to[k] - x) * t));
      chip.style.background = p ? `rgb(${rgb})` : ''; chip.style.color = p ? (rgb[0] * .299 + rgb[1] * .587 + rgb[2] * .114 > 140 ? '#10161d' : '#fff') : '';
      chip.classList.toggle('dim', !!token.dim);
      chip.classList.toggle('chosen', chosen[0] === i && chosen[1] === j);
      if (can) chip.setAttribute('aria-pressed', String(chosen[0] === i && chosen[1] === j));
    }));
    list.setAttribute('aria-label', v.alt || v.caption || ''); list.setAttribute('role', 'group'); caption.textContent = v.caption || '';
  }
  function build(rows) {
    list.replaceChildren(...rows.map((row, i) => el('div', { class: 'row' }, ...(row.name ? [el('b', {}, row.name)] : []), el('div', { class: 'chips' },
      ...row.tokens.map((_, j) => el(can ? 'button' : 'span', can ? { type: 'button', 'data-i': i, 'data-j': j } : {}, el('span', {}), el('small', {})))))));
  }
  if (can) {
    list.addEventListener('click', (e) => { const chip = e.target.closest('button'); if (chip) stage.emit('pick', { row: +chip.dataset.i, index: +chip.dataset.j }); });
    list.addEventListener('keydown', (e) => {
      const dir = { ArrowLeft: -1, ArrowRight: 1 }[e.key], all = [...list.querySelectorAll('button')], k = all.indexOf(document.activeElement);
      if (dir && k >= 0) { e.preventDefault(); all[Math.max(0, Math.min(all.length - 1, k + dir))].focus(); }
    });
  }
  return { draw };
});
