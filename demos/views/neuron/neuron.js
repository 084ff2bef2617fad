// @ts-check
// The analogy, drawn: a neuron of the brain above, the artificial one below with its numbers of this moment.
// Fields and events: neuron.py.
taste.define('neuron', (stage) => {
  const { el } = taste;
  const number = (v) =>
    Math.abs(v) >= 1e5
      ? v.toExponential(1).replace('e+', 'e').replace('-', '−')
      : Number.isFinite(v)
        ? v.toFixed(Math.abs(v) >= 100 ? 1 : 2).replace('-', '−')
        : String(v);
  const NS = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(NS, 'svg');
  const caption = el('figcaption', {});
  svg.setAttribute('viewBox', '0 0 360 232');
  svg.setAttribute('role', 'img');
  svg.setAttribute('class', 'taste-neuron');
  stage.root.append(el('figure', { class: 'taste-figure' }, svg, caption));
  const safe = (words) => String(words).replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
  const text = (x, y, words, kind = '', anchor = 'middle') =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}" class="${kind}">${safe(words)}</text>`;
  function draw() {
    const v = stage.value;
    const w = v.words || {};
    svg.setAttribute('aria-label', v.alt || v.caption || '');
    svg.innerHTML = `
      <g class="cell"><path d="M18 22C48 24 60 44 88 50M20 58c28-4 44-2 66 0M22 94c26-6 44-20 66-28"/>
        <path d="M40 14c8 14 14 22 22 26M36 84c4 8 4 10 12 14"/>
        <circle cx="112" cy="58" r="27"/><circle class="core" cx="112" cy="58" r="9"/>
        <path class="axon" d="M139 58C180 52 200 70 250 58 270 54 282 50 292 44M272 54c10 4 16 8 22 16"/>
        <circle class="tip" cx="295" cy="43" r="4"/><circle class="tip" cx="297" cy="72" r="4"/></g>
      ${text(30, 114, w.dendrite, 'soft')}${text(112, 104, w.body, 'soft')}
      ${text(212, 44, w.axon, 'soft')}
      ${text(328, 62, w.synapse, 'soft')}
      <line class="wire" x1="66" y1="176" x2="132" y2="176"/>
      <line class="wire" x1="208" y1="176" x2="286" y2="176"/>
      <circle class="node" cx="42" cy="176" r="24"/><circle class="node sum" cx="170" cy="176" r="38"/>
      <circle class="node out" cx="312" cy="176" r="28"/>
      ${text(42, 181, number(v.x), 'num')}${text(98, 168, `× ${number(v.w)}`, 'num')}
      ${text(170, 173, 'Σ', 'big')}
      ${text(170, 193, `${v.b < 0 ? '−' : '+'} ${number(Math.abs(v.b))}`, 'num')}
      ${text(312, 181, number(v.y), 'num')}
      ${text(42, 142, w.input, 'soft')}${text(98, 194, w.weight, 'soft')}
      ${text(170, 130, w.bias, 'soft')}
      ${text(312, 138, w.output, 'soft')}`;
    caption.textContent = v.caption || '';
  }
  return { draw };
});
