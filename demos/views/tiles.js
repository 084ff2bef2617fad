// Small pictures of the plane side by side, one per net: a square each, its name and its numbers below.
// value: {items:[{name, text, note?, field:{data,w,h,kind,smooth}, colour:1…8?}], points:[[x,y,v],…], x:[lo,hi], y:[lo,hi],
//   names:{low,high}, alt, caption}; v of a point: below 0 a square, else a disc
taste.define('tiles', (stage) => {
  const { el } = taste, list = el('div', { class: 'taste-squares', role: 'group' }), caption = el('p', { class: 'taste-caption' });
  const legend = el('div', { class: 'taste-legend' });
  stage.root.append(legend, list, caption);
  function draw() {
    const v = stage.value, c = stage.colours, items = v.items || [];
    while (list.children.length > items.length) list.lastChild.remove();
    items.forEach((item, k) => {
      if (!list.children[k]) list.append(el('div', {}, el('canvas', { 'aria-hidden': 'true' }), el('b', {}), el('span', {}), el('em', {})));
      const tile = list.children[k], [canvas, name, text, note] = tile.children;
      for (const [node, words] of [[name, item.name], [text, item.text || ''], [note, item.note || '']]) if (node.textContent !== words) node.textContent = words;
      name.style.setProperty('--c', c.series[(item.colour || 1) - 1]);
      paint(canvas, item, v, c);
    });
    list.setAttribute('aria-label', v.alt || v.caption || ''); caption.textContent = v.caption || '';
    const key = JSON.stringify(v.names || {});
    if (legend.dataset.key !== key && v.names) {
      legend.dataset.key = key;
      legend.replaceChildren(...[[v.names.high, c.high, 'disc'], [v.names.low, c.low, 'square']].map(([name, colour, mark]) => { const i = el('i', { class: `taste-mark-${mark}` }); i.style.setProperty('--c', colour); return el('span', {}, i, name); }));
    }
  }
  function paint(canvas, item, v, c) {
    const side = canvas.clientWidth, ratio = Math.min(devicePixelRatio || 1, 2), full = Math.round(side * ratio);
    if (!full) return;
    if (canvas.width !== full) canvas.width = canvas.height = full;
    const g = canvas.getContext('2d'), [x0, x1] = v.x, [y0, y1] = v.y, r = Math.max(1.3, side / 75);
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.drawImage(taste.grid(item.field, c), 0, 0, side, side);
    for (const [x, y, value] of v.points || []) {
      const px = (x - x0) / (x1 - x0) * side, py = side - (y - y0) / (y1 - y0) * side;
      g.fillStyle = value < 0 ? c.low : c.high; g.strokeStyle = c.paper; g.lineWidth = .7; g.beginPath();
      value < 0 ? g.rect(px - r * .9, py - r * .9, r * 1.8, r * 1.8) : g.arc(px, py, r, 0, 7);
      g.fill(); g.stroke();
    }
  }
  return { draw };
});
