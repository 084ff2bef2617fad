// @ts-check
// Points that move over frames, with the learnt field as arrows and the ways the points came; a time slider
// of its own.
// Fields and events: cloud.py.
taste.define('cloud', (stage) => {
  const fig = taste.figure(stage, { focusable: false });
  const time = taste.transport(stage);
  const shown = { field: true, trails: true };
  fig.box.after(time.node);
  const toggles = ['field', 'trails'].map((name) => {
    const button = taste.el('button', { type: 'button', 'aria-pressed': 'true' });
    button.addEventListener('click', () => {
      shown[name] = !shown[name];
      button.setAttribute('aria-pressed', shown[name]);
      stage.ask();
    });
    time.node.append(button);
    return [name, button];
  });
  const cache = new Map(); // one decoding per frame, however often it is shown
  const numbers = (text, Kind) => {
    if (!cache.has(text)) {
      if (cache.size > 400) cache.clear();
      cache.set(text, new Kind(taste.bytes(text).buffer));
    }
    return cache.get(text);
  };
  function draw() {
    const v = stage.value;
    const frames = v.frames || [];
    const c = stage.colours;
    const { g, width, height } = fig.open();
    time.update(frames.length, v);
    const side = Math.min(width, height);
    const left = (width - side) / 2;
    const k = time.at;
    const X = (u) => left + (u / 65535) * side;
    const Y = (u) => side - (u / 65535) * side;
    const field = v.fields?.[k];
    for (const [name, button] of toggles) {
      button.hidden = !(v.fields && v.words?.[name]);
      if (button.textContent !== (v.words?.[name] || '')) button.textContent = v.words?.[name] || '';
    }
    g.save();
    g.beginPath();
    g.rect(left, 0, side, side);
    g.clip();
    if (field && shown.field) arrows(g, numbers(field, Int8Array), v, left, side, c);
    if (v.target) dots(g, numbers(v.target, Uint16Array), X, Y, 1.4, c.soft, 0.35);
    if (v.fields && shown.trails && k > 0) trails(g, frames, k, X, Y, c);
    if (frames[k]) dots(g, numbers(frames[k], Uint16Array), X, Y, side > 330 ? 2.3 : 1.9, c.series[1], 0.9);
    g.restore();
    g.strokeStyle = c.grid;
    g.strokeRect(left + 0.5, 0.5, side - 1, side - 1);
    fig.words({ ...v, caption: v.captions?.[k] ?? v.caption });
  }
  function dots(g, xy, X, Y, r, colour, alpha) {
    g.globalAlpha = alpha;
    g.fillStyle = colour;
    g.beginPath();
    for (let i = 0; i < xy.length; i += 2) {
      const x = X(xy[i]);
      const y = Y(xy[i + 1]);
      g.moveTo(x + r, y);
      g.arc(x, y, r, 0, 7);
    }
    g.fill();
    g.globalAlpha = 1;
  }
  function trails(g, frames, k, X, Y, c) {
    const way = frames.slice(0, k + 1).map((f) => numbers(f, Uint16Array));
    const count = Math.min(60, way[0].length / 2);
    g.globalAlpha = 0.35;
    g.strokeStyle = c.series[1];
    g.lineWidth = 1;
    g.beginPath();
    for (let i = 0; i < count; i++)
      way.forEach((xy, n) => {
        const x = X(xy[2 * i]);
        const y = Y(xy[2 * i + 1]);
        n ? g.lineTo(x, y) : g.moveTo(x, y);
      });
    g.stroke();
    g.globalAlpha = 1;
  }
  // Arrow and colour say the same: how far the network would move a point standing there.
  function arrows(g, uv, v, left, side, c) {
    const n = v.cells;
    const step = (2 * v.fieldReach) / (n - 1);
    const unit = side / (2 * v.reach);
    const data = new Uint8Array(n * n);
    const size = (i) => Math.hypot(uv[2 * i], uv[2 * i + 1]) / 127;
    for (let i = 0; i < n * n; i++)
      data[(n - 1 - Math.floor(i / n)) * n + (i % n)] = 128 + Math.min(127, size(i) * 70);
    const pad = (v.reach - v.fieldReach - step / 2) * unit;
    const wide = side - 2 * pad;
    g.imageSmoothingEnabled = true;
    g.globalAlpha = 0.55;
    g.drawImage(
      taste.grid({ data: btoa(String.fromCharCode(...data)), w: n, h: n, kind: 'class' }, c),
      left + pad,
      pad,
      wide,
      wide,
    );
    g.globalAlpha = 0.8;
    g.strokeStyle = c.series[0];
    g.lineWidth = 1.1;
    g.beginPath();
    for (let i = 0; i < n * n; i++) {
      const x = left + side / 2 + (-v.fieldReach + (i % n) * step) * unit;
      const y = side / 2 - (-v.fieldReach + Math.floor(i / n) * step) * unit;
      const s = size(i);
      const reach = Math.min(1, s * 2) * step * unit * 0.8;
      if (reach < 1) continue;
      const u = uv[2 * i] / 127 / s;
      const w = -uv[2 * i + 1] / 127 / s;
      const ex = x + u * reach;
      const ey = y + w * reach;
      g.moveTo(x, y);
      g.lineTo(ex, ey);
      g.moveTo(ex - (u * 0.8 + w * 0.5) * 4, ey - (w * 0.8 - u * 0.5) * 4);
      g.lineTo(ex, ey);
      g.lineTo(ex - (u * 0.8 - w * 0.5) * 4, ey - (w * 0.8 + u * 0.5) * 4);
    }
    g.stroke();
    g.globalAlpha = 1;
  }
  return { draw };
});
