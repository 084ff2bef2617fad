// @ts-check
// A net: units as thumbnails of what they compute, links as thick as their weights, coloured by their sign.
// Hover or tap reads a link or a unit (with its formula) and enlarges its thumbnail; arrow keys walk through
// the units. A press on a link, or on the little square of a bias, opens a field to type a number in where
// the page allows it.
// Fields and events: network.py.
taste.define('network', (stage) => {
  const fig = taste.figure(stage);
  const { canvas } = fig;
  const shaped = taste.shaping(stage, fig.box);
  let spots = [];
  let links = [];
  let cursor = null;
  let over = null;
  let typing = null;
  let spot = null;
  const { can } = stage;
  const form = taste.el('form', { class: 'taste-edit' });
  const what = taste.el('label', {});
  const field = taste.el('input', { type: 'text', inputmode: 'decimal', autocomplete: 'off' });
  const ok = taste.el('button', { type: 'submit' });
  form.hidden = true;
  form.append(what, field, ok);
  fig.box.append(form);
  function open(target, x, y) {
    // target: {layer, from, to, value}; layers count from the first link
    const v = stage.value;
    const words = v.words || {};
    const to = v.layers[target.layer + 1].units[target.to].name;
    typing = target;
    what.textContent =
      target.from < 0
        ? `${words.bias || 'b'} ${to}`
        : `${words.weight || 'w'} ${v.layers[target.layer].units[target.from].name} → ${to}`;
    field.setAttribute('aria-label', what.textContent);
    ok.textContent = words.set || 'OK';
    field.value = String(Math.round(target.value * 1e4) / 1e4);
    form.hidden = false;
    fig.show('');
    const above = y - form.offsetHeight - 12;
    const bottom = fig.box.clientHeight - form.offsetHeight;
    form.style.left = `${Math.max(2, Math.min(x - 60, fig.box.clientWidth - form.offsetWidth - 2))}px`;
    form.style.top = `${Math.max(0, Math.min(above < 0 ? y + 14 : above, bottom))}px`;
    field.focus({ preventScroll: true });
    field.select();
  }
  const close = () => {
    form.hidden = true;
    typing = null;
  };
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    const value = Number(field.value.replace('−', '-').replace(',', '.'));
    if (typing && field.value.trim() && Number.isFinite(value)) {
      stage.emit('edit', { ...typing, value });
      close();
      canvas.focus({ preventScroll: true });
    } else field.select();
  });
  form.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') {
      close();
      canvas.focus({ preventScroll: true });
    }
    e.stopPropagation();
  });
  form.addEventListener('focusout', () =>
    setTimeout(() => {
      if (!form.contains(document.activeElement)) close();
    }, 0),
  );

  function layout(width, height, v) {
    const columns = v.layers.length;
    const most = Math.max(...v.layers.map((l) => l.units.length));
    const side = Math.max(16, Math.min(44, (height - 34) / most - 8, (width / columns) * 0.62));
    spots = v.layers.map((layer, k) =>
      layer.units.map((_, i) => ({
        x: columns === 1 ? width / 2 : side / 2 + 6 + (k * (width - side - 12)) / (columns - 1),
        y: 28 + ((height - 34) * (i + 0.5)) / layer.units.length,
        side,
      })),
    );
  }
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const { g, width, height } = fig.open();
    if (!v.layers) return;
    layout(width, height, v);
    shaped.draw(v, spots);
    if (spots[v.at]) {
      // a band behind the layer where the calculation stands
      const s = spots[v.at][0];
      const wide = s.side + 26;
      const x = Math.max(1, Math.min(width - wide - 1, s.x - wide / 2));
      g.fillStyle = c.accent;
      g.globalAlpha = 0.14;
      g.fillRect(x, 20, wide, height - 22);
      g.globalAlpha = 1;
    }
    links = [];
    (v.weights || []).forEach((matrix, k) =>
      matrix.forEach((row, i) =>
        row.forEach((w, j) => {
          const a = spots[k]?.[i];
          const b = spots[k + 1]?.[j];
          if (a && b)
            links.push({
              layer: k,
              from: i,
              to: j,
              value: w,
              a: [a.x + a.side / 2, a.y],
              b: [b.x - b.side / 2, b.y],
            });
        }),
      ),
    );
    if (over && !over.unit)
      over = links.find((l) => l.layer === over.layer && l.from === over.from && l.to === over.to) || null;
    if (over?.unit && !spots[over.layer]?.[over.index]) over = null;
    const widest = Math.max(0.5, ...links.map((l) => Math.abs(l.value)).filter(Number.isFinite));
    for (const l of links) {
      g.strokeStyle = l.value < 0 ? c.low : c.high;
      g.lineWidth = 0.4 + 6 * Math.min(1, Math.abs(l.value) / widest);
      g.globalAlpha =
        over === null ||
        over === l ||
        (over.unit &&
          ((over.layer === l.layer + 1 && over.index === l.to) ||
            (over.layer === l.layer && over.index === l.from)))
          ? 0.9
          : 0.22;
      g.beginPath();
      path(g, l);
      g.stroke();
    }
    g.globalAlpha = 1;
    v.layers.forEach((layer, k) =>
      layer.units.forEach((unit, i) => {
        const { x, y, side } = spots[k][i];
        const px = x - side / 2;
        const py = y - side / 2;
        g.fillStyle = c.paper;
        g.fillRect(px, py, side, side);
        const thumb = thumbOf(v, k, i);
        if (thumb) {
          g.imageSmoothingEnabled = thumb.w < side / 2;
          g.drawImage(taste.grid(thumb, c), px, py, side, side);
        } else {
          g.fillStyle = c.ink;
          g.textAlign = 'center';
          g.textBaseline = 'middle';
          g.font = `${Math.min(13, side / 2.4)}px ${taste.FONT}`;
          g.fillText(unit.name, x, y);
        }
        if (unit.label) halo(g, unit.label, x, py + side - 8, c);
        const bias = v.biases?.[k - 1]?.[i];
        const b = can('edit') ? 9 : 6;
        if (Number.isFinite(bias)) {
          g.fillStyle = bias < 0 ? c.low : c.high;
          g.fillRect(px - b / 3, py + side - (b * 2) / 3, b, b);
          g.strokeStyle = c.paper;
          g.lineWidth = 1;
          g.strokeRect(px - b / 3, py + side - (b * 2) / 3, b, b);
        }
        const mine = v.chosen && v.chosen.layer === k && v.chosen.unit === i;
        const here = over?.unit && over.layer === k && over.index === i;
        g.strokeStyle = mine || here ? c.accent : c.soft;
        g.lineWidth = mine || here ? 3 : 1;
        g.strokeRect(px, py, side, side);
      }),
    );
    g.fillStyle = c.soft;
    g.font = `11px ${taste.FONT}`;
    g.textBaseline = 'top';
    v.layers.forEach((layer, k) => {
      if (layer.title) {
        g.textAlign = k === 0 ? 'left' : k === v.layers.length - 1 ? 'right' : 'center';
        const s = spots[k][0];
        g.fillText(
          layer.title,
          k === 0 ? 4 : k === v.layers.length - 1 ? width - 4 : s.x,
          4,
          width / v.layers.length + 10,
        );
      }
    });
    if (over && !typing && spot) tell(over, ...spot); // the numbers go on while it trains
    if (over?.unit && !typing)
      enlarge(g, width, height, thumbOf(v, over.layer, over.index), spots[over.layer][over.index], c);
    fig.words(v);
  }
  const halo = (g, text, x, y, c) => {
    g.font = `600 11px ${taste.FONT}`;
    g.textAlign = 'center';
    g.textBaseline = 'middle';
    g.lineWidth = 3.5;
    g.lineJoin = 'round';
    g.strokeStyle = c.paper;
    g.strokeText(text, x, y);
    g.fillStyle = c.ink;
    g.fillText(text, x, y);
  };
  const place = (width, height, s) => {
    const big = Math.min(120, height * 0.45);
    const gap = s.side / 2 + 12;
    return {
      big,
      x: s.x + gap + big < width ? s.x + gap : s.x - gap - big,
      y: Math.max(4, Math.min(height - big - 44, s.y - big / 2)),
    };
  };
  const thumbOf = (v, k, i) => v.thumbs?.[k]?.[i] || v.layers[k].units[i].thumb;
  function enlarge(g, width, height, thumb, s, c) {
    // beside the unit, where there is room
    if (!thumb) return;
    const { big, x, y } = place(width, height, s);
    g.fillStyle = c.paper;
    g.fillRect(x - 3, y - 3, big + 6, big + 6);
    g.imageSmoothingEnabled = true;
    g.drawImage(taste.grid(thumb, c), x, y, big, big);
    g.strokeStyle = c.accent;
    g.lineWidth = 2;
    g.strokeRect(x - 3, y - 3, big + 6, big + 6);
  }
  // The formula of a unit with the numbers that are drawn: tanh(0.52·x₁ − 1.2·x₂ + 0.1).
  function formula(v, k, i) {
    const f = v.layers[k].f;
    if (!f || !k) return '';
    const terms = [
      ...v.weights[k - 1].map((row, j) => [row[i], `·${v.layers[k - 1].units[j].name}`]),
      [v.biases[k - 1][i], ''],
    ];
    const sum = terms
      .map(
        ([w, x], n) =>
          `${w < 0 ? (n ? ' − ' : '−') : n ? ' + ' : ''}${Number(Math.abs(w).toPrecision(3))}${x}`,
      )
      .join('');
    return f === 'linear' ? sum : `${f}(${sum})`;
  }
  const path = (g, { a, b }) => {
    const m = (a[0] + b[0]) / 2;
    g.moveTo(...a);
    g.bezierCurveTo(m, a[1], m, b[1], ...b);
  };
  const onLink = (l, x, y) => {
    if (x < l.a[0] || x > l.b[0]) return Infinity;
    let low = 0;
    let high = 1;
    for (let k = 0; k < 18; k++) {
      const t = (low + high) / 2;
      const m = (l.a[0] + l.b[0]) / 2;
      const u = 1 - t;
      u ** 3 * l.a[0] + 3 * u * u * t * m + 3 * u * t * t * m + t ** 3 * l.b[0] < x ? (low = t) : (high = t);
    }
    const t = low;
    const u = 1 - t;
    return Math.abs(u ** 3 * l.a[1] + 3 * u * u * t * l.a[1] + 3 * u * t * t * l.b[1] + t ** 3 * l.b[1] - y);
  };
  function find(x, y) {
    for (let k = 0; k < spots.length; k++)
      for (let i = 0; i < spots[k].length; i++) {
        const s = spots[k][i];
        if (Math.abs(s.x - x) <= s.side / 2 + 3 && Math.abs(s.y - y) <= s.side / 2 + 3)
          return { unit: true, layer: k, index: i };
      }
    let best = null;
    let far = 7;
    for (const l of links) {
      const d = onLink(l, x, y);
      if (d < far) {
        far = d;
        best = l;
      }
    }
    return best;
  }
  function tell(hit, x, y) {
    const v = stage.value;
    if (!hit) return fig.show('');
    if (hit.unit) {
      const u = v.layers[hit.layer].units[hit.index];
      const says = formula(v, hit.layer, hit.index);
      const text = says ? `${u.name} = ${says}` : u.text || u.name || '';
      if (!thumbOf(v, hit.layer, hit.index)) return fig.show(text, x, y);
      const at = place(fig.box.clientWidth, fig.box.clientHeight, spots[hit.layer][hit.index]);
      fig.show(text, at.x - 12, 0);
      fig.show(text, at.x - 12, at.y + at.big + fig.tip.offsetHeight + 14); // below the enlarged picture
    } else {
      const from = v.layers[hit.layer].units[hit.from].name;
      const to = v.layers[hit.layer + 1].units[hit.to].name;
      fig.show(`${from} → ${to} : ${taste.number(hit.value)}`, x, y);
    }
  }
  const look = (e) => {
    const [x, y] = taste.at(canvas, e);
    const hit = find(x, y);
    const same =
      hit === over ||
      (hit && over && hit.unit && over.unit && hit.layer === over.layer && hit.index === over.index);
    if (!same) {
      over = hit;
      stage.ask();
    }
    spot = [x, y];
    tell(hit, x, y);
    canvas.style.cursor = hit ? 'pointer' : 'default';
  };
  canvas.addEventListener('pointermove', look);
  canvas.addEventListener('pointerleave', () => {
    over = spot = null;
    fig.show('');
    stage.ask();
  });
  canvas.addEventListener('click', (e) => {
    look(e);
    if (!over) return close();
    const [x, y] = taste.at(canvas, e);
    const s = over.unit && spots[over.layer][over.index];
    const bias = over.unit && stage.value.biases?.[over.layer - 1]?.[over.index];
    if (
      can('edit') &&
      s &&
      Number.isFinite(bias) &&
      Math.abs(x - (s.x - s.side / 2)) < 12 &&
      Math.abs(y - (s.y + s.side / 2)) < 12
    )
      return open({ layer: over.layer - 1, from: -1, to: over.index, value: bias }, x, y);
    if (can('edit') && !over.unit)
      return open({ layer: over.layer, from: over.from, to: over.to, value: over.value }, x, y);
    if (over.unit) stage.emit('unit', { layer: over.layer, unit: over.index });
    else stage.emit('weight', { layer: over.layer, from: over.from, to: over.to, value: over.value });
  });
  canvas.addEventListener('keydown', (e) => {
    const dir = taste.arrow(e);
    if (e.key === 'Enter' && over?.unit) return stage.emit('unit', { layer: over.layer, unit: over.index });
    if (!dir || !spots.length) return;
    cursor = over?.unit ? [over.layer, over.index] : cursor || [0, -1];
    const k = Math.max(0, Math.min(spots.length - 1, cursor[0] + dir[0]));
    const i = Math.max(0, Math.min(spots[k].length - 1, cursor[1] + dir[1]));
    cursor = [k, i];
    over = { unit: true, layer: k, index: i };
    spot = [spots[k][i].x, spots[k][i].y];
    e.preventDefault();
    stage.ask();
    tell(over, ...spot);
  });
  return { draw };
});
