// A pad to draw strokes on, by finger, mouse or keys; what was drawn goes to Python as text, short enough for a link.
// value: {strokes: JSON text (one list x, y, x, y … per stroke, hundredths of −1…1, y upwards), points: base64 of uint16 | null, reach,
//   words:{undo, clear, keys}, caption, alt}; event: draw {strokes}
taste.define('pad', (stage) => {
  const { el } = taste, fig = taste.figure(stage), { canvas } = fig;
  const undo = el('button', { type: 'button' }), clear = el('button', { type: 'button' }), bar = el('div', { class: 'taste-bar' }, el('span', {}), undo, clear);
  fig.box.after(bar);
  let strokes = [], sent = null, pen = null, cursor = null, down = false, side = 1, left = 0;
  const MOST = 560; // points of all strokes: the text stays below 5,000 characters
  const text = () => JSON.stringify(strokes.map((s) => s.flat()));
  const tell = () => { sent = text(); stage.emit('draw', { strokes: sent }); stage.ask(); };
  const total = () => strokes.reduce((sum, s) => sum + s.length, 0);
  const read = (json) => { try { return JSON.parse(json || '[]').map((s) => Array.from({ length: s.length >> 1 }, (_, i) => [s[2 * i], s[2 * i + 1]])); } catch { return []; } };
  const place = (e) => {
    const [px, py] = taste.at(canvas, e), most = (v) => Math.max(-100, Math.min(100, Math.round(v)));
    return [most(((px - left) / side * 2 - 1) * 110), most((1 - py / side * 2) * 110)];
  };
  const add = (stroke, p) => {
    const last = stroke.at(-1);
    if (total() < MOST && (!last || Math.hypot(p[0] - last[0], p[1] - last[1]) >= 4)) stroke.push(p);
  };
  function draw() {
    const v = stage.value, c = stage.colours, { g, width, height } = fig.open();
    if (!pen && !down && v.strokes !== undefined && v.strokes !== sent) { strokes = read(v.strokes); sent = v.strokes; }
    side = Math.min(width, height); left = (width - side) / 2;
    const X = (x) => left + (x / 110 + 1) * side / 2, Y = (y) => (1 - y / 110) * side / 2;
    g.fillStyle = c.paper; g.fillRect(left, 0, side, side);
    g.strokeStyle = c.grid; g.strokeRect(left + .5, .5, side - 1, side - 1);
    if (v.points && !strokes.length) {
      const xy = new Uint16Array(taste.bytes(v.points).buffer);
      g.fillStyle = c.accent; g.globalAlpha = .7; g.beginPath();
      for (let i = 0; i < xy.length; i += 2) { const x = X((xy[i] / 65535 * 2 - 1) * v.reach * 100), y = Y((xy[i + 1] / 65535 * 2 - 1) * v.reach * 100); g.moveTo(x + 1.7, y); g.arc(x, y, 1.7, 0, 7); }
      g.fill(); g.globalAlpha = 1;
    }
    g.strokeStyle = c.accent; g.fillStyle = c.accent; g.lineWidth = 4; g.lineCap = 'round';
    for (const stroke of strokes) {
      g.beginPath(); stroke.forEach(([x, y], i) => i ? g.lineTo(X(x), Y(y)) : g.moveTo(X(x), Y(y)));
      stroke.length > 1 ? g.stroke() : (g.arc(X(stroke[0][0]), Y(stroke[0][1]), 3, 0, 7), g.fill());
    }
    if (cursor && canvas.matches(':focus-visible')) {
      g.strokeStyle = down ? c.series[1] : c.ink; g.lineWidth = 2; g.beginPath();
      g.arc(X(cursor[0]), Y(cursor[1]), 8, 0, 7); g.moveTo(X(cursor[0]) - 12, Y(cursor[1])); g.lineTo(X(cursor[0]) + 12, Y(cursor[1])); g.moveTo(X(cursor[0]), Y(cursor[1]) - 12); g.lineTo(X(cursor[0]), Y(cursor[1]) + 12); g.stroke();
    }
    undo.textContent = v.words?.undo || ''; clear.textContent = v.words?.clear || ''; bar.firstChild.textContent = v.words?.keys || '';
    undo.disabled = clear.disabled = !strokes.length;
    fig.words(v);
  }
  canvas.addEventListener('pointerdown', (e) => { canvas.setPointerCapture(e.pointerId); pen = []; strokes.push(pen); add(pen, place(e)); if (!pen.length) { strokes.pop(); pen = null; } stage.ask(); });
  canvas.addEventListener('pointermove', (e) => { canvas.style.cursor = 'crosshair'; if (pen) { for (const each of e.getCoalescedEvents?.() || [e]) add(pen, place(each)); stage.ask(); } });
  const lift = () => { if (pen) { pen = null; tell(); } };
  canvas.addEventListener('pointerup', lift); canvas.addEventListener('pointercancel', lift);
  undo.addEventListener('click', () => { strokes.pop(); tell(); });
  clear.addEventListener('click', () => { strokes = []; tell(); });
  canvas.addEventListener('focus', () => { cursor = cursor || [0, 0]; stage.ask(); });
  canvas.addEventListener('blur', () => { if (down) { down = false; tell(); } stage.ask(); });
  canvas.addEventListener('keydown', (e) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key], hop = e.shiftKey ? 2 : 8;
    if (way) {
      cursor = (cursor || [0, 0]).map((value, i) => Math.max(-100, Math.min(100, value + way[i] * hop)));
      if (down && total() < MOST) strokes.at(-1).push([...cursor]);
    } else if (e.key === ' ') { down = !down; cursor = cursor || [0, 0]; if (down && total() < MOST) strokes.push([[...cursor]]); else { down = false; tell(); } }
    else if (e.key === 'Backspace') { strokes.pop(); down = false; tell(); } else return;
    e.preventDefault(); stage.ask();
  });
  return { draw };
});
