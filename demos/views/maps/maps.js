// @ts-check
// What the layers of an image network give: rows of small maps, one colour scale per layer (paper is zero).
// Hover, touch and arrow keys read one number; page up and down go to another map.
// Fields and events: maps.py.
taste.define('maps', (stage) => {
  const { el } = taste;
  const list = el('div', { class: 'taste-layers' });
  const caption = el('p', { class: 'taste-caption' });
  const can = stage.can('pick');
  const time = taste.transport(stage);
  stage.root.append(list, time.node, caption);
  const rows = [];
  function row(i) {
    const head = el(
      can ? 'button' : 'div',
      can ? { type: 'button', class: 'head' } : { class: 'head' },
      el('b', {}),
      el('span', {}),
    );
    const canvas = el('canvas', { role: 'img', tabindex: '0' });
    const tip = el('div', { class: 'taste-tip', role: 'status' });
    const box = el('div', { class: 'taste-strip' }, canvas, tip);
    const node = el('div', { class: 'taste-layer' }, head, box);
    const r = { node, head, canvas, tip, box, at: null };
    if (can) head.addEventListener('click', () => stage.emit('pick', { index: i }));
    const point = (e) => {
      const [x, y] = taste.at(canvas, e);
      r.at = spot(r, x, y);
      stage.ask();
    };
    canvas.addEventListener('pointermove', point);
    canvas.addEventListener('pointerdown', point);
    canvas.addEventListener('pointerleave', () => {
      r.at = null;
      stage.ask();
    });
    canvas.addEventListener('blur', () => {
      r.at = null;
      stage.ask();
    });
    canvas.addEventListener('keydown', (e) => {
      const way = taste.arrow(e);
      const g = r.group;
      if (!g || (!way && !['PageUp', 'PageDown'].includes(e.key))) return;
      const a = r.at || { k: 0, x: g.w >> 1, y: g.h >> 1 };
      const most = (v, n) => taste.clamp(v, 0, n - 1);
      r.at = way
        ? { k: a.k, x: most(a.x + way[0], g.w), y: most(a.y + way[1], g.h) }
        : { ...a, k: most(a.k + (e.key === 'PageDown' ? 1 : -1), g.tiles.length) };
      e.preventDefault();
      stage.ask();
    });
    return r;
  }
  const spot = (r, x, y) => {
    const { group: g, columns, tw, th, gap } = r;
    if (!g || !columns) return null;
    const c = Math.floor(x / (tw + gap));
    const q = Math.floor(y / (th + gap));
    const k = q * columns + c;
    const px = x - c * (tw + gap);
    const py = y - q * (th + gap);
    return c < columns && k < g.tiles.length && px < tw && py < th
      ? { k, x: Math.floor((px / tw) * g.w), y: Math.floor((py / th) * g.h) }
      : null;
  };
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const groups = v.groups || [];
    time.update((v.frames || []).length, v);
    while (list.children.length > groups.length) {
      list.lastChild.remove();
      rows.pop();
    }
    const ramp = taste.ramp('class', c);
    groups.forEach((g, i) => {
      if (!rows[i]) {
        rows[i] = row(i);
        list.append(rows[i].node);
      }
      paint(rows[i], v.frames?.length ? { ...g, tiles: v.frames[time.at] || g.tiles } : g, v, c, ramp);
      rows[i].node.classList.toggle('chosen', v.chosen === i);
    });
    taste.tell(list, caption, v);
  }
  function paint(r, g, v, c, ramp) {
    r.group = g;
    const [name, text] = r.head.children;
    taste.write(name, g.name);
    if (text.textContent !== (g.text || '')) text.textContent = g.text || '';
    r.head.setAttribute('aria-label', can ? `${v.words?.open || ''} ${g.name}`.trim() : g.name);
    const width = r.box.clientWidth;
    const gap = (r.gap = 3);
    if (!width || !g.tiles.length) return;
    const wide = g.w > 2 * g.h;
    const tw = (r.tw = Math.min(width, wide ? Math.min(g.w * 12, width) : v.size || 40));
    const th = (r.th = Math.max(6, Math.round((tw * g.h) / g.w)));
    const columns = (r.columns = Math.max(
      1,
      Math.min(g.tiles.length, Math.floor((width + gap) / (tw + gap))),
    ));
    const lines = Math.ceil(g.tiles.length / columns);
    const height = lines * (th + gap) - gap;
    r.box.style.height = `${height}px`;
    const pen = taste.sharp(r.canvas, width, height, 2);
    pen.imageSmoothingEnabled = false;
    g.tiles.forEach((tile, k) => {
      const values = taste.bytes(tile);
      const x = (k % columns) * (tw + gap);
      const y = Math.floor(k / columns) * (th + gap);
      pen.drawImage(
        taste.bitmap(g.w, g.h, (j) => taste.pick(ramp, values[j])),
        x,
        y,
        tw,
        th,
      );
      pen.strokeStyle = c.grid;
      pen.lineWidth = 1;
      pen.strokeRect(x + 0.5, y + 0.5, tw - 1, th - 1);
      if (r.at && r.at.k === k) {
        pen.strokeStyle = c.ink;
        pen.lineWidth = 2;
        pen.strokeRect(x + 1, y + 1, tw - 2, th - 2);
        pen.strokeStyle = c.accent;
        pen.strokeRect(x + (r.at.x * tw) / g.w, y + (r.at.y * th) / g.h, tw / g.w, th / g.h);
        const number = ((values[r.at.y * g.w + r.at.x] - 128) / 127) * g.reach;
        const map = `${v.words?.map || ''} ${g.ids?.[k] ?? k}`;
        const spot = `${v.words?.at || ''} ${r.at.y}, ${r.at.x}`;
        const says = taste.number(Math.round(number * 100) / 100);
        tell(r, `${map} · ${spot} · ${says}`, x + (r.at.x * tw) / g.w, y);
      }
    });
    if (!r.at) tell(r, '');
    const alt = `${g.name}. ${g.text || ''}`;
    if (r.canvas.getAttribute('aria-label') !== alt) r.canvas.setAttribute('aria-label', alt);
  }
  function tell(r, words, x = 0, y = 0) {
    r.tip.textContent = words;
    r.tip.classList.toggle('on', !!words);
    if (!words) return;
    r.tip.style.left = `${Math.max(0, Math.min(x, r.box.clientWidth - r.tip.offsetWidth - 4))}px`;
    r.tip.style.top = `${y - r.tip.offsetHeight - 4}px`;
  }
  return { draw };
});
