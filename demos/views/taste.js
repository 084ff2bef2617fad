// What every view shares: mounting, theme colours, sharp canvases, axes, keyboard. No framework, no network.
// A view is `taste.define(name, (stage) => ({draw}))`; `stage.value` is the JSON that Python sent last.
(() => {
  const makers = {};
  const FONT = '"Pretendard","Noto Sans KR","Noto Sans CJK KR","Apple SD Gothic Neo","Malgun Gothic",system-ui,sans-serif';

  function colours(node) {
    const css = getComputedStyle(node), get = (name) => css.getPropertyValue(name).trim();
    return { ink: get('--t-ink'), soft: get('--t-soft'), grid: get('--t-grid'), paper: get('--t-paper'), accent: get('--t-accent'),
      series: [1, 2, 3, 4, 5, 6, 7, 8].map((i) => get(`--t-series-${i}`)), low: get('--t-low'), high: get('--t-high') };
  }

  function mount(name, element, props, trigger, watch) {
    const root = element.querySelector('.taste');
    let asked = false;
    const latest = {}; // a deferred event is sent later with its first data object: keep one object per event, always up to date
    const stage = {
      root, props,
      get value() { return props.value || {}; },
      get empty() { return props.value === null || props.value === undefined || props.value === ''; },
      emit: (event, data) => trigger(event, latest[event] = Object.assign(latest[event] || {}, data)),
      send: (value, event) => { props.value = value; trigger(event); },
      ask: () => { if (!asked) { asked = true; requestAnimationFrame(() => { asked = false; draw(); }); } },
      get colours() { return colours(root); },
    };
    const view = makers[name](stage);
    const draw = () => {
      root.classList.toggle('taste-empty', stage.empty);
      if (root.clientWidth && !stage.empty) view.draw();
    };
    stage.ask();
    watch('value', stage.ask);
    new ResizeObserver(stage.ask).observe(root);
    new MutationObserver(stage.ask).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  // A figure: legend above, canvas, one computed sentence below. The sentence is also the canvas's text alternative.
  function figure(stage, { focusable = true } = {}) {
    const legend = el('div', { class: 'taste-legend' }), caption = el('figcaption', {}), tip = el('div', { class: 'taste-tip', role: 'status' });
    const canvas = el('canvas', { role: 'img' });
    if (focusable) canvas.tabIndex = 0;
    const box = el('div', { class: 'taste-box' }, canvas, tip);
    stage.root.append(el('figure', { class: 'taste-figure' }, legend, box, caption));
    if (stage.props.height) box.style.height = `${stage.props.height}px`;
    if (stage.props.square) { box.style.aspectRatio = '1'; box.style.maxWidth = `${stage.props.square}px`; box.style.marginInline = 'auto'; }
    return {
      canvas, box, tip,
      words(value) {
        const text = value.alt || value.caption || stage.props.alt || '';
        if (canvas.getAttribute('aria-label') !== text) canvas.setAttribute('aria-label', text);
        if (caption.textContent !== (value.caption || '')) caption.textContent = value.caption || '';
      },
      legend(items) { // [{name, colour, dash, mark}]
        const key = JSON.stringify(items);
        if (legend.dataset.key === key) return;
        legend.dataset.key = key;
        legend.replaceChildren(...items.map(({ name, colour, dash, mark }) => {
          const swatch = el('i', { class: mark ? `taste-mark-${mark}` : dash ? 'taste-dash' : '' });
          swatch.style.setProperty('--c', colour);
          return el('span', {}, swatch, name);
        }));
      },
      open() { // context in CSS pixels, sharp on every screen
        const ratio = Math.min(devicePixelRatio || 1, 2.5), width = box.clientWidth, height = box.clientHeight;
        if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
          canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
        }
        const g = canvas.getContext('2d');
        g.setTransform(ratio, 0, 0, ratio, 0, 0); g.clearRect(0, 0, width, height);
        g.font = `12px ${FONT}`; g.lineJoin = 'round';
        return { g, width, height };
      },
      show(text, x, y) {
        tip.textContent = text; tip.classList.toggle('on', !!text);
        if (text) {
          tip.style.left = `${Math.max(4, Math.min(x + 12, box.clientWidth - tip.offsetWidth - 4))}px`;
          tip.style.top = `${Math.max(0, Math.min(y - tip.offsetHeight - 8, box.clientHeight - tip.offsetHeight))}px`;
        }
      },
    };
  }

  const number = (v) => {
    if (!Number.isFinite(v)) return String(v);
    const size = Math.abs(v);
    if (size !== 0 && (size >= 1e6 || size < 1e-3)) return v.toExponential(1).replace('-', '−').replace('e+', 'e');
    return (Math.round(v * 1000) / 1000).toString().replace('-', '−');
  };

  function ticks(low, high, wish = 5) {
    if (!(high > low)) return [low];
    const raw = (high - low) / wish, power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw * 0.999);
    const out = [];
    for (let k = Math.ceil(low / step - 1e-9); k * step <= high + step * 1e-9; k++) out.push(Math.abs(k * step) < step * 1e-9 ? 0 : k * step);
    return out;
  }
  function logTicks(low, high) {
    const out = [], a = Math.ceil(Math.log10(low) - 1e-9), b = Math.floor(Math.log10(high) + 1e-9), hop = Math.max(1, Math.ceil((b - a) / 6));
    for (let k = a; k <= b; k += hop) out.push(10 ** k);
    if (out.length > 1) return out;
    const fine = [];
    for (let k = Math.floor(Math.log10(low)); k <= b + 1; k++) for (const m of [1, 2, 5]) if (m * 10 ** k >= low && m * 10 ** k <= high) fine.push(m * 10 ** k);
    return fine.length > 1 ? fine : ticks(low, high, 3);
  }

  // Axes inside a box; returns pixel scales and their inverses.
  function axes(g, width, height, { x, y, xlabel = '', ylabel = '', logx = false, logy = false, equal = false, bare = false, whole = false }, c) {
    const pad = bare ? { l: 1, r: 1, t: 1, b: 1 } : { l: 46, r: 12, t: ylabel ? 22 : 10, b: xlabel ? 38 : 24 };
    let w = width - pad.l - pad.r, h = height - pad.t - pad.b, left = pad.l, top = pad.t;
    if (equal) { const side = Math.min(w, h); left += (w - side) / 2; top += 0; w = h = side; }
    const fx = logx ? Math.log10 : (v) => v, fy = logy ? Math.log10 : (v) => v;
    const [x0, x1] = x.map(fx), [y0, y1] = y.map(fy), dx = x1 - x0 || 1, dy = y1 - y0 || 1;
    const X = (v) => left + (fx(v) - x0) / dx * w, Y = (v) => top + h - (fy(v) - y0) / dy * h;
    const inverse = (px, py) => {
      const ux = x0 + (px - left) / w * dx, uy = y0 + (top + h - py) / h * dy;
      return [logx ? 10 ** ux : ux, logy ? 10 ** uy : uy];
    };
    const paint = () => {
      g.strokeStyle = c.grid; g.fillStyle = c.soft; g.lineWidth = 1; g.font = `11px ${FONT}`;
      if (!bare) {
        g.textAlign = 'center'; g.textBaseline = 'top';
        for (const v of (logx ? logTicks(...x) : ticks(...x, Math.max(2, w / 80))).filter((v) => !whole || Number.isInteger(v))) {
          g.beginPath(); g.moveTo(X(v), top); g.lineTo(X(v), top + h); g.stroke(); g.fillText(number(v), X(v), top + h + 5);
        }
        g.textAlign = 'right'; g.textBaseline = 'middle';
        for (const v of logy ? logTicks(...y) : ticks(...y, Math.max(2, h / 45))) {
          g.beginPath(); g.moveTo(left, Y(v)); g.lineTo(left + w, Y(v)); g.stroke(); g.fillText(number(v), left - 6, Y(v));
        }
        g.textAlign = 'center'; g.textBaseline = 'alphabetic';
        if (xlabel) g.fillText(xlabel, left + w / 2, top + h + 33);
        g.textAlign = 'left';
        if (ylabel) g.fillText(ylabel, Math.max(2, left - 40), top - 9);
      } else g.strokeRect(left + .5, top + .5, w - 1, h - 1);
    };
    return { X, Y, inverse, left, top, w, h, paint, x, y };
  }

  const hex = (h) => [1, 3, 5].map((i) => parseInt(h.slice(i, i + 2), 16));
  const mix = (a, b, t) => a.map((v, i) => Math.round(v + (b[i] - v) * t));
  const CIVIDIS = ['#00224e', '#123570', '#3b496c', '#575d6d', '#707173', '#8a8678', '#a59c74', '#c3b369', '#e1cc55', '#fee838'].map(hex);
  // 256 colours: "class" runs low → paper → high (a net's output −1…1), "split" is only low or high, "height" is cividis (readable without colour vision).
  function ramp(kind, c) {
    const table = new Uint8ClampedArray(256 * 3), low = hex(c.low), high = hex(c.high), paper = hex(c.paper);
    for (let i = 0; i < 256; i++) {
      const t = i / 255;
      let rgb;
      if (kind === 'height') { const s = t * (CIVIDIS.length - 1), k = Math.min(s | 0, CIVIDIS.length - 2); rgb = mix(CIVIDIS[k], CIVIDIS[k + 1], s - k); }
      else if (kind === 'grey') rgb = [i, i, i];
      else if (kind === 'split') rgb = mix(paper, t < .5 ? low : high, .6);
      else rgb = t < .5 ? mix(paper, low, (1 - 2 * t) * .85) : mix(paper, high, (2 * t - 1) * .85);
      table.set(rgb, i * 3);
    }
    return table;
  }
  const bytes = (text) => Uint8Array.from(atob(text), (ch) => ch.charCodeAt(0));
  const floats = (text) => new Float32Array(bytes(text).buffer);
  // {data: base64 of h·w bytes, w, h, kind} → an off-screen canvas; row 0 is the top.
  function grid({ data, w, h, kind = 'class' }, c) {
    const off = document.createElement('canvas'), table = ramp(kind, c), values = bytes(data);
    off.width = w; off.height = h;
    const g = off.getContext('2d'), image = g.createImageData(w, h);
    for (let i = 0; i < w * h; i++) { image.data.set([table[values[i] * 3], table[values[i] * 3 + 1], table[values[i] * 3 + 2], 255], i * 4); }
    g.putImageData(image, 0, 0);
    return off;
  }

  const at = (canvas, event) => { const r = canvas.getBoundingClientRect(); return [event.clientX - r.left, event.clientY - r.top]; };
  const throttle = (wait, fn) => { // first at once, last always
    let last = 0, timer = 0;
    return (...args) => {
      clearTimeout(timer);
      const rest = wait - (Date.now() - last);
      if (rest <= 0) { last = Date.now(); fn(...args); } else timer = setTimeout(() => { last = Date.now(); fn(...args); }, rest);
    };
  };

  // What the learner moves and Python answers: an answer to an earlier place must not pull the newest one back.
  // moved(place) at each move, asked(place) when it is sent, stale(place) once for each value that Python sends.
  function trail(same, most = 10_000) {
    let newest = null, sent = [], since = 0;
    return {
      moved(place) { newest = place; since = Date.now(); },
      asked(place) { sent.push(place); },
      stale(answer) {
        const k = sent.findIndex((place) => same(answer, place)), mine = newest !== null && same(answer, newest);
        if (k < 0 || newest === null || Date.now() - since > most) { sent = []; newest = null; return false; } // not an answer to a move
        sent = sent.slice(k + 1); // what was sent before it is answered, too
        return !mine;
      },
    };
  }

  // A time slider with a play button, for views that hold frames; it follows the last frame while frames arrive.
  function transport(stage, moved = () => {}) {
    const play = el('button', { type: 'button', class: 'taste-play' }, el('i', {})), range = el('input', { type: 'range', min: 0, max: 0, value: 0, step: 1 }), label = el('output', {});
    const node = el('div', { class: 'taste-time', hidden: '' }, play, range, label);
    let count = 0, at = 0, clock = 0, words = {}, labels = [], last = null, key = null, played = null;
    const set = (k) => { at = Math.max(0, Math.min(count - 1, k)); range.value = at; say(); };
    const say = () => {
      label.textContent = labels[at] || ''; range.setAttribute('aria-valuetext', labels[at] || String(at)); range.setAttribute('aria-label', words.time || '');
      play.classList.toggle('on', !!clock); play.setAttribute('aria-label', (clock ? words.pause : words.play) || '');
    };
    const halt = () => { clearInterval(clock); clock = 0; };
    const go = () => {
      halt();
      if (at >= count - 1) set(0);
      clock = setInterval(() => { if (!node.isConnected || at >= count - 1) { halt(); say(); moved(at); return; } set(at + 1); stage.ask(); }, Math.max(60, Math.min(500, 4000 / count)));
    };
    play.addEventListener('click', () => { clock ? halt() : go(); say(); stage.ask(); });
    range.addEventListener('input', () => { halt(); set(+range.value); moved(at); stage.ask(); });
    return {
      node,
      get at() { return at; },
      update(n, v) { // n frames now; v.start: the frame to open at, or "last"; v.key: another film; v.play: play it once per such value
        const fresh = last !== v || n !== count, first = last === null || key !== v.key, atEnd = at >= count - 1, end = v.start === 'last';
        count = n; words = v.words || {}; labels = v.labels || [];
        range.max = Math.max(0, n - 1); node.hidden = n < 2;
        if (fresh) {
          if (first || at >= n || (end && atEnd)) { halt(); set(end ? n - 1 : v.start || 0); }
          last = v; key = v.key;
          if (v.play && played !== v.play && n > 1) { played = v.play; if (!matchMedia('(prefers-reduced-motion: reduce)').matches) { set(0); go(); } }
        }
        say();
      },
    };
  }

  // The state of a lesson's controls as a link; the page reads it back (demos/shell/gallery.py).
  function share(lesson, names, values) {
    const state = Object.fromEntries(names.map((name, i) => [name, values[i]?.data ?? values[i]]).filter(([, v]) => !(Array.isArray(v) && v.length > 500)));
    const raw = String.fromCharCode(...new TextEncoder().encode(JSON.stringify(state)));
    const packed = btoa(raw).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const link = `${location.origin}${location.pathname}?lesson=${lesson}&s=${packed}`;
    navigator.clipboard?.writeText(link).catch(() => {});
    return link;
  }
  function save(name, text) {
    const a = el('a', { download: name, href: URL.createObjectURL(new Blob([text || ''], { type: 'text/plain' })) });
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 1000);
  }

  function saveBytes(name, data) { // data: base64
    if (!data) return;
    const a = el('a', { download: name, href: URL.createObjectURL(new Blob([bytes(data)])) });
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 1000);
  }
  function savePng(name, data) { el('a', { download: name, href: `data:image/png;base64,${data}` }).click(); }

  // All named endpoints are on a page of their own (demos/shell/endpoints.py): the word at the foot of a lesson's page leads there.
  const api = () => document.querySelector('footer .show-api');
  const programs = /\/endpoints\/?$/.test(location.pathname);
  document.addEventListener('click', (event) => {
    if (programs || !event.target.closest?.('footer .show-api')) return;
    event.stopImmediatePropagation();
    location.assign(`${location.pathname.replace(/(\/en)?\/?$/, '/endpoints')}#api`);
  }, true);
  if (programs && location.hash === '#api') {
    const seen = new MutationObserver(() => { if (api()) { seen.disconnect(); api().click(); } });
    seen.observe(document, { childList: true, subtree: true });
  }

  // The lesson of a link is the first that is shown: its tabs are selected before Gradio builds the page. An unknown one
  // leaves the first lesson open. The settings of the link come from Python (demos/shell/gallery.py).
  function openLinked() {
    const { layout, components } = window.gradio_config || {}, lesson = new URLSearchParams(location.search).get('lesson');
    if (!lesson || !layout) return;
    const known = new Map(components.map((c) => [c.id, c]));
    const way = (node) => {
      const c = known.get(node.id);
      if (c?.type === 'tabitem' && c.props.id === lesson) return [c];
      for (const child of node.children || []) { const rest = way(child); if (rest) return [c, ...rest]; }
    };
    (way(layout) || []).forEach((c, i, all) => { if (c?.type === 'tabs') c.props.selected = all[i + 1].props.id; });
  }
  openLinked();

  // A tab opened for the first time: Python hears of it and lays the lesson out; until it stands, grey lines in its place.
  function ring(door, trigger) {
    const place = door.closest('.block').parentElement, lines = el('div', { class: 'taste-wait', 'aria-hidden': 'true' });
    const stands = () => place.querySelectorAll('.block').length > 1; // the door is one itself
    trigger('select');
    if (stands()) return;
    place.append(lines);
    const seen = new MutationObserver(() => { if (stands()) { seen.disconnect(); lines.remove(); } });
    seen.observe(place, { childList: true, subtree: true });
  }

  window.taste = { transport, ring, share, save, saveBytes, savePng, define: (name, make) => { makers[name] = make; }, mount, el, figure, axes, ticks, number, grid, ramp, bytes, floats, at, throttle, trail, hex, FONT };
})();
