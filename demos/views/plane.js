// A plane with data on it: field, contours, points, paths, a draggable line with its residual squares, a movable mark.
// value: {x:[lo,hi], y:[lo,hi] (both absent: around the points), xlabel, ylabel, equal, bare, field:{data,w,h,kind}, contours:[[[x,y],…],…], points:[[x,y,v],…],
//   lines:[{name,xy:[[x,y],…] | w,b,colour:1…8,dash,dots,width,arrow}], line:{w,b}, squares:bool, mark:{x,y}, alt, caption, names:{low,high,ring?},
//   warp:{lines: base64 of float32 (x, y), each: points of a line, cloud: base64 of float32 (x, y) of points, v:[…]}, shades:bool, outline:bool, mode:"place"|"erase"?}
// v of a point: −1…1 → colour low (orange) or high (blue), with shades all between; absent → accent; a 4th number 1 rings it, a 5th is its name. A click on a point
// erases it and one elsewhere places one, unless mode says which. events: place {x,y,other}, erase {index}, line {w,b}, mark {x,y}
taste.define('plane', (stage) => {
  const fig = taste.figure(stage), { canvas } = fig;
  let scale = null, held = null, line = null, mark = null, sent = null;
  const near = (a, b, keys) => keys.every((k) => Math.abs(a[k] - b[k]) <= 1e-4 + 1e-9 * Math.abs(b[k])); // Python may round
  const trails = { line: taste.trail((a, b) => near(a, b, ['w', 'b'])), mark: taste.trail((a, b) => near(a, b, ['x', 'y'])) };
  const sender = (name) => { const send = taste.throttle(120, (v) => { trails[name].asked(v); stage.emit(name, v); }); return (v) => { trails[name].moved(v); send(v); }; };
  const emitLine = sender('line'), emitMark = sender('mark');
  const can = (name) => (stage.props.can || []).includes(name);

  const colourOf = (v, c) => v === undefined || v === null ? c.accent : v < 0 ? c.low : c.high;
  const handles = (v) => line && can('line') ? [.18, .82].map((t) => { const x = v.x[0] + t * (v.x[1] - v.x[0]); return [x, line.w * x + line.b]; }) : [];

  function draw() {
    const v = stage.value, c = stage.colours, { g, width, height } = fig.open();
    const bent = v.warp ? unpack(v) : null;
    if (!v.x && v.points?.length) [v.x, v.y] = [0, 1].map((k) => around(v.points.map((p) => p[k])));
    if (!v.x) return;
    if (sent !== v) {
      const old = { line: v.line && trails.line.stale(v.line), mark: v.mark && trails.mark.stale(v.mark) };
      if (held === null && !old.line) line = v.line ? { ...v.line } : null;
      if (held === null && !old.mark) mark = v.mark ? { ...v.mark } : null;
      sent = v;
    }
    scale = taste.axes(g, width, height, v, c);
    const { X, Y, left, top, w, h } = scale;
    if (v.field) { g.imageSmoothingEnabled = v.field.smooth !== false; g.drawImage(taste.grid(v.field, c), left, top, w, h); }
    scale.paint();
    g.save(); g.beginPath(); g.rect(left, top, w, h); g.clip();
    for (const ring of v.contours || []) stroke(g, ring, c.soft, .8);
    if (bent) for (const row of bent.rows) stroke(g, row, c.soft, .9);
    if (line && v.squares) squares(g, v, c);
    if (line) {
      const [a, b] = v.x;
      stroke(g, [[a, line.w * a + line.b], [b, line.w * b + line.b]], c.series[1], 3);
    }
    for (const item of v.lines || []) {
      g.setLineDash(item.dash ? [6, 5] : []);
      stroke(g, item.xy || v.x.map((x) => [x, item.w * x + item.b]), c.series[(item.colour || 1) - 1], item.width || 2);
      g.setLineDash([]);
      if (item.dots) for (const [x, y] of item.xy) dot(g, X(x), Y(y), 2.6, c.series[(item.colour || 1) - 1]);
      if (item.arrow && item.xy?.length > 1) arrow(g, item.xy.at(-2), item.xy.at(-1), c.series[(item.colour || 1) - 1]);
      if (item.end && item.xy?.length) dot(g, X(item.xy.at(-1)[0]), Y(item.xy.at(-1)[1]), 5.5, c.series[(item.colour || 1) - 1], c.paper);
    }
    const radius = v.radius || 5;
    const shade = v.shades ? shadeOf(c) : (value) => colourOf(value, c);
    for (const [x, y, value, ring] of bent ? bent.points : v.points || []) dot(g, X(x), Y(y), radius, shade(value), ring ? c.ink : v.outline ? c.soft : c.paper, value === undefined || value === null || value >= 0);
    g.restore();
    g.font = `12px ${taste.FONT}`; g.textBaseline = 'middle';
    for (const [x, y, , , name] of v.points || []) if (name) { // its name beside it, on paper, inside the box
      const wide = g.measureText(name).width, px = X(x) + wide + 14 > left + w ? X(x) - wide - 10 : X(x) + 10;
      g.textAlign = 'left'; g.fillStyle = c.paper + 'd9'; g.fillRect(px - 2, Y(y) - 8, wide + 4, 16); g.fillStyle = c.ink; g.fillText(name, px, Y(y));
    }
    for (const [x, y] of handles(v)) { dot(g, X(x), Y(y), 9, c.paper, c.series[1]); dot(g, X(x), Y(y), 4, c.series[1]); }
    if (mark) cross(g, X(mark.x), Y(mark.y), c);
    fig.words(v);
    const items = (v.lines || []).filter((l) => l.name).map((l) => ({ name: l.name, colour: c.series[(l.colour || 1) - 1], dash: l.dash }));
    if (v.names?.high) items.push({ name: v.names.high, colour: c.high, mark: 'disc' }, { name: v.names.low, colour: c.low, mark: 'square' });
    if (v.names?.ring) items.push({ name: v.names.ring, colour: c.ink, mark: 'ring' });
    fig.legend(items);
  }
  function unpack(v) { // a bent grid and its points, and the plane around both
    const pairs = (text) => { const f = taste.floats(text), out = []; for (let i = 0; i < f.length; i += 2) out.push([f[i], f[i + 1]]); return out; };
    const flat = pairs(v.warp.lines), rows = [];
    for (let i = 0; i < flat.length; i += v.warp.each) rows.push(flat.slice(i, i + v.warp.each));
    [v.x, v.y] = [0, 1].map((k) => { const all = flat.map((p) => p[k]), a = Math.min(...all), b = Math.max(...all), pad = Math.max((b - a) * .06, .05); return [a - pad, b + pad]; });
    return { rows, points: pairs(v.warp.cloud).map((p, i) => [...p, v.warp.v[i]]) };
  }
  const shadeOf = (c) => { const table = taste.ramp('class', c); return (value) => { const i = Math.round((Math.max(-1, Math.min(1, value)) + 1) / 2 * 255) * 3; return `rgb(${table[i]},${table[i + 1]},${table[i + 2]})`; }; };
  const around = (list) => { const a = Math.min(...list), b = Math.max(...list), pad = (b - a) * .18 || Math.abs(a) * .1 || 1; return [a - pad, b + pad]; };
  const stroke = (g, xy, colour, width) => {
    g.strokeStyle = colour; g.lineWidth = width; g.beginPath();
    let pen = false;
    for (const [x, y] of xy) {
      const px = scale.X(x), py = scale.Y(y);
      if (!Number.isFinite(px + py)) { pen = false; continue; }
      pen ? g.lineTo(px, py) : g.moveTo(px, py); pen = true;
    }
    g.stroke();
  };
  // Discs and squares: class is told by shape as well as by colour.
  const dot = (g, x, y, r, fill, edge, round = true) => {
    if (!Number.isFinite(x + y)) return;
    g.fillStyle = fill; g.beginPath();
    round ? g.arc(x, y, r, 0, 7) : g.rect(x - r * .88, y - r * .88, r * 1.76, r * 1.76);
    g.fill();
    if (edge) { g.strokeStyle = edge; g.lineWidth = 1.5; g.stroke(); }
  };
  const arrow = (g, [x0, y0], [x1, y1], colour) => {
    const a = [scale.X(x0), scale.Y(y0)], b = [scale.X(x1), scale.Y(y1)], t = Math.atan2(b[1] - a[1], b[0] - a[0]);
    if (!Number.isFinite(t)) return;
    g.fillStyle = colour; g.beginPath(); g.moveTo(b[0], b[1]);
    for (const s of [2.6, -2.6]) g.lineTo(b[0] + 11 * Math.cos(t + s), b[1] + 11 * Math.sin(t + s));
    g.fill();
  };
  const cross = (g, x, y, c) => {
    dot(g, x, y, 8, c.paper, c.ink); g.strokeStyle = c.ink; g.lineWidth = 2; g.beginPath();
    g.moveTo(x - 13, y); g.lineTo(x + 13, y); g.moveTo(x, y - 13); g.lineTo(x, y + 13); g.stroke();
  };
  // One square per point, its side the residual: what "squared error" means.
  const squares = (g, v, c) => {
    g.fillStyle = c.series[1] + '26'; g.strokeStyle = c.series[1] + '99'; g.lineWidth = 1;
    for (const [x, y] of v.points || []) {
      const py = scale.Y(y), qy = scale.Y(line.w * x + line.b), side = Math.abs(py - qy), px = scale.X(x);
      if (side > 4000) continue;
      const dir = px + side > scale.left + scale.w ? -1 : 1;
      g.fillRect(Math.min(px, px + dir * side), Math.min(py, qy), side, side);
      g.strokeRect(Math.min(px, px + dir * side), Math.min(py, qy), side, side);
    }
  };

  const nearPoint = (px, py, reach = 12) => {
    let best = -1, far = reach;
    (stage.value.points || []).forEach(([x, y], i) => { const d = Math.hypot(scale.X(x) - px, scale.Y(y) - py); if (d < far) { far = d; best = i; } });
    return best;
  };
  canvas.addEventListener('pointerdown', (e) => {
    if (!scale) return;
    const [px, py] = taste.at(canvas, e), hs = handles(stage.value);
    const k = hs.findIndex(([x, y]) => Math.hypot(scale.X(x) - px, scale.Y(y) - py) < 22);
    if (k >= 0) held = { handle: k, other: hs[1 - k] };
    else if (mark && can('mark')) held = { mark: true };
    if (held) { canvas.setPointerCapture(e.pointerId); e.preventDefault(); move(px, py); }
  });
  const move = (px, py) => {
    const [x, y] = scale.inverse(px, py);
    if (held.mark) { mark = { x: clamp(x, stage.value.x), y: clamp(y, stage.value.y) }; emitMark(mark); }
    else {
      const hx = handles(stage.value)[held.handle][0], [ox, oy] = held.other, w = (y - oy) / (hx - ox);
      line = { w, b: y - w * hx }; emitLine(line);
    }
    stage.ask();
  };
  const clamp = (v, [a, b]) => Math.max(a, Math.min(b, v));
  canvas.addEventListener('pointermove', (e) => {
    if (!scale) return;
    const [px, py] = taste.at(canvas, e);
    if (held) return move(px, py);
    const hit = nearPoint(px, py), hs = handles(stage.value), [x, y] = scale.inverse(px, py);
    const over = hs.some(([a, b]) => Math.hypot(scale.X(a) - px, scale.Y(b) - py) < 22);
    canvas.style.cursor = over ? 'grab' : can('place') ? 'crosshair' : 'default';
    if (stage.value.mode) canvas.style.cursor = stage.value.mode === 'erase' ? hit >= 0 ? 'pointer' : 'default' : 'crosshair';
    const p = hit >= 0 ? stage.value.points[hit] : null;
    fig.show(p ? `(${taste.number(p[0])}, ${taste.number(p[1])})` : stage.props.readout && x >= stage.value.x[0] && x <= stage.value.x[1] && y >= stage.value.y[0] && y <= stage.value.y[1] ? `(${taste.number(x)}, ${taste.number(y)})` : '', px, py);
  });
  canvas.addEventListener('pointerleave', () => fig.show(''));
  canvas.addEventListener('pointerup', (e) => {
    if (held) { held = null; return; }
    if (!scale || !can('place')) return;
    const [px, py] = taste.at(canvas, e), hit = nearPoint(px, py), [x, y] = scale.inverse(px, py), v = stage.value;
    if (hit >= 0 && v.mode !== 'place') stage.emit('erase', { index: hit });
    else if (v.mode !== 'erase' && x >= v.x[0] && x <= v.x[1] && y >= v.y[0] && y <= v.y[1]) stage.emit('place', { x, y, other: e.shiftKey });
  });
  canvas.addEventListener('pointercancel', () => { held = null; });
  // Keyboard: arrows move the mark, or shift (b) and turn (w) the line.
  canvas.addEventListener('keydown', (e) => {
    const dir = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[e.key], v = stage.value;
    if (!dir || !v.x) return;
    const fine = e.shiftKey ? .2 : 1, stepX = (v.x[1] - v.x[0]) / 50 * fine, stepY = (v.y[1] - v.y[0]) / 50 * fine;
    if (mark && can('mark')) { mark = { x: clamp(mark.x + dir[0] * stepX, v.x), y: clamp(mark.y + dir[1] * stepY, v.y) }; emitMark(mark); }
    else if (line && can('line')) {
      const mid = (v.x[0] + v.x[1]) / 2, turn = dir[0] * stepY / ((v.x[1] - v.x[0]) / 2);
      line = { w: line.w + turn, b: line.b + dir[1] * stepY - turn * mid }; emitLine(line);
    } else return;
    e.preventDefault(); stage.ask();
  });
  return { draw };
});
