// @ts-check
// Functions with their slopes, and a point that slides along one of them: its tangent, and the slope as a
// height on f′. Dragged, tapped, or moved by the arrow keys; Shift: finer; Home and End.
// Fields and events: tangent.py.
taste.define('tangent', (stage) => {
  const fig = taste.figure(stage);
  const { canvas } = fig;
  let scale = null;
  let held = false;
  let at = null;
  let seen = null;
  const trail = taste.trail((a, b) => Math.abs(a - b) < 1e-9);
  const emit = taste.throttle(100, (z) => {
    trail.asked(z);
    stage.emit('move', { z });
  });
  canvas.style.touchAction = 'pan-y';

  const flat = (curves) => curves.flatMap((s) => [...s.f, ...s.slope]);
  function between(v) {
    let low = 0;
    let high = 1;
    for (const y of flat(v.curves)) {
      if (y < low) low = y;
      if (y > high) high = y;
    }
    return [low - (high - low) * 0.12, high + (high - low) * 0.07]; // room below for the names of the zones
  }
  // While the point is being dragged the drawn curve is read; the exact numbers come back from Python.
  function read(v, z) {
    const { f, slope } = v.curves[0];
    const [a, b] = v.x;
    const t = ((z - a) / (b - a)) * (f.length - 1);
    const i = Math.max(0, Math.min(f.length - 2, Math.floor(t)));
    return { z, value: f[i] + (f[i + 1] - f[i]) * (t - i), slope: slope[t - i > 0.5 ? i + 1 : i] };
  }
  function settle(v) {
    if (seen === v) return;
    seen = v;
    const stale = trail.stale(v.at.z);
    at = held || stale ? read(v, at.z) : v.at;
  }
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    if (!v.curves?.length) return;
    settle(v);
    const { g, width, height } = fig.open();
    scale = taste.axes(g, width, height, { x: v.x, y: between(v), xlabel: v.xlabel }, c);
    const { X, Y, left, top, w, h } = scale;
    const own = c.series[v.curves[0].colour - 1];
    for (const zone of v.zones || []) {
      g.globalAlpha = 0.13;
      g.fillStyle = c.soft;
      g.fillRect(X(zone.low) + 0.5, top, X(zone.high) - X(zone.low) - 1, h);
      g.globalAlpha = 1;
    }
    scale.paint();
    g.strokeStyle = c.soft;
    g.lineWidth = 1;
    line(g, [
      [v.x[0], 0],
      [v.x[1], 0],
    ]);
    line(g, [
      [0, scale.y[0]],
      [0, scale.y[1]],
    ]);
    g.save();
    g.beginPath();
    g.rect(left, top - 3, w, h + 6);
    g.clip();
    [...v.curves].reverse().forEach((s) => {
      const first = s === v.curves[0];
      g.strokeStyle = c.series[s.colour - 1];
      g.globalAlpha = first ? 1 : 0.75;
      g.lineWidth = first ? 3 : 1.7;
      line(g, along(v, s.f));
      g.setLineDash([7, 5]);
      g.lineWidth = first ? 2.2 : 1.4;
      line(g, along(v, s.slope));
      g.setLineDash([]);
    });
    g.globalAlpha = 1;
    const reach = (v.x[1] - v.x[0]) / 6;
    g.strokeStyle = c.ink;
    g.lineWidth = 2;
    line(
      g,
      [-reach, reach].map((d) => [at.z + d, at.value + d * at.slope]),
    );
    g.setLineDash([2, 4]);
    g.lineWidth = 1.3;
    line(g, [
      [at.z, at.value],
      [at.z, at.slope],
    ]);
    line(g, [
      [at.z, at.slope],
      [at.z, 0],
    ]);
    g.setLineDash([]);
    g.restore();
    disc(g, X(at.z), Y(at.slope), 5, c.paper, own);
    disc(g, X(at.z), Y(at.value), 10, c.paper, own);
    disc(g, X(at.z), Y(at.value), 5, own);
    g.font = `600 11px ${taste.FONT}`;
    g.fillStyle = c.soft;
    g.textAlign = 'center';
    g.textBaseline = 'alphabetic';
    for (const zone of v.zones || []) {
      const room = X(zone.high) - X(zone.low);
      const text = zone.name;
      if (g.measureText(text).width < room - 4) g.fillText(text, X((zone.low + zone.high) / 2), top + h - 6);
    }
    canvas.setAttribute('role', 'slider'); // with its first picture it has a value
    fig.words(v);
    for (const [name, value] of Object.entries({
      valuemin: v.x[0],
      valuemax: v.x[1],
      valuenow: at.z,
      valuetext: v.alt || v.caption || '',
    }))
      canvas.setAttribute(`aria-${name}`, value);
    fig.legend([
      ...v.curves.map((s) => ({ name: s.name, colour: c.series[s.colour - 1] })),
      { name: v.words.f, colour: c.soft },
      { name: v.words.slope, colour: c.soft, dash: true },
      { name: v.words.tangent, colour: c.ink },
    ]);
  }
  const along = (v, ys) => ys.map((y, i) => [v.x[0] + ((v.x[1] - v.x[0]) * i) / (ys.length - 1), y]);
  const line = (g, xy) => {
    g.beginPath();
    xy.forEach(([x, y], i) => (i ? g.lineTo(scale.X(x), scale.Y(y)) : g.moveTo(scale.X(x), scale.Y(y))));
    g.stroke();
  };
  const disc = (g, x, y, r, fill, edge) => {
    g.beginPath();
    g.arc(x, y, r, 0, 7);
    g.fillStyle = fill;
    g.fill();
    if (edge) {
      g.strokeStyle = edge;
      g.lineWidth = 3;
      g.stroke();
    }
  };

  function move(z) {
    const v = stage.value;
    const [a, b] = v.x;
    at = read(v, Math.round(taste.clamp(z, a, b) * 100) / 100);
    trail.moved(at.z);
    emit(at.z);
    stage.ask();
  }
  const follow = (e) => move(scale.inverse(taste.at(canvas, e)[0], 0)[0]);
  canvas.addEventListener('pointerdown', (e) => {
    if (scale) {
      held = true;
      canvas.setPointerCapture(e.pointerId);
      follow(e);
    }
  });
  canvas.addEventListener('pointermove', (e) => {
    canvas.style.cursor = held ? 'grabbing' : 'grab';
    if (held) follow(e);
  });
  for (const end of ['pointerup', 'pointercancel'])
    canvas.addEventListener(end, () => {
      held = false;
    });
  canvas.addEventListener('keydown', (e) => {
    if (!at) return;
    const [a, b] = stage.value.x;
    const step = e.shiftKey ? 0.01 : 0.1;
    const way = taste.arrow(e);
    const z = way ? at.z + (way[0] - way[1]) * step : { Home: a, End: b }[e.key];
    if (z === undefined) return;
    e.preventDefault();
    move(z);
  });
  return { draw };
});
