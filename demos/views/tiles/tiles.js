// @ts-check
// Small pictures of the plane side by side, one per net: a square each, its name and its numbers below.
// Fields and events: tiles.py.
taste.define('tiles', (stage) => {
  const { el } = taste;
  const list = el('div', { class: 'taste-squares', role: 'group' });
  const caption = el('p', { class: 'taste-caption' });
  const legend = el('div', { class: 'taste-legend' });
  stage.root.append(legend, list, caption);
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const items = v.items || [];
    while (list.children.length > items.length) list.lastChild.remove();
    items.forEach((item, k) => {
      if (!list.children[k])
        list.append(
          el('div', {}, el('canvas', { 'aria-hidden': 'true' }), el('b', {}), el('span', {}), el('em', {})),
        );
      const tile = list.children[k];
      const [canvas, name, text, note] = tile.children;
      taste.write(name, item.name);
      taste.write(text, item.text || '');
      taste.write(note, item.note || '');
      name.style.setProperty('--c', c.series[(item.colour || 1) - 1]);
      paint(canvas, item, v, c);
    });
    taste.tell(list, caption, v);
    if (v.names)
      taste.legend(legend, [
        { name: v.names.high, colour: c.high, mark: 'disc' },
        { name: v.names.low, colour: c.low, mark: 'square' },
      ]);
  }
  function paint(canvas, item, v, c) {
    const side = canvas.clientWidth;
    if (!side) return;
    const g = taste.sharp(canvas, side, side, 2);
    const [x0, x1] = v.x;
    const [y0, y1] = v.y;
    const r = Math.max(1.3, side / 75);
    g.drawImage(taste.grid(item.field, c), 0, 0, side, side);
    for (const [x, y, value] of v.points || []) {
      const px = ((x - x0) / (x1 - x0)) * side;
      const py = side - ((y - y0) / (y1 - y0)) * side;
      g.fillStyle = value < 0 ? c.low : c.high;
      g.strokeStyle = c.paper;
      g.lineWidth = 0.7;
      g.beginPath();
      value < 0 ? g.rect(px - r * 0.9, py - r * 0.9, r * 1.8, r * 1.8) : g.arc(px, py, r, 0, 7);
      g.fill();
      g.stroke();
    }
  }
  return { draw };
});
