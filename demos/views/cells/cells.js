// @ts-check
// Samples as cells that light up: which are in this batch, which were seen this epoch, which are still to
// come.
// Fields and events: cells.py.
taste.define('cells', (stage) => {
  const fig = taste.figure(stage);
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const { g, width, height } = fig.open();
    const n = v.n || 0;
    if (!n) return;
    const columns = v.columns || Math.ceil(Math.sqrt((n * width) / height));
    const rows = Math.ceil(n / columns);
    const size = Math.min(width / columns, height / rows);
    const gap = size > 8 ? 2 : size > 4 ? 1 : 0;
    const left = (width - columns * size) / 2;
    const now = new Set(v.batch || []);
    const seen = new Set(v.seen || []);
    for (let i = 0; i < n; i++) {
      const x = left + (i % columns) * size;
      const y = Math.floor(i / columns) * size;
      const lit = now.has(i);
      g.fillStyle = lit ? c.low : seen.has(i) ? c.high : c.grid;
      g.fillRect(x + gap / 2, y + gap / 2, size - gap, size - gap);
      if (lit && size > 7) {
        g.strokeStyle = c.ink;
        g.lineWidth = 1.5;
        g.strokeRect(x + gap / 2 + 0.5, y + gap / 2 + 0.5, size - gap - 1, size - gap - 1);
      }
      if (size > 26) {
        g.fillStyle = lit || seen.has(i) ? c.paper : c.ink;
        g.textAlign = 'center';
        g.textBaseline = 'middle';
        g.fillText(String(i + 1), x + size / 2, y + size / 2);
      }
    }
    fig.words(v);
    if (v.names)
      fig.legend([
        { name: v.names.now, colour: c.low, mark: 'square' },
        { name: v.names.seen, colour: c.high, mark: 'square' },
        { name: v.names.todo, colour: c.grid, mark: 'square' },
      ]);
  }
  return { draw, whole: true };
});
