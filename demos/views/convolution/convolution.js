// @ts-check
// Input × kernel = output, all linked: point at a pixel of any picture and see the k × k products that make
// it. The outputs come from Python; here each product is multiplied only to be shown. Hovering never asks the
// server. The document event "taste-play" {kind: "convolution", on} slides the kernel over the picture, or
// pauses.
// Fields and events: convolution.py.
taste.define('convolution', (stage) => {
  const { el } = taste;
  const MOST = 3; // channels that are written out
  const top = el('div', { class: 'taste-conv-row' });
  const sums = el('div', { class: 'taste-sums' });
  const low = el('div', { class: 'taste-conv-row taste-conv-small' });
  const caption = el('p', { class: 'taste-caption' });
  const nest = (parent) => taste.figure({ root: parent, props: {} });
  const input = nest(top);
  const output = nest(top);
  const after = nest(low);
  const pooled = nest(low);
  stage.root.append(top, sums, low, caption);
  let seen = null;
  let data = null;
  let at = { x: 0, y: 0 };
  let paper = '';
  const frames = new Map();
  let key = null;
  let painted = Infinity;
  let timer = 0;
  let shape = '';
  let begun = false; // it slid by itself once
  let auto = false; // it does now: a pointer takes over

  const { clamp } = taste;
  const floats = (text) => new Float64Array(taste.bytes(text).buffer);
  const shorts = (text) => new Int16Array(taste.bytes(text).buffer);
  function take(v, c) {
    if (seen === v && paper === c.paper) return;
    if (v.key !== key) {
      at = { x: v.out.w >> 1, y: v.out.h >> 1 };
      key = v.key;
    }
    if (seen !== v) {
      halt();
      painted = Infinity;
    }
    seen = v;
    paper = c.paper;
    at = { x: clamp(at.x, 0, v.out.w - 1), y: clamp(at.y, 0, v.out.h - 1) };
    const x = v.input.real ? floats(v.input.data) : taste.bytes(v.input.data);
    const out = floats(v.out.data);
    const relu = out.map((t) => Math.max(0, t));
    const pool = floats(v.pool.data);
    const pictures = {
      x: v.input.real ? null : paint(x, v.input.c, v.input.h, v.input.w, c), // of maps: one at a time, see below
      out: paint(out, v.out.o, v.out.h, v.out.w, c),
      relu: paint(relu, v.out.o, v.out.h, v.out.w, c),
      pool: paint(pool, v.out.o, v.pool.h, v.pool.w, c),
    };
    data = { x, out, relu, pool, pictures, rows: shorts(v.pool.rows), cols: shorts(v.pool.cols) };
    if (v.input.real) {
      const plane = v.input.h * v.input.w;
      const one = (n) => paint(x.subarray(n * plane, (n + 1) * plane), 1, v.input.h, v.input.w, c);
      data.maps = v.names.map((_, n) => one(n));
      data.reach = Math.max(1e-9, ...x.map(Math.abs));
    }
    if (!v.play || begun) return;
    begun = true;
    if (!taste.alone('convolution', () => auto && rest(), stage.root)) return;
    painted = 0;
    auto = true;
    timer = setTimeout(slide, 400);
  }
  // One channel: grey from 0 up, or two colours around 0 when there are negative numbers. Three: cut to
  // 0…255.
  function paint(values, channels, h, w, c) {
    let least = 0;
    let most = 0;
    for (const t of values) {
      if (t < least) least = t;
      if (t > most) most = t;
    }
    const reach = Math.max(most, -least, 1e-9);
    const table = taste.ramp(least < 0 ? 'class' : 'grey', c);
    const plane = h * w;
    const three = (i) => [values[i], values[plane + i], values[2 * plane + i]];
    const grey = (i) =>
      taste.pick(table, Math.round((255 * values[i]) / (seen.input.real ? reach : Math.max(reach, 255))));
    const signed = (i) => taste.signed(table, values[i] / reach);
    const off = taste.bitmap(w, h, channels === 3 ? three : least < 0 ? signed : grey);
    return { off, least, most, signed: least < 0 && channels !== 3 };
  }

  function draw() {
    const v = stage.value;
    const c = stage.colours;
    if (!v.out) return;
    take(v, c);
    const p = v.padding;
    const taps = tapped(v);
    const home = pool(v);
    const first = arithmetic(v, c, taps, home); // before the maps, whose words repeat it
    const [seenNow, named] = data.maps
      ? [data.maps[first], `${v.words.input} · ${v.names[first]}`]
      : [data.pictures.x, v.words.input];
    show(input, seenNow, v.input.h, v.input.w, p, c, named, (cell) => {
      if (v.dilation === 1) cell(taps.rows[0], taps.cols[0], c.low, 2.5, taps.rows.length, taps.cols.length);
      else
        for (const [i, y] of taps.rows.entries())
          for (const [j, x] of taps.cols.entries())
            cell(y, x, v.kernel.some((block) => block[i][j] !== 0) ? c.low : c.soft, 2);
    });
    show(
      output,
      data.pictures.out,
      v.out.h,
      v.out.w,
      0,
      c,
      v.words.output,
      (cell) => cell(at.y, at.x, c.low, 3),
      painted,
    );
    show(
      after,
      data.pictures.relu,
      v.out.h,
      v.out.w,
      0,
      c,
      v.words.relu,
      (cell) => cell(at.y, at.x, c.low, 3),
      painted,
    );
    show(
      pooled,
      data.pictures.pool,
      v.pool.h,
      v.pool.w,
      0,
      c,
      v.words.pool,
      (cell) => home && cell(home.y, home.x, c.low, 3),
      painted === Infinity ? painted : Math.floor(painted / v.out.w / v.pool.size) * v.pool.w,
    );
    caption.textContent = v.caption || '';
    input.words({ alt: v.alt || v.caption });
  }
  const tapped = (v) => ({
    rows: v.kernel[0].map((_, i) => v.stride * at.y + v.dilation * i - v.padding),
    cols: v.kernel[0][0].map((_, j) => v.stride * at.x + v.dilation * j - v.padding),
  });
  function pool(v) {
    const y = Math.floor(at.y / v.pool.size);
    const x = Math.floor(at.x / v.pool.size);
    return y < v.pool.h && x < v.pool.w ? { y, x } : null;
  }

  function show(fig, { off, least, most, signed }, h, w, p, c, name, marks, until = Infinity) {
    const H = h + 2 * p;
    const W = w + 2 * p;
    fig.box.style.aspectRatio = `${Math.max(W, 0.4 * H)} / ${Math.min(H, 1.6 * W)}`;
    const { g, width, height } = fig.open();
    const k = Math.min(width / W, height / H);
    const x0 = (width - k * W) / 2;
    const y0 = (height - k * H) / 2;
    frames.set(fig, { k, x0: x0 + p * k, y0: y0 + p * k, h, w, p });
    if (p) {
      g.fillStyle = c.grid;
      g.fillRect(x0, y0, W * k, H * k);
    }
    g.imageSmoothingEnabled = false;
    if (until >= h * w) g.drawImage(off, x0 + p * k, y0 + p * k, w * k, h * k);
    else {
      const full = Math.floor(until / w);
      const rest = until % w;
      if (full) g.drawImage(off, 0, 0, w, full, x0, y0, w * k, full * k);
      if (rest) g.drawImage(off, 0, full, rest, 1, x0, y0 + full * k, rest * k, k);
    }
    g.strokeStyle = c.grid;
    g.strokeRect(x0 + 0.5, y0 + 0.5, W * k - 1, H * k - 1);
    marks((y, x, colour, wide, tall = 1, broad = 1) => {
      const a = x0 + (x + p) * k;
      const b = y0 + (y + p) * k;
      const side = [Math.max(k * broad, 3), Math.max(k * tall, 3)];
      g.lineWidth = wide + 2;
      g.strokeStyle = '#fff';
      g.strokeRect(a, b, ...side);
      g.lineWidth = wide;
      g.strokeStyle = colour;
      g.strokeRect(a, b, ...side);
      g.lineWidth = 1;
    });
    const items = signed
      ? [
          { name: `${name} · ${value(least)}`, colour: c.low, mark: 'square' },
          { name: value(most), colour: c.high, mark: 'square' },
        ]
      : [{ name: `${name} · ${value(least)} – ${value(most)}`, colour: c.soft, mark: 'square' }];
    fig.legend(items);
    if (fig !== input) fig.words({ alt: `${name}. ${sums.querySelector('.total')?.textContent || ''}` });
  }

  const value = (t) =>
    (Math.abs(t) >= 1e6 ? t.toExponential(2) : (Math.round(t * 100) / 100).toString()).replace('-', '−');
  const weight = (t) =>
    (Math.round(t * 1000) / 1000)
      .toString()
      .replace('-', '−')
      .replace(/^(−?)0\./, '$1.');
  function arithmetic(v, c, taps, home) {
    const kh = taps.rows.length;
    const kw = taps.cols.length;
    const now = JSON.stringify([v.input.c, kh, kw, v.names, v.words]);
    if (now !== shape) {
      shape = now;
      build(v, kh, kw);
    }
    const most = Math.max(1e-9, ...v.kernel.flat(2).map(Math.abs));
    const ramp = taste.ramp('class', c);
    const { tint } = taste;
    // Of many maps those are written out that say most here.
    const within = (y, x) => y >= 0 && x >= 0 && y < v.input.h && x < v.input.w;
    const number = (n, y, x) => (within(y, x) ? data.x[(n * v.input.h + y) * v.input.w + x] : 0);
    const totals = v.kernel.map((block, n) => {
      let sum = 0;
      taps.rows.forEach((y, i) => taps.cols.forEach((x, j) => (sum += number(n, y, x) * block[i][j])));
      return sum;
    });
    const order = totals.map((_, n) => n);
    if (order.length > MOST) order.sort((a, b) => Math.abs(totals[b]) - Math.abs(totals[a]));
    order.slice(0, MOST).forEach((n, line) => {
      const [seenBox, kernelBox, productBox] = [...sums.children[line].querySelectorAll('.grid')].map(
        (grid) => grid.children,
      );
      taste.write(sums.children[line].querySelector('b'), v.names[n]);
      const products = [];
      taps.rows.forEach((y, i) =>
        taps.cols.forEach((x, j) => {
          const inside = within(y, x);
          const input = number(n, y, x);
          const w = v.kernel[n][i][j];
          products.push(input * w);
          const k = i * kw + j;
          seenBox[k].textContent = v.input.real ? value(input) : input;
          seenBox[k].classList.toggle('pad', !inside);
          seenBox[k].title = inside ? '' : v.words.pad;
          tint(
            seenBox[k],
            v.input.real
              ? taste.signed(ramp, input / data.reach)
              : v.input.c === 1
                ? [input, input, input]
                : [0, 1, 2].map((m) => (m === n ? input : input * 0.25)),
          );
          kernelBox[k].textContent = weight(w);
          tint(kernelBox[k], taste.signed(ramp, w / most));
        }),
      );
      const big = Math.max(1e-9, ...products.map(Math.abs));
      products.forEach((t, k) => {
        productBox[k].textContent = value(t);
        tint(productBox[k], taste.signed(ramp, t / big));
      });
      sums.children[line].querySelector('.part').textContent = `Σ = ${value(totals[n])}`;
    });
    const place = at.y * v.out.w + at.x;
    const plane = v.out.h * v.out.w;
    const bias = `${v.bias < 0 ? ' − ' : ' + '}${value(Math.abs(v.bias))}`;
    const say = (t) => `${value(t)}`;
    const rest = order.slice(MOST).reduce((all, n) => all + totals[n], 0);
    const terms = [...order.slice(0, MOST).map((n) => totals[n]), rest, v.bias];
    const rounded = (t) => Math.round(t * 100);
    const printed = terms.reduce((all, t) => all + rounded(t), 0); // of numbers that were rounded
    const is = printed === rounded(data.out[place]) ? '=' : '≈';
    const lines = v.apart
      ? totals.map((sum, n) => `${v.names[n]}: ${say(sum)}${bias} = ${say(data.out[n * plane + place])}`)
      : [
          `${listed(v, totals, order, rest).join(' + ').replaceAll('+ −', '− ')}${bias} ${is} ${say(data.out[place])}`,
        ];
    const max = [0, 1, 2]
      .slice(0, v.out.o)
      .map((n) => say(data.relu[n * plane + place]))
      .join(', ');
    let pooling = v.words.drop;
    if (home) {
      const s = v.pool.size;
      const inside = [];
      for (let y = 0; y < s; y++)
        for (let x = 0; x < s; x++) inside.push(say(data.relu[(home.y * s + y) * v.out.w + home.x * s + x]));
      pooling = v.words.pooled
        .replace('{values}', inside.slice(0, 16).join(', '))
        .replace('{value}', say(data.pool[home.y * v.pool.w + home.x]));
    }
    const total = sums.querySelector('.total');
    const spot = v.words.total.replace('{row}', at.y).replace('{column}', at.x);
    total.setAttribute('aria-live', timer ? 'off' : 'polite'); // a sliding kernel is not read out
    total.textContent = `${spot} ${lines.join(' · ')}`;
    total.dataset.value = String(data.out[place]);
    total.dataset.sum = String(totals.reduce((a, b) => a + b, 0) + v.bias);
    sums.querySelector('.then').textContent = `ReLU: ${max} · ${pooling}`;
    return order[0];
  }
  // The sum of each channel; of many, those that are written out and all others in one.
  function listed(v, totals, order, rest) {
    const shown = order.slice(0, MOST).map((n) => value(totals[n]));
    if (order.length <= MOST) return shown;
    return [...shown, v.words.rest.replace('{count}', order.length - MOST).replace('{sum}', value(rest))];
  }
  function build(v, kh, kw) {
    const grid = (name) => {
      const g = el(
        'div',
        { class: 'grid', role: 'img', 'aria-label': name },
        ...Array.from({ length: kh * kw }, () => el('span', {})),
      );
      g.style.setProperty('--n', kw);
      return el('div', {}, el('small', {}, name), g);
    };
    sums.dataset.k = Math.max(kh, kw);
    sums.replaceChildren(
      ...v.kernel
        .slice(0, MOST)
        .map((_, n) =>
          el(
            'div',
            { class: 'taste-scroll line', tabindex: '0', role: 'group', 'aria-label': v.names[n] },
            el('b', {}, v.names[n]),
            grid(v.words.patch),
            el('em', {}, '×'),
            grid(v.words.kernel),
            el('em', {}, '='),
            grid(v.words.products),
            el('span', { class: 'part' }),
          ),
        ),
      el('p', { class: 'total', 'aria-live': 'polite' }),
      el('p', { class: 'then' }),
    );
  }

  function go(y, x) {
    halt();
    painted = Infinity;
    const { out } = stage.value;
    at = { x: clamp(x, 0, out.w - 1), y: clamp(y, 0, out.h - 1) };
    stage.ask();
  }
  const where = {
    input: (y, x, v) => [
      Math.round((y + v.padding - (v.dilation * (v.kernel[0].length - 1)) / 2) / v.stride),
      Math.round((x + v.padding - (v.dilation * (v.kernel[0][0].length - 1)) / 2) / v.stride),
    ],
    output: (y, x) => [y, x],
    pool: (y, x, v) => {
      const k = clamp(y, 0, v.pool.h - 1) * v.pool.w + clamp(x, 0, v.pool.w - 1);
      return [data.rows[k], data.cols[k]]; // the winner's place
    },
  };
  for (const { fig, to } of [
    { fig: input, to: where.input },
    { fig: output, to: where.output },
    { fig: after, to: where.output },
    { fig: pooled, to: where.pool },
  ]) {
    fig.canvas.style.cursor = 'crosshair';
    const point = (e) => {
      const f = frames.get(fig);
      if (!f || !data) return;
      const [px, py] = taste.at(fig.canvas, e);
      const y = Math.floor((py - f.y0) / f.k);
      const x = Math.floor((px - f.x0) / f.k);
      if (y < -f.p || x < -f.p || y >= f.h + f.p || x >= f.w + f.p) return;
      const [row, column] = to(y, x, stage.value);
      go(row, column);
    };
    fig.canvas.addEventListener('pointermove', (e) => {
      if (!timer || auto || e.buttons) point(e);
    });
    fig.canvas.addEventListener('pointerdown', point);
    fig.canvas.addEventListener('keydown', (e) => {
      const way = taste.arrow(e);
      const far = (e.shiftKey ? 5 : 1) * (fig === pooled ? stage.value.pool?.size || 1 : 1);
      if (!way || !data) return;
      e.preventDefault();
      go(at.y + way[1] * far, at.x + way[0] * far);
    });
  }

  // The first dozen pixels slowly enough to read, the rest within some six seconds.
  function slide() {
    const { out } = stage.value;
    const count = out.h * out.w;
    const hop = painted < 12 ? 1 : Math.max(1, Math.round(count / 220));
    if (painted >= count || !stage.root.offsetParent) {
      rest();
      return;
    }
    at = { y: Math.floor(painted / out.w), x: painted % out.w };
    painted = Math.min(count, painted + hop);
    stage.ask();
    timer = setTimeout(slide, painted < 12 ? 240 : 30);
  }
  function rest() {
    const { out } = stage.value;
    halt();
    painted = Infinity;
    at = { x: out.w >> 1, y: out.h >> 1 };
    stage.ask();
  }
  function halt() {
    clearTimeout(timer);
    timer = 0;
    auto = false;
  }
  document.addEventListener('taste-play', (/** @type {any} */ e) => {
    if (e.detail.kind !== 'convolution' || !stage.root.offsetParent || !data) return;
    halt();
    if (e.detail.on) {
      if (painted === Infinity) painted = 0;
      slide();
    }
  });
  return { draw };
});
