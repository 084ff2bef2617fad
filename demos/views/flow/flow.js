// @ts-check
// Who looks at whom, token by token: on the left those that can be seen (K, V), on the right those that look
// (Q), between them strands as thick as the share of attention, at the edge the mixture that comes of it.
// Fields: flow.py.
taste.define('flow', (stage) => {
  const ROW = 21; // pixels of a token
  const TOP = 22;
  const figure = taste.figure(stage, { focusable: false });
  const time = taste.transport(stage);
  stage.root.append(time.node);
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const tokens = v.tokens || [];
    const count = tokens.length;
    figure.box.style.height = `${TOP + ROW * count + 6}px`;
    time.update(count * v.frames, v);
    const row = Math.min(count - 1, Math.floor(time.at / v.frames));
    const phase = Math.floor(time.at) % v.frames;
    const done = phase === v.frames - 1;
    const { g, width } = figure.open();
    const [left, right] = [Math.min(150, width * 0.32), width - Math.min(170, width * 0.36)];
    const y = (k) => TOP + ROW * (k + 0.5);
    g.textBaseline = 'middle';
    const say = (text, x, at, colour, align, bold = false) => {
      g.font = `${bold ? '600 ' : ''}12px ${taste.FONT}`;
      g.fillStyle = colour;
      g.textAlign = align;
      g.fillText(text, x, at);
    };
    say(v.words.seen, left, TOP / 2, c.soft, 'right');
    say(v.words.asks, right, TOP / 2, c.soft, 'left');
    const shares = v.map[row];
    const compared = phase >= 1;
    const shared = phase >= 3;
    const flown = done ? 1 : Math.max(0, (phase - 4) / (v.frames - 5));
    for (let k = 0; k <= row && compared; k++) {
      const share = shares[k];
      g.beginPath();
      g.moveTo(left + 6, y(k));
      g.bezierCurveTo((left + right) / 2, y(k), (left + right) / 2, y(row), right - 6, y(row));
      g.globalAlpha = shared ? 0.25 + 0.75 * share : 0.5;
      g.lineWidth = shared ? Math.max(0.4, 14 * share) : 1;
      g.strokeStyle = shared ? c.high : c.soft;
      g.stroke();
      g.globalAlpha = 1;
      if (!shared || share < 0.02 || flown <= 0 || done) continue;
      const t = flown;
      const u = 1 - t;
      const middle = (left + right) / 2;
      const x = u ** 3 * (left + 6) + 3 * u * u * t * middle + 3 * u * t * t * middle + t ** 3 * (right - 6);
      const at = u ** 2 * (u + 3 * t) * y(k) + t ** 2 * (t + 3 * u) * y(row);
      g.beginPath();
      g.arc(x, at, 3 + 6 * share, 0, 7);
      g.fillStyle = c.low;
      g.fill();
    }
    tokens.forEach((name, k) => {
      const here = k <= row;
      const share = shared && here ? shares[k] : 0;
      const words = share >= 0.01 ? `${name}  ${(100 * share).toFixed(0)}%` : name;
      say(words, left, y(k), here ? c.ink : c.soft, 'right', share >= 0.2);
      say(name, right, y(k), k === row ? c.ink : c.soft, 'left', k === row);
    });
    if (done || flown > 0.5) {
      const [x, wide] = [width - 34, 26]; // the mixture, from the top down
      say(v.words.mix, width, TOP / 2, c.soft, 'right');
      let from = TOP;
      const tall = ROW * count;
      for (let k = 0; k <= row; k++) {
        const part = tall * shares[k];
        g.fillStyle = c.series[k % c.series.length];
        g.fillRect(x, from, wide, Math.max(0, part - 0.5));
        if (part > 13) say(tokens[k], x - 4, from + part / 2, c.ink, 'right');
        from += part;
      }
    }
    figure.words({ alt: v.alt, caption: v.captions[row] });
  }
  return { draw };
});
