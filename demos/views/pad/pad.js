// @ts-check
// A pad to draw strokes on, by finger, mouse or keys; what was drawn goes to Python as text, short enough for
// a link.
// Fields and events: pad.py.
taste.define('pad', (stage) => {
  const { el } = taste;
  const fig = taste.figure(stage);
  const { canvas } = fig;
  const undo = el('button', { type: 'button' });
  const clear = el('button', { type: 'button' });
  const bar = el('div', { class: 'taste-bar' }, el('span', {}), undo, clear);
  fig.box.after(bar);
  let strokes = [];
  let sent = null;
  let pen = null;
  let cursor = null;
  let down = false;
  let side = 1;
  let left = 0;
  const MOST = 560; // points of all strokes: the text stays below 5,000 characters
  const text = () => JSON.stringify(strokes.map((s) => s.flat()));
  const tell = () => {
    sent = text();
    stage.emit('draw', { strokes: sent });
    stage.ask();
  };
  const total = () => strokes.reduce((sum, s) => sum + s.length, 0);
  const read = (json) => {
    try {
      return JSON.parse(json || '[]').map((s) =>
        Array.from({ length: s.length >> 1 }, (_, i) => [s[2 * i], s[2 * i + 1]]),
      );
    } catch {
      return [];
    }
  };
  const most = (v) => taste.clamp(Math.round(v), -100, 100);
  const place = (e) => {
    const [px, py] = taste.at(canvas, e);
    return [most((((px - left) / side) * 2 - 1) * 110), most((1 - (py / side) * 2) * 110)];
  };
  const add = (stroke, p) => {
    const last = stroke.at(-1);
    if (total() < MOST && (!last || Math.hypot(p[0] - last[0], p[1] - last[1]) >= 4)) stroke.push(p);
  };
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const { g, width, height } = fig.open();
    if (!pen && !down && v.strokes !== undefined && v.strokes !== sent) {
      strokes = read(v.strokes);
      sent = v.strokes;
    }
    side = Math.min(width, height);
    left = (width - side) / 2;
    const X = (x) => left + ((x / 110 + 1) * side) / 2;
    const Y = (y) => ((1 - y / 110) * side) / 2;
    g.fillStyle = c.paper;
    g.fillRect(left, 0, side, side);
    g.strokeStyle = c.grid;
    g.strokeRect(left + 0.5, 0.5, side - 1, side - 1);
    if (v.points && !strokes.length) {
      const xy = new Uint16Array(taste.bytes(v.points).buffer);
      g.fillStyle = c.accent;
      g.globalAlpha = 0.7;
      g.beginPath();
      for (let i = 0; i < xy.length; i += 2) {
        const x = X(((xy[i] / 65535) * 2 - 1) * v.reach * 100);
        const y = Y(((xy[i + 1] / 65535) * 2 - 1) * v.reach * 100);
        g.moveTo(x + 1.7, y);
        g.arc(x, y, 1.7, 0, 7);
      }
      g.fill();
      g.globalAlpha = 1;
    }
    g.strokeStyle = c.accent;
    g.fillStyle = c.accent;
    g.lineWidth = 4;
    g.lineCap = 'round';
    for (const stroke of strokes) {
      g.beginPath();
      stroke.forEach(([x, y], i) => (i ? g.lineTo(X(x), Y(y)) : g.moveTo(X(x), Y(y))));
      stroke.length > 1 ? g.stroke() : (g.arc(X(stroke[0][0]), Y(stroke[0][1]), 3, 0, 7), g.fill());
    }
    if (cursor && canvas.matches(':focus-visible')) {
      g.strokeStyle = down ? c.series[1] : c.ink;
      g.lineWidth = 2;
      g.beginPath();
      g.arc(X(cursor[0]), Y(cursor[1]), 8, 0, 7);
      g.moveTo(X(cursor[0]) - 12, Y(cursor[1]));
      g.lineTo(X(cursor[0]) + 12, Y(cursor[1]));
      g.moveTo(X(cursor[0]), Y(cursor[1]) - 12);
      g.lineTo(X(cursor[0]), Y(cursor[1]) + 12);
      g.stroke();
    }
    undo.textContent = v.words?.undo || '';
    clear.textContent = v.words?.clear || '';
    bar.firstChild.textContent = v.words?.keys || '';
    undo.disabled = clear.disabled = !strokes.length;
    fig.words(v);
  }
  canvas.addEventListener('pointerdown', (e) => {
    canvas.setPointerCapture(e.pointerId);
    pen = [];
    strokes.push(pen);
    add(pen, place(e));
    if (!pen.length) {
      strokes.pop();
      pen = null;
    }
    stage.ask();
  });
  canvas.addEventListener('pointermove', (e) => {
    canvas.style.cursor = 'crosshair';
    if (pen) {
      for (const each of e.getCoalescedEvents?.() || [e]) add(pen, place(each));
      stage.ask();
    }
  });
  const lift = () => {
    if (pen) {
      pen = null;
      tell();
    }
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
  undo.addEventListener('click', () => {
    strokes.pop();
    tell();
  });
  clear.addEventListener('click', () => {
    strokes = [];
    tell();
  });
  canvas.addEventListener('focus', () => {
    cursor = cursor || [0, 0];
    stage.ask();
  });
  canvas.addEventListener('blur', () => {
    if (down) {
      down = false;
      tell();
    }
    stage.ask();
  });
  canvas.addEventListener('keydown', (e) => {
    const way = taste.arrow(e);
    const hop = e.shiftKey ? 2 : 8;
    if (way) {
      const [x, y] = cursor || [0, 0];
      cursor = [most(x + way[0] * hop), most(y - way[1] * hop)];
      if (down && total() < MOST) strokes.at(-1).push([...cursor]);
    } else if (e.key === ' ') {
      down = !down;
      cursor = cursor || [0, 0];
      if (down && total() < MOST) strokes.push([[...cursor]]);
      else {
        down = false;
        tell();
      }
    } else if (e.key === 'Backspace') {
      strokes.pop();
      down = false;
      tell();
    } else return;
    e.preventDefault();
    stage.ask();
  });
  return { draw };
});
