// @ts-check
// A picture with a heat map laid over it (Grad-CAM): how strong is set with a slider; hover, touch or arrow
// keys read it.
// Fields and events: overlay.py.
taste.define('overlay', (stage) => {
  const { el } = taste;
  const fig = taste.figure(stage);
  const { canvas } = fig;
  const range = el('input', { type: 'range', min: 0, max: 100, value: 65, step: 5 });
  const name = el('span', {});
  const bar = el('label', { class: 'taste-time' }, name, range);
  fig.box.after(bar);
  const image = new Image();
  let source = '';
  let at = null;
  let side = 1;
  let left = 0;
  image.addEventListener('load', () => stage.ask());
  range.addEventListener('input', () => stage.ask());
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const { g, width, height } = fig.open();
    side = Math.min(width, height);
    left = (width - side) / 2;
    if (v.png !== source) {
      source = v.png;
      image.src = `data:image/png;base64,${v.png}`;
    }
    name.textContent = v.words?.strength || '';
    if (image.complete && image.naturalWidth) {
      g.imageSmoothingEnabled = image.naturalWidth > 100;
      g.drawImage(image, left, 0, side, side);
    }
    const heat = taste.bytes(v.heat || '');
    const ramp = taste.ramp('height', c);
    const opacity = (255 * range.value) / 100;
    if (heat.length) {
      g.imageSmoothingEnabled = true;
      g.drawImage(
        taste.bitmap(v.w, v.h, (i) => [...taste.pick(ramp, heat[i]), opacity]),
        left,
        0,
        side,
        side,
      );
    }
    fig.words(v);
    if (!at || !heat.length) return fig.show('');
    const x = left + ((at[0] + 0.5) / v.w) * side;
    const y = ((at[1] + 0.5) / v.h) * side;
    g.strokeStyle = c.accent;
    g.lineWidth = 2;
    g.strokeRect(x - side / v.w / 2, y - side / v.h / 2, side / v.w, side / v.h);
    fig.show(
      `${v.words?.heat || ''} ${taste.number(Math.round(heat[at[1] * v.w + at[0]] / 2.55) / 100)}`,
      x,
      y,
    );
  }
  const most = (value, n) => taste.clamp(value, 0, n - 1);
  const point = (e) => {
    const v = stage.value;
    const [px, py] = taste.at(canvas, e);
    at =
      px < left || px > left + side
        ? null
        : [most(Math.floor(((px - left) / side) * v.w), v.w), most(Math.floor((py / side) * v.h), v.h)];
    stage.ask();
  };
  canvas.addEventListener('pointermove', point);
  canvas.addEventListener('pointerdown', point);
  canvas.addEventListener('pointerleave', () => {
    at = null;
    stage.ask();
  });
  canvas.addEventListener('blur', () => {
    at = null;
    stage.ask();
  });
  canvas.addEventListener('keydown', (e) => {
    const way = taste.arrow(e);
    const v = stage.value;
    if (!way || !v.w) return;
    const hop = Math.max(1, Math.round(v.w / 28));
    const from = at || [v.w >> 1, v.h >> 1];
    at = [most(from[0] + way[0] * hop, v.w), most(from[1] + way[1] * hop, v.h)];
    e.preventDefault();
    stage.ask();
  });
  return { draw };
});
