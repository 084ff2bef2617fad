// @ts-check
// Lines over a number: losses, activation functions, races. Hover, touch or arrow keys read the values.
// Fields and events: curve.py.
taste.define('curve', (stage) => {
  const fig = taste.figure(stage);
  const { canvas } = fig;
  let scale = null;
  let probe = null;
  let own = null;
  let seen = null;
  const emit = taste.throttle(100, (x) => stage.emit('cursor', { x }));
  const { can } = stage;
  const xs = (s, v) => s.x || s.y.map((_, i) => (v.x0 ?? 1) + i);

  function range(values, log) {
    let low = Infinity;
    let high = -Infinity;
    for (const y of values)
      if (Number.isFinite(y) && (!log || y > 0)) {
        if (y < low) low = y;
        if (y > high) high = y;
      }
    if (low > high) return log ? [0.1, 1] : [0, 1];
    if (log) return low === high ? [low / 2, high * 2] : [low / 1.15, high * 1.15];
    const pad = (high - low) * 0.06 || Math.abs(high) * 0.1 || 1;
    return [low - pad, high + pad];
  }
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const { g, width, height } = fig.open();
    const series = v.series || [];
    if (v.cursor !== undefined && v.cursor !== null && seen !== v) {
      own = v.cursor;
      seen = v;
    }
    const allX = series.flatMap((s) => xs(s, v));
    const flat = series.flatMap((s) => s.y);
    const xr = v.xlim || (allX.length ? [Math.min(...bounds(allX)), Math.max(...bounds(allX))] : [0, 1]);
    if (xr[0] === xr[1]) xr[1] = xr[0] + 1;
    scale = taste.axes(
      g,
      width,
      height,
      {
        ...v,
        x: xr,
        y: v.ylim || range(flat, v.logy),
        whole: !v.logx && xr[1] - xr[0] < 10 && allX.every(Number.isInteger),
      },
      c,
    );
    scale.paint();
    const { X, Y, left, top, w, h } = scale;
    g.save();
    g.beginPath();
    g.rect(left, top - 2, w, h + 4);
    g.clip();
    series.forEach((s, k) => {
      const colour = c.series[(s.colour || k + 1) - 1];
      const x = xs(s, v);
      g.strokeStyle = colour;
      g.lineWidth = s.width || 2;
      g.setLineDash(s.dash ? [6, 4] : []);
      g.beginPath();
      let pen = false;
      if (!s.only)
        s.y.forEach((y, i) => {
          const py = Y(y);
          if (!Number.isFinite(py)) {
            pen = false;
            return;
          }
          pen ? g.lineTo(X(x[i]), py) : g.moveTo(X(x[i]), py);
          pen = true;
        });
      g.stroke();
      g.setLineDash([]);
      if (s.dots || s.only || s.y.length === 1) {
        g.fillStyle = colour;
        s.y.forEach((y, i) => {
          g.beginPath();
          g.arc(X(x[i]), Y(y), s.only ? 3 : 3.5, 0, 7);
          g.fill();
        });
      }
    });
    g.restore();
    const px = probe ?? (own !== null ? X(own) : null);
    if (px !== null && series.length) read(g, px, c, v);
    fig.words(v);
    fig.legend(
      series
        .filter((s) => s.name)
        .map((s, k) => ({ name: s.name, colour: c.series[(s.colour || k + 1) - 1], dash: s.dash })),
    );
  }
  const bounds = (list) => {
    let a = Infinity;
    let b = -Infinity;
    for (const x of list)
      if (Number.isFinite(x)) {
        if (x < a) a = x;
        if (x > b) b = x;
      }
    return a > b ? [0, 1] : [a, b];
  };
  function read(g, px, c, v) {
    const { Y, X, left, top, w, h } = scale;
    if (px < left - 1 || px > left + w + 1) return fig.show('');
    const target = scale.inverse(px, top)[0];
    const parts = [];
    let shownX = target;
    g.strokeStyle = c.soft;
    g.setLineDash([3, 3]);
    (v.series || []).forEach((s, k) => {
      const x = xs(s, v);
      let best = -1;
      let far = Infinity;
      x.forEach((value, i) => {
        const d = Math.abs(value - target);
        if (d < far) {
          far = d;
          best = i;
        }
      });
      if (best < 0) return;
      shownX = x[best];
      g.fillStyle = c.series[(s.colour || k + 1) - 1];
      g.beginPath();
      g.arc(X(x[best]), Y(s.y[best]), 4.5, 0, 7);
      g.fill();
      parts.push(`${s.name ? s.name + ' ' : ''}${taste.number(s.y[best])}`);
    });
    g.beginPath();
    g.moveTo(X(shownX), top);
    g.lineTo(X(shownX), top + h);
    g.stroke();
    g.setLineDash([]);
    if (probe !== null || document.activeElement === canvas)
      fig.show(
        `${v.xlabel || 'x'} ${taste.number(shownX)} · ${parts.slice(0, 6).join(' · ')}`,
        X(shownX),
        top + 28,
      );
  }
  const place = (e) => {
    const [px] = taste.at(canvas, e);
    probe = px;
    if (can('cursor') && e.buttons) {
      own = scale.inverse(px, 0)[0];
      emit(own);
    }
    stage.ask();
  };
  canvas.addEventListener('pointermove', (e) => scale && place(e));
  canvas.addEventListener('pointerdown', (e) => scale && place(e));
  canvas.addEventListener('pointerleave', () => {
    probe = null;
    fig.show('');
    stage.ask();
  });
  canvas.addEventListener('blur', () => fig.show(''));
  canvas.addEventListener('keydown', (e) => {
    const dir = taste.arrow(e)?.[0];
    if (!dir || !scale) return;
    const span = scale.x[1] - scale.x[0];
    own = taste.clamp((own ?? scale.x[0]) + (dir * span) / (e.shiftKey ? 200 : 40), scale.x[0], scale.x[1]);
    if (can('cursor')) emit(own);
    e.preventDefault();
    stage.ask();
  });
  return { draw };
});
