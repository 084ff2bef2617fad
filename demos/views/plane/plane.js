// @ts-check
// A plane with data on it: field, contours, points, paths, a draggable line with its residual squares, a
// movable mark. A click on a point erases it and one elsewhere places one, unless the value's mode says
// which.
// Fields and events: plane.py.
taste.define('plane', (stage) => {
  const fig = taste.figure(stage);
  const { canvas } = fig;
  let scale = null;
  let held = null;
  let line = null;
  let mark = null;
  let [sent, answer] = [null, null]; // what was drawn last (hands are answered by it), and of it what Python sent last
  let still = null; // a sheet with the points, and what it was drawn from
  // Python may round
  const near = (a, b, keys) => keys.every((k) => Math.abs(a[k] - b[k]) <= 1e-4 + 1e-9 * Math.abs(b[k]));
  const trails = {
    line: taste.trail((a, b) => near(a, b, ['w', 'b'])),
    mark: taste.trail((a, b) => near(a, b, ['x', 'y'])),
  };
  const sender = (name) => {
    const send = taste.throttle(120, (v) => {
      trails[name].asked(v);
      stage.emit(name, v);
    });
    return (v) => {
      trails[name].moved(v);
      send(v);
    };
  };
  const emitLine = sender('line');
  const emitMark = sender('mark');
  const { can } = stage;

  const colourOf = (v, c) => (v === undefined || v === null ? c.accent : v < 0 ? c.low : c.high);
  const handles = (v) =>
    line && can('line')
      ? [0.18, 0.82].map((t) => {
          const x = v.x[0] + t * (v.x[1] - v.x[0]);
          return [x, line.w * x + line.b];
        })
      : [];

  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const { g, width, height } = fig.open();
    const bent = v.warp ? unpack(v) : null;
    if (!v.x && v.points?.length) [v.x, v.y] = [0, 1].map((k) => around(v.points.map((p) => p[k])));
    if (!v.x) return;
    if (sent !== v) {
      const past = v !== stage.news || v === answer; // of a replay, or back from there: no answer to a move
      const stale = (name) => (past ? trails[name].waits : v[name] && trails[name].stale(v[name]));
      const old = { line: stale('line'), mark: stale('mark') };
      answer = stage.news === v ? v : answer;
      if (held === null && !old.line) line = v.line ? { ...v.line } : null;
      if (held === null && !old.mark) mark = v.mark ? { ...v.mark } : null;
      sent = v;
    }
    scale = taste.axes(g, width, height, v, c);
    const { X, Y, left, top, w, h } = scale;
    if (v.field) {
      g.imageSmoothingEnabled = v.field.smooth !== false;
      g.drawImage(taste.grid(v.field, c), left, top, w, h);
    }
    scale.paint();
    g.save();
    g.beginPath();
    g.rect(left, top, w, h);
    g.clip();
    for (const ring of v.contours || []) stroke(g, ring, c.soft, 0.8);
    if (bent) for (const row of bent.rows) stroke(g, row, c.soft, 0.9);
    if (line && v.squares) squares(g, v, c);
    if (line) {
      const [a, b] = v.x;
      stroke(
        g,
        [
          [a, line.w * a + line.b],
          [b, line.w * b + line.b],
        ],
        c.series[1],
        3,
      );
    }
    for (const item of v.lines || []) {
      g.setLineDash(item.dash ? [6, 5] : []);
      stroke(
        g,
        item.xy || v.x.map((x) => [x, item.w * x + item.b]),
        c.series[(item.colour || 1) - 1],
        item.width || 2,
      );
      g.setLineDash([]);
      if (item.dots) for (const [x, y] of item.xy) dot(g, X(x), Y(y), 2.6, c.series[(item.colour || 1) - 1]);
      if (item.arrow && item.xy?.length > 1)
        arrow(g, item.xy.at(-2), item.xy.at(-1), c.series[(item.colour || 1) - 1]);
      if (item.end && item.xy?.length)
        dot(g, X(item.xy.at(-1)[0]), Y(item.xy.at(-1)[1]), 5.5, c.series[(item.colour || 1) - 1], c.paper);
    }
    const radius = v.radius || 5;
    const shade = v.kinds
      ? (value) => (value ? c.series[(value - 1) % c.series.length] : c.accent)
      : v.shades
        ? shadeOf(c)
        : (value) => colourOf(value, c);
    const marks = (to, list) => {
      for (const [x, y, value, ring] of list)
        dot(
          to,
          X(x),
          Y(y),
          radius,
          shade(value),
          ring ? c.ink : v.outline ? c.soft : c.paper,
          value === undefined || value === null || value >= 0,
        );
    };
    if (bent || (v.points || []).length < 50) marks(g, bent ? bent.points : v.points || []);
    else {
      // many that stay where they are while the field behind them changes: drawn once
      const key = [
        v.points,
        c,
        width,
        height,
        canvas.width,
        radius,
        v.kinds,
        v.shades,
        v.outline,
        ...v.x,
        ...v.y,
      ];
      if (!still || key.some((part, k) => part !== still.key[k])) {
        const sheet = still?.sheet || taste.el('canvas');
        marks(taste.sharp(sheet, width, height), v.points);
        still = { key, sheet };
      }
      g.drawImage(still.sheet, 0, 0, width, height);
    }
    g.restore();
    g.font = `12px ${taste.FONT}`;
    g.textBaseline = 'middle';
    for (const [x, y, , , name] of v.points || [])
      if (name) {
        // its name beside it, on paper, inside the box
        const wide = g.measureText(name).width;
        const px = X(x) + wide + 14 > left + w ? X(x) - wide - 10 : X(x) + 10;
        g.textAlign = 'left';
        g.fillStyle = c.paper + 'd9';
        g.fillRect(px - 2, Y(y) - 8, wide + 4, 16);
        g.fillStyle = c.ink;
        g.fillText(name, px, Y(y));
      }
    for (const [x, y] of handles(v)) {
      dot(g, X(x), Y(y), 9, c.paper, c.series[1]);
      dot(g, X(x), Y(y), 4, c.series[1]);
    }
    if (mark) cross(g, X(mark.x), Y(mark.y), c);
    fig.words(v);
    const items = (v.lines || [])
      .filter((l) => l.name)
      .map((l) => ({ name: l.name, colour: c.series[(l.colour || 1) - 1], dash: l.dash }));
    if (v.names?.high)
      items.push(
        { name: v.names.high, colour: c.high, mark: 'disc' },
        { name: v.names.low, colour: c.low, mark: 'square' },
      );
    if (v.names?.ring) items.push({ name: v.names.ring, colour: c.ink, mark: 'ring' });
    fig.legend(items);
  }
  function unpack(v) {
    // a bent grid and its points, and the plane around both
    const pairs = (text) => {
      const f = taste.floats(text);
      const out = [];
      for (let i = 0; i < f.length; i += 2) out.push([f[i], f[i + 1]]);
      return out;
    };
    const flat = pairs(v.warp.lines);
    const rows = [];
    for (let i = 0; i < flat.length; i += v.warp.each) rows.push(flat.slice(i, i + v.warp.each));
    [v.x, v.y] = [0, 1].map((k) => {
      const all = flat.map((p) => p[k]);
      const a = Math.min(...all);
      const b = Math.max(...all);
      const pad = Math.max((b - a) * 0.06, 0.05);
      return [a - pad, b + pad];
    });
    return { rows, points: pairs(v.warp.cloud).map((p, i) => [...p, v.values[i]]) };
  }
  const shadeOf = (c) => {
    const table = taste.ramp('class', c);
    return (value) => `rgb(${taste.signed(table, value)})`;
  };
  const around = (list) => {
    const a = Math.min(...list);
    const b = Math.max(...list);
    const pad = (b - a) * 0.18 || Math.abs(a) * 0.1 || 1;
    return [a - pad, b + pad];
  };
  const stroke = (g, xy, colour, width) => {
    g.strokeStyle = colour;
    g.lineWidth = width;
    g.beginPath();
    let pen = false;
    for (const [x, y] of xy) {
      const px = scale.X(x);
      const py = scale.Y(y);
      if (!Number.isFinite(px + py)) {
        pen = false;
        continue;
      }
      pen ? g.lineTo(px, py) : g.moveTo(px, py);
      pen = true;
    }
    g.stroke();
  };
  // Discs and squares: class is told by shape as well as by colour.
  const dot = (g, x, y, r, fill, edge, round = true) => {
    if (!Number.isFinite(x + y)) return;
    g.fillStyle = fill;
    g.beginPath();
    round ? g.arc(x, y, r, 0, 7) : g.rect(x - r * 0.88, y - r * 0.88, r * 1.76, r * 1.76);
    g.fill();
    if (edge) {
      g.strokeStyle = edge;
      g.lineWidth = 1.5;
      g.stroke();
    }
  };
  const arrow = (g, [x0, y0], [x1, y1], colour) => {
    const a = [scale.X(x0), scale.Y(y0)];
    const b = [scale.X(x1), scale.Y(y1)];
    const t = Math.atan2(b[1] - a[1], b[0] - a[0]);
    if (!Number.isFinite(t)) return;
    g.fillStyle = colour;
    g.beginPath();
    g.moveTo(b[0], b[1]);
    for (const s of [2.6, -2.6]) g.lineTo(b[0] + 11 * Math.cos(t + s), b[1] + 11 * Math.sin(t + s));
    g.fill();
  };
  const cross = (g, x, y, c) => {
    dot(g, x, y, 8, c.paper, c.ink);
    g.strokeStyle = c.ink;
    g.lineWidth = 2;
    g.beginPath();
    g.moveTo(x - 13, y);
    g.lineTo(x + 13, y);
    g.moveTo(x, y - 13);
    g.lineTo(x, y + 13);
    g.stroke();
  };
  // One square per point, its side the residual: what "squared error" means.
  const squares = (g, v, c) => {
    g.fillStyle = c.series[1] + '26';
    g.strokeStyle = c.series[1] + '99';
    g.lineWidth = 1;
    for (const [x, y] of v.points || []) {
      const py = scale.Y(y);
      const qy = scale.Y(line.w * x + line.b);
      const side = Math.abs(py - qy);
      const px = scale.X(x);
      if (side > 4000) continue;
      const dir = px + side > scale.left + scale.w ? -1 : 1;
      g.fillRect(Math.min(px, px + dir * side), Math.min(py, qy), side, side);
      g.strokeRect(Math.min(px, px + dir * side), Math.min(py, qy), side, side);
    }
  };

  const nearPoint = (px, py, reach = 12) => {
    let best = -1;
    let far = reach;
    (sent.points || []).forEach(([x, y], i) => {
      const d = Math.hypot(scale.X(x) - px, scale.Y(y) - py);
      if (d < far) {
        far = d;
        best = i;
      }
    });
    return best;
  };
  canvas.addEventListener('pointerdown', (e) => {
    if (!scale) return;
    const [px, py] = taste.at(canvas, e);
    const hs = handles(sent);
    const k = hs.findIndex(([x, y]) => Math.hypot(scale.X(x) - px, scale.Y(y) - py) < 22);
    if (k >= 0) held = { handle: k, other: hs[1 - k] };
    else if (mark && can('mark')) held = { mark: true };
    if (held) {
      canvas.setPointerCapture(e.pointerId);
      e.preventDefault();
      move(px, py);
    }
  });
  const move = (px, py) => {
    const [x, y] = scale.inverse(px, py);
    if (held.mark) {
      mark = { x: clamp(x, sent.x), y: clamp(y, sent.y) };
      emitMark(mark);
    } else {
      const hx = handles(sent)[held.handle][0];
      const [ox, oy] = held.other;
      const w = (y - oy) / (hx - ox);
      line = { w, b: y - w * hx };
      emitLine(line);
    }
    stage.ask();
  };
  const clamp = (v, [a, b]) => taste.clamp(v, a, b);
  canvas.addEventListener('pointermove', (e) => {
    if (!scale) return;
    const [px, py] = taste.at(canvas, e);
    if (held) return move(px, py);
    const hit = nearPoint(px, py);
    const hs = handles(sent);
    const [x, y] = scale.inverse(px, py);
    const over = hs.some(([a, b]) => Math.hypot(scale.X(a) - px, scale.Y(b) - py) < 22);
    canvas.style.cursor = over ? 'grab' : can('place') ? 'crosshair' : 'default';
    if (sent.mode)
      canvas.style.cursor = sent.mode === 'erase' ? (hit >= 0 ? 'pointer' : 'default') : 'crosshair';
    const p = hit >= 0 ? sent.points[hit] : null;
    fig.show(
      p
        ? `(${taste.number(p[0])}, ${taste.number(p[1])})`
        : stage.props.readout && x >= sent.x[0] && x <= sent.x[1] && y >= sent.y[0] && y <= sent.y[1]
          ? `(${taste.number(x)}, ${taste.number(y)})`
          : '',
      px,
      py,
    );
  });
  canvas.addEventListener('pointerleave', () => fig.show(''));
  canvas.addEventListener('pointerup', (e) => {
    if (held) {
      held = null;
      return;
    }
    if (!scale || !can('place')) return;
    const [px, py] = taste.at(canvas, e);
    const hit = nearPoint(px, py);
    const [x, y] = scale.inverse(px, py);
    const v = sent;
    if (hit >= 0 && v.mode !== 'place') stage.emit('erase', { index: hit });
    else if (v.mode !== 'erase' && x >= v.x[0] && x <= v.x[1] && y >= v.y[0] && y <= v.y[1])
      stage.emit('place', { x, y, other: e.shiftKey });
  });
  canvas.addEventListener('pointercancel', () => {
    held = null;
  });
  // Keyboard: arrows move the mark, or shift (b) and turn (w) the line.
  canvas.addEventListener('keydown', (e) => {
    const way = taste.arrow(e);
    const v = sent;
    if (!way || !v?.x) return;
    const dir = [way[0], -way[1]]; // y grows upwards here
    const fine = e.shiftKey ? 0.2 : 1;
    const stepX = ((v.x[1] - v.x[0]) / 50) * fine;
    const stepY = ((v.y[1] - v.y[0]) / 50) * fine;
    if (mark && can('mark')) {
      mark = { x: clamp(mark.x + dir[0] * stepX, v.x), y: clamp(mark.y + dir[1] * stepY, v.y) };
      emitMark(mark);
    } else if (line && can('line')) {
      const mid = (v.x[0] + v.x[1]) / 2;
      const turn = (dir[0] * stepY) / ((v.x[1] - v.x[0]) / 2);
      line = { w: line.w + turn, b: line.b + dir[1] * stepY - turn * mid };
      emitLine(line);
    } else return;
    e.preventDefault();
    stage.ask();
  });
  return { draw };
});
