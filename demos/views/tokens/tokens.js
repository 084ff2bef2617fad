// @ts-check
// A text as chips, one per token: its letters, its id, and (optional) a share or a contribution as colour.
// Spaces are made visible; arrow keys move along the chips.
// Fields and events: tokens.py.
taste.define('tokens', (stage) => {
  const { el } = taste;
  const list = el('div', { class: 'taste-tokens' });
  const caption = el('p', { class: 'taste-caption' });
  stage.root.append(list, caption);
  const can = stage.can('pick');
  const seen = (text) =>
    text
      .replace(/\n/g, '↵')
      .replace(/^ +| +$/g, (s) => '␣'.repeat(s.length))
      .replace(/\u200d/g, '⟨ZWJ⟩') || '∅';
  let shape = '';
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const rows = v.rows || [{ tokens: v.tokens || [] }];
    const high = taste.hex(c.high);
    const low = taste.hex(c.low);
    const paper = taste.hex(c.paper);
    const key = JSON.stringify(
      rows.map((r) => [r.name, r.tokens.length, r.tokens.some((t) => t.id !== undefined && t.id !== null)]),
    );
    if (key !== shape) {
      shape = key;
      build(rows);
    }
    const chosen = Array.isArray(v.chosen) ? v.chosen : [0, v.chosen];
    rows.forEach((row, i) =>
      row.tokens.forEach((token, j) => {
        const chip = list.children[i].querySelector('.chips').children[j];
        const [text, id] = chip.children;
        const words = seen(token.text);
        const number = token.id ?? '';
        taste.write(text, words);
        if (id.textContent !== String(number)) id.textContent = number;
        const title = token.title || '';
        if (chip.title !== title) {
          chip.title = title;
          chip.setAttribute(
            'aria-label',
            `${words}${number === '' ? '' : ` ${number}`}${title ? ` · ${title}` : ''}`,
          );
        }
        const p = Number.isFinite(token.p) ? taste.clamp(token.p, -1, 1) : 0;
        const t = Math.abs(p) * 0.85;
        const to = p < 0 ? low : high;
        const rgb = paper.map((x, k) => Math.round(x + (to[k] - x) * t));
        if (p) taste.tint(chip, rgb);
        else chip.style.background = chip.style.color = '';
        chip.classList.toggle('dim', !!token.dim);
        chip.classList.toggle('chosen', chosen[0] === i && chosen[1] === j);
        if (can) chip.setAttribute('aria-pressed', String(chosen[0] === i && chosen[1] === j));
      }),
    );
    list.setAttribute('aria-label', v.alt || v.caption || '');
    list.setAttribute('role', 'group');
    caption.textContent = v.caption || '';
  }
  function build(rows) {
    list.replaceChildren(
      ...rows.map((row, i) =>
        el(
          'div',
          { class: 'row' },
          ...(row.name ? [el('b', {}, row.name)] : []),
          el(
            'div',
            { class: 'chips' },
            ...row.tokens.map((_, j) =>
              el(
                can ? 'button' : 'span',
                can ? { type: 'button', 'data-i': i, 'data-j': j } : {},
                el('span', {}),
                el('small', {}),
              ),
            ),
          ),
        ),
      ),
    );
  }
  if (can) {
    list.addEventListener('click', (e) => {
      const chip = e.target.closest('button');
      if (chip) stage.emit('pick', { row: +chip.dataset.i, index: +chip.dataset.j });
    });
    list.addEventListener('keydown', (e) => {
      const dir = taste.arrow(e)?.[0];
      const all = [...list.querySelectorAll('button')];
      const k = all.indexOf(document.activeElement);
      if (dir && k >= 0) {
        e.preventDefault();
        all[taste.clamp(k + dir, 0, all.length - 1)].focus();
      }
    });
  }
  return { draw };
});
