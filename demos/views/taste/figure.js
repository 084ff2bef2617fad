// @ts-check
// A figure: legend above, canvas, one computed sentence below. The sentence is also the canvas's text
// alternative.
(() => {
  const { el } = taste;
  const FONT =
    '"Pretendard","Noto Sans KR","Noto Sans CJK KR","Apple SD Gothic Neo","Malgun Gothic",system-ui,sans-serif';

  const entry = ({ name, colour, dash, mark }) => {
    const swatch = el('i', { class: mark ? `taste-mark-${mark}` : dash ? 'taste-dash' : '' });
    swatch.style.setProperty('--c', colour);
    return el('span', {}, swatch, name);
  };
  // items: [{name, colour, dash, mark: "disc" | "square" | "ring"}]; nothing is touched while they stay the
  // same
  function fill(legend, items) {
    const key = JSON.stringify(items);
    if (legend.dataset.key === key) return;
    legend.dataset.key = key;
    legend.replaceChildren(...items.map(entry));
  }

  // A canvas as large as its box, in CSS pixels, sharp on every screen.
  function sharp(canvas, width, height, most = 2.5) {
    const ratio = Math.min(devicePixelRatio || 1, most);
    const [w, h] = [width, height].map((side) => Math.round(side * ratio));
    if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
    const g = canvas.getContext('2d');
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    g.clearRect(0, 0, width, height);
    return g;
  }

  function figure(stage, { focusable = true } = {}) {
    const legend = el('div', { class: 'taste-legend' });
    const caption = el('figcaption');
    const tip = el('div', { class: 'taste-tip', role: 'status' });
    const canvas = el('canvas');
    const box = el('div', { class: 'taste-box' }, canvas, tip);
    stage.root.append(el('figure', { class: 'taste-figure' }, legend, box, caption));
    const { height: tall, square, alt = '' } = stage.props;
    let size = /** @type {number[] | null} */ (null); // read when it has changed: it makes the browser lay out the page
    new ResizeObserver(() => (size = null)).observe(box);
    if (tall) box.style.height = `${tall}px`;
    if (square) Object.assign(box.style, { aspectRatio: '1', maxWidth: `${square}px`, marginInline: 'auto' });
    return {
      canvas,
      box,
      tip,
      words(value) {
        const text = value.alt || value.caption || alt;
        if (!canvas.hasAttribute('aria-label')) {
          if (!canvas.role) canvas.setAttribute('role', 'img'); // before its first picture it has no name to be read out
          if (focusable) canvas.tabIndex = 0;
        }
        if (canvas.getAttribute('aria-label') !== text) canvas.setAttribute('aria-label', text);
        taste.write(caption, value.caption || '');
      },
      legend: (items) => fill(legend, items),
      open() {
        size ||= [box.clientWidth, box.clientHeight];
        const [width, height] = size;
        const g = sharp(canvas, width, height);
        g.font = `12px ${FONT}`;
        g.lineJoin = 'round';
        return { g, width, height };
      },
      show(text, x, y) {
        tip.textContent = text;
        tip.classList.toggle('on', !!text);
        if (!text) return;
        const right = box.clientWidth - tip.offsetWidth - 4;
        const bottom = box.clientHeight - tip.offsetHeight;
        tip.style.left = `${Math.max(4, Math.min(x + 12, right))}px`;
        tip.style.top = `${Math.max(0, Math.min(y - tip.offsetHeight - 8, bottom))}px`;
      },
    };
  }

  Object.assign(taste, { FONT, figure, legend: fill, sharp });
})();
