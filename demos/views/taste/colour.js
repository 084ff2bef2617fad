// @ts-check
// Numbers as colours: the theme's own (colours.css), ramps of 256, bytes from Python as pictures.
(() => {
  let known = /** @type {any} */ (null); // read once for a mode: asking for a style makes the browser lay out what has changed
  let mode = '';
  function colours(node) {
    if (!known?.ink || mode !== document.body.className)
      [known, mode] = [read(node), document.body.className];
    return known;
  }
  function read(node) {
    const css = getComputedStyle(node);
    const get = (name) => css.getPropertyValue(`--t-${name}`).trim();
    const [ink, soft, grid, paper, accent, low, high] = 'ink soft grid paper accent low high'
      .split(' ')
      .map(get);
    const series = [1, 2, 3, 4, 5, 6, 7, 8].map((i) => get(`series-${i}`));
    return { ink, soft, grid, paper, accent, low, high, series };
  }

  const hex = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const mix = (a, b, t) => a.map((v, i) => Math.round(v + (b[i] - v) * t));
  const CIVIDIS = '#00224e #123570 #3b496c #575d6d #707173 #8a8678 #a59c74 #c3b369 #e1cc55 #fee838'
    .split(' ')
    .map(hex);

  // 256 colours, three bytes each. "class" runs low → paper → high (a net's output −1…1), "split" is only low
  // or high, "height" is cividis (readable without colour vision), "grey" is grey.
  function ramp(kind, c) {
    const [low, high, paper] = [c.low, c.high, c.paper].map(hex);
    const height = (t) => {
      const s = t * (CIVIDIS.length - 1);
      const k = Math.min(s | 0, CIVIDIS.length - 2);
      return mix(CIVIDIS[k], CIVIDIS[k + 1], s - k);
    };
    const signed = (t) =>
      t < 0.5 ? mix(paper, low, (1 - 2 * t) * 0.85) : mix(paper, high, (2 * t - 1) * 0.85);
    const kinds = {
      height,
      grey: (t) => [255 * t, 255 * t, 255 * t],
      split: (t) => mix(paper, t < 0.5 ? low : high, 0.6),
    };
    const table = new Uint8ClampedArray(256 * 3);
    for (let i = 0; i < 256; i++) table.set((kinds[kind] || signed)(i / 255), i * 3);
    return table;
  }
  const ramps = new Map(); // a film makes dozens of pictures a frame, all in a few tables
  function table(kind, c) {
    const key = `${kind} ${c.low} ${c.high} ${c.paper}`;
    if (!ramps.has(key)) ramps.set(key, ramp(kind, c));
    return ramps.get(key);
  }
  const pick = (table, i) => [table[i * 3], table[i * 3 + 1], table[i * 3 + 2]]; // i: 0…255
  // share: −1…1
  const signed = (table, share) => pick(table, Math.round(127.5 + 127.5 * (taste.clamp(share, -1, 1) || 0)));
  // relative luminance by WCAG; black or white, whichever has at least 4.58 : 1
  const luminance = (rgb) =>
    rgb
      .map((v) => (v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const inkOn = (rgb) => (luminance(rgb) > 0.179 ? '#000' : '#fff');
  const tint = (node, rgb) => {
    node.style.background = `rgb(${rgb})`;
    node.style.color = inkOn(rgb);
  };

  // base64; what is unpacked already stays
  function bytes(text) {
    if (typeof text !== 'string') return text;
    const raw = atob(text);
    const out = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) out[i] = raw.charCodeAt(i);
    return out;
  }
  // Numbers as packing.py sends them: their unit, then how many of it.
  function floats(text) {
    if (typeof text !== 'string') return text;
    const { buffer } = bytes(text);
    const unit = new Float32Array(buffer, 0, 1)[0];
    return Float32Array.from(new Int16Array(buffer, 4), (n) => n * unit);
  }
  // w·h pixels as an off-screen canvas, row 0 on top; of(i) gives [r, g, b], or [r, g, b, opacity] from 0 to
  // 255.
  function bitmap(w, h, of) {
    const off = document.createElement('canvas');
    off.width = w;
    off.height = h;
    const g = off.getContext('2d');
    const image = g.createImageData(w, h);
    for (let i = 0; i < w * h; i++) {
      const [red, green, blue, opacity = 255] = of(i);
      image.data[i * 4] = red;
      image.data[i * 4 + 1] = green;
      image.data[i * 4 + 2] = blue;
      image.data[i * 4 + 3] = opacity;
    }
    g.putImageData(image, 0, 0);
    return off;
  }
  // The same 256 colours, each as one number in the order of a picture's bytes.
  const words = new Map();
  function wordsOf(kind, c) {
    const colours = table(kind, c);
    if (!words.has(colours)) {
      const bytes = new Uint8ClampedArray(256 * 4).fill(255);
      for (let i = 0; i < 256; i++) bytes.set(colours.subarray(i * 3, i * 3 + 3), i * 4);
      words.set(colours, new Uint32Array(bytes.buffer));
    }
    return words.get(colours);
  }
  // A grid as an off-screen canvas, to be drawn at once: the last ones are kept, so that what stays is made once, and the
  // oldest is used again.
  const MOST = 64;
  const made = new Map();
  function grid(of, c) {
    const { data, w, h, kind = 'class' } = of;
    const colours = wordsOf(kind, c);
    const old = made.get(of);
    if (old?.colours === colours && old.data === data) return old.off;
    let off = old?.off;
    if (!off && made.size >= MOST) {
      const [oldest, { off: free }] = made.entries().next().value;
      made.delete(oldest);
      off = free;
    }
    off ||= taste.el('canvas');
    made.set(of, { off, colours, data });
    if (off.width !== w || off.height !== h) Object.assign(off, { width: w, height: h });
    const g = off.getContext('2d');
    const image = g.createImageData(w, h);
    const pixels = new Uint32Array(image.data.buffer);
    const values = bytes(data);
    for (let i = 0; i < w * h; i++) pixels[i] = colours[values[i]];
    g.putImageData(image, 0, 0);
    return off;
  }

  Object.assign(taste, { colours, hex, ramp, pick, signed, inkOn, tint, bytes, floats, bitmap, grid });
})();
