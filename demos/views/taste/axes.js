// @ts-check
// Axes inside a box: ticks, labels, and the way from numbers to pixels and back.
(() => {
  const number = (v) => {
    if (!Number.isFinite(v)) return String(v);
    const size = Math.abs(v);
    if (size !== 0 && (size >= 1e6 || size < 1e-3))
      return v.toExponential(1).replace('-', '−').replace('e+', 'e');
    return (Math.round(v * 1000) / 1000).toString().replace('-', '−');
  };

  function ticks(low, high, wish = 5) {
    if (!(high > low)) return [low];
    const raw = (high - low) / wish;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw * 0.999);
    const out = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++)
      out.push(Math.abs(k * step) < step * 1e-9 ? 0 : k * step);
    return out;
  }
  function logTicks(low, high) {
    const a = Math.ceil(Math.log10(low) - 1e-9);
    const b = Math.floor(Math.log10(high) + 1e-9);
    const hop = Math.max(1, Math.ceil((b - a) / 6));
    const out = [];
    for (let k = a; k <= b; k += hop) out.push(10 ** k);
    if (out.length > 1) return out;
    const fine = [];
    for (let k = Math.floor(Math.log10(low)); k <= b + 1; k++)
      for (const m of [1, 2, 5]) if (m * 10 ** k >= low && m * 10 ** k <= high) fine.push(m * 10 ** k);
    return fine.length > 1 ? fine : ticks(low, high, 3);
  }

  // x, y: [low, high]; bare: no numbers; equal: a square; whole: only whole numbers along x; c: colours.
  // Gives pixel scales X, Y, their inverse, the box, and paint().
  function axes(g, width, height, { x, y, xlabel = '', ylabel = '', logx, logy, equal, bare, whole }, c) {
    const pad = bare
      ? { l: 1, r: 1, t: 1, b: 1 }
      : { l: 46, r: 12, t: ylabel ? 22 : 10, b: xlabel ? 38 : 24 };
    const top = pad.t;
    let w = width - pad.l - pad.r;
    let h = height - pad.t - pad.b;
    let left = pad.l;
    if (equal) {
      const side = Math.min(w, h);
      left += (w - side) / 2;
      w = h = side;
    }
    const fx = logx ? Math.log10 : (v) => v;
    const fy = logy ? Math.log10 : (v) => v;
    const [x0, x1] = x.map(fx);
    const [y0, y1] = y.map(fy);
    const dx = x1 - x0 || 1;
    const dy = y1 - y0 || 1;
    const X = (v) => left + ((fx(v) - x0) / dx) * w;
    const Y = (v) => top + h - ((fy(v) - y0) / dy) * h;
    const inverse = (px, py) => {
      const ux = x0 + ((px - left) / w) * dx;
      const uy = y0 + ((top + h - py) / h) * dy;
      return [logx ? 10 ** ux : ux, logy ? 10 ** uy : uy];
    };
    const line = (ax, ay, bx, by) => {
      g.beginPath();
      g.moveTo(ax, ay);
      g.lineTo(bx, by);
      g.stroke();
    };
    const align = (across, along) => Object.assign(g, { textAlign: across, textBaseline: along });
    const paint = () => {
      Object.assign(g, { strokeStyle: c.grid, fillStyle: c.soft, lineWidth: 1, font: `11px ${taste.FONT}` });
      if (bare) return g.strokeRect(left + 0.5, top + 0.5, w - 1, h - 1);
      const across = logx ? logTicks(x[0], x[1]) : ticks(x[0], x[1], Math.max(2, w / 80));
      align('center', 'top');
      for (const v of across.filter((each) => !whole || Number.isInteger(each))) {
        line(X(v), top, X(v), top + h);
        g.fillText(number(v), X(v), top + h + 5);
      }
      align('right', 'middle');
      for (const v of logy ? logTicks(y[0], y[1]) : ticks(y[0], y[1], Math.max(2, h / 45))) {
        line(left, Y(v), left + w, Y(v));
        g.fillText(number(v), left - 6, Y(v));
      }
      align('center', 'alphabetic');
      if (xlabel) g.fillText(xlabel, left + w / 2, top + h + 33);
      align('left', 'alphabetic');
      if (ylabel) g.fillText(ylabel, Math.max(2, left - 40), top - 9);
    };
    return { X, Y, inverse, left, top, w, h, paint, x, y };
  }

  Object.assign(taste, { number, ticks, axes });
})();
