// @ts-check
// A picture with a movable patch, and the patch enlarged with the numbers of every pixel. All numbers come
// from Python.
// Fields and events: pixels.py.
taste.define('pixels', (stage) => {
  const whole = taste.figure(stage);
  const part = taste.figure(stage);
  let seen = null;
  let at = { x: 0, y: 0 };
  let left = 0;
  let top = 0;
  let held = null;
  let key = null;
  let size = 0;
  let region = null;
  let back = null;
  let frame = null;
  let asked = '';
  whole.box.style.height = part.box.style.height = '';
  const trail = taste.trail((a, b) => a.x === b.x && a.y === b.y);
  const emit = taste.throttle(80, () => {
    trail.asked({ ...at });
    stage.emit('move', { x: at.x, y: at.y });
  });

  const { clamp } = taste;
  function span(v) {
    return { w: Math.min(size, v.w), h: Math.min(size, v.h) };
  }
  function centre(v) {
    const { w, h } = span(v);
    left = clamp(at.x - (w >> 1), 0, v.w - w);
    top = clamp(at.y - (h >> 1), 0, v.h - h);
  }
  function follow(v) {
    // the patch moves only when the pixel leaves it
    const { w, h } = span(v);
    left = clamp(clamp(left, at.x - w + 1, at.x), 0, v.w - w);
    top = clamp(clamp(top, at.y - h + 1, at.y), 0, v.h - h);
  }
  function take(v) {
    if (seen === v) return;
    const fresh = v.key !== key || v.size !== size;
    const elsewhere = v.at.x !== at.x || v.at.y !== at.y;
    const stale = trail.stale(v.at);
    const drawn = seen?.region === v.region; // only the patch moves
    seen = v;
    if (!drawn) region = { ...v.region, bytes: taste.bytes(v.region.data) };
    if (fresh || (elsewhere && !held && !stale)) {
      key = v.key;
      size = v.size;
      at = { x: Math.round(v.at.x), y: Math.round(v.at.y) }; // on the way to a place: the pixel it is over
      asked = '';
      centre(v);
    }
    if (drawn) return;
    back = picture(region);
    if (v.preview) {
      const image = new Image();
      image.onload = () => {
        if (seen.region === v.region) {
          back = image;
          stage.ask();
        }
      };
      image.src = `data:image/png;base64,${v.preview}`;
    }
  }
  const picture = ({ w, h, bytes }) => taste.bitmap(w, h, (i) => bytes.subarray(i * 3, i * 3 + 3));
  const rgb = (x, y) => {
    const i = x - region.left;
    const j = y - region.top;
    if (i < 0 || j < 0 || i >= region.w || j >= region.h) return null;
    const k = (j * region.w + i) * 3;
    return [region.bytes[k], region.bytes[k + 1], region.bytes[k + 2]];
  };

  function draw() {
    const v = stage.value;
    const c = stage.colours;
    if (!v.region) return;
    take(v);
    const { w, h } = span(v);
    overview(v, c, w, h);
    enlarged(v, c, w, h);
    const now = rgb(at.x, at.y);
    whole.legend([{ name: v.words.picture, colour: c.low, mark: 'square' }]);
    part.legend([{ name: v.words.patch, colour: c.low, mark: 'square' }]);
    whole.words({ alt: v.alt, caption: v.caption });
    const words = now
      ? v.words.here
          .replace('{x}', at.x)
          .replace('{y}', at.y)
          .replace(/\{([012])\}/g, (_, k) => now[k])
      : '…';
    part.words({ alt: words, caption: words });
    const corner = rgb(left, top) && rgb(left + w - 1, top + h - 1);
    const spot = `${at.x},${at.y}`;
    if (!corner && asked !== spot) {
      asked = spot;
      stage.emit('look', { x: at.x, y: at.y });
    }
  }
  function overview(v, c, w, h) {
    const { g, width, height } = whole.open();
    const k = Math.min(width / v.w, height / v.h);
    const x0 = (width - k * v.w) / 2;
    const y0 = (height - k * v.h) / 2;
    frame = { k, x0, y0 };
    g.imageSmoothingEnabled = k < 2;
    if (back)
      v.preview && !(back instanceof Image)
        ? g.drawImage(back, x0 + region.left * k, y0 + region.top * k, region.w * k, region.h * k)
        : g.drawImage(back, x0, y0, v.w * k, v.h * k);
    g.strokeStyle = c.grid;
    g.strokeRect(x0 + 0.5, y0 + 0.5, v.w * k - 1, v.h * k - 1);
    const bx = x0 + left * k;
    const by = y0 + top * k;
    const bw = Math.max(6, w * k);
    const bh = Math.max(6, h * k);
    g.lineWidth = 5;
    g.strokeStyle = '#fff';
    g.strokeRect(bx - 2, by - 2, bw + 4, bh + 4);
    g.lineWidth = 2.5;
    g.strokeStyle = c.low;
    g.strokeRect(bx - 2, by - 2, bw + 4, bh + 4);
    g.lineWidth = 1;
  }
  function enlarged(v, c, w, h) {
    const { g, width, height } = part.open();
    const cell = Math.min(width / w, height / h);
    const x0 = (width - cell * w) / 2;
    const y0 = (height - cell * h) / 2;
    frame.cell = cell;
    frame.px = x0;
    frame.py = y0;
    const lines = v.numbers.length;
    const font = Math.floor(Math.min(15, (cell * 0.86) / Math.max(lines, 1.9) / 1.12, cell / 2));
    g.textAlign = 'center';
    g.textBaseline = 'middle';
    g.font = `600 ${font}px ui-monospace, Consolas, monospace`;
    for (let j = 0; j < h; j++)
      for (let i = 0; i < w; i++) {
        const values = rgb(left + i, top + j);
        const x = x0 + i * cell;
        const y = y0 + j * cell;
        if (!values) {
          g.fillStyle = c.grid;
          g.fillRect(x, y, cell + 0.5, cell + 0.5);
          continue;
        }
        g.fillStyle = `rgb(${values})`;
        g.fillRect(x, y, cell + 0.5, cell + 0.5);
        if (font < 8) continue;
        g.fillStyle = taste.inkOn(values);
        v.numbers.forEach((n, k) =>
          g.fillText(values[n], x + cell / 2, y + cell / 2 + (k - (lines - 1) / 2) * font * 1.12),
        );
      }
    g.strokeStyle = 'rgba(127,127,127,.5)';
    g.lineWidth = 1;
    if (cell > 12)
      for (let i = 0; i <= Math.max(w, h); i++) {
        if (i <= w) {
          g.beginPath();
          g.moveTo(x0 + i * cell, y0);
          g.lineTo(x0 + i * cell, y0 + h * cell);
          g.stroke();
        }
        if (i <= h) {
          g.beginPath();
          g.moveTo(x0, y0 + i * cell);
          g.lineTo(x0 + w * cell, y0 + i * cell);
          g.stroke();
        }
      }
    const x = x0 + (at.x - left) * cell;
    const y = y0 + (at.y - top) * cell;
    g.lineWidth = 5;
    g.strokeStyle = '#fff';
    g.strokeRect(x + 1, y + 1, cell - 2, cell - 2);
    g.lineWidth = 2.5;
    g.strokeStyle = c.low;
    g.strokeRect(x + 1, y + 1, cell - 2, cell - 2);
    g.lineWidth = 1;
  }

  function go(x, y, how) {
    const v = stage.value;
    at = { x: clamp(Math.floor(x), 0, v.w - 1), y: clamp(Math.floor(y), 0, v.h - 1) };
    how(v);
    trail.moved({ ...at });
    emit();
    stage.ask();
  }
  const onWhole = (e) => {
    const [px, py] = taste.at(whole.canvas, e);
    go((px - frame.x0) / frame.k, (py - frame.y0) / frame.k, centre);
  };
  const onPart = (e) => {
    const [px, py] = taste.at(part.canvas, e);
    const { w, h } = span(stage.value);
    go(
      left + clamp((px - frame.px) / frame.cell, 0, w - 0.01),
      top + clamp((py - frame.py) / frame.cell, 0, h - 0.01),
      () => {},
    );
  };
  for (const { fig, on } of [
    { fig: whole, on: onWhole },
    { fig: part, on: onPart },
  ]) {
    fig.canvas.style.cursor = 'crosshair';
    fig.canvas.addEventListener('pointerdown', (e) => {
      if (frame) {
        held = fig;
        fig.canvas.setPointerCapture(e.pointerId);
        on(e);
      }
    });
    fig.canvas.addEventListener('pointermove', (e) => {
      if (held === fig) on(e);
    });
    for (const end of ['pointerup', 'pointercancel'])
      fig.canvas.addEventListener(end, () => {
        held = null;
      });
    fig.canvas.addEventListener('keydown', (e) => {
      if (!frame) return;
      if (e.key === '+' || e.key === '=' || e.key === '-') {
        e.preventDefault();
        stage.emit('zoom', { by: e.key === '-' ? 1 : -1 });
        return;
      }
      const dir = taste.arrow(e);
      const step = e.shiftKey ? size : 1;
      if (!dir) return;
      e.preventDefault();
      go(at.x + dir[0] * step, at.y + dir[1] * step, fig === whole ? centre : follow);
    });
  }
  return { draw };
});
