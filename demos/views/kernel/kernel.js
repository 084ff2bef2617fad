// @ts-check
// The kernel as boxes to type in, one block per channel, coloured by sign and size. Enter or leaving a box
// sends it; arrow up and down: one more, one less.
// Fields and events: kernel.py.
taste.define('kernel', (stage) => {
  const { el } = taste;
  const list = el('div', { class: 'taste-kernels', role: 'group' });
  const caption = el('p', { class: 'taste-caption' });
  stage.root.append(list, caption);
  let shape = '';
  let seen = null;
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const blocks = v.blocks || [];
    const key = JSON.stringify(blocks.map((b) => [b.name, b.text.length, b.text[0]?.length]));
    if (key !== shape) {
      shape = key;
      list.replaceChildren(
        ...blocks.map((block) => {
          const grid = el('div', { class: 'taste-kernel-grid' });
          grid.style.setProperty('--n', block.text[0].length);
          block.text.forEach((row, i) =>
            row.forEach((_, j) =>
              grid.append(
                el('input', {
                  type: 'text',
                  inputmode: 'text',
                  autocomplete: 'off',
                  maxlength: '12',
                  'aria-label': `${block.name} ${v.label.replace('{row}', i + 1).replace('{column}', j + 1)}`,
                }),
              ),
            ),
          );
          return el('div', {}, el('b', {}, block.name), grid);
        }),
      );
    }
    const most = Math.max(1e-9, ...blocks.flatMap((b) => b.value.flat().map(Math.abs)));
    const table = taste.ramp('class', c);
    blocks.forEach((block, b) => {
      const boxes = list.children[b].querySelectorAll('input');
      const text = block.text.flat();
      block.value.flat().forEach((value, k) => {
        if (seen !== v) boxes[k].value = text[k];
        taste.tint(boxes[k], taste.signed(table, value / most));
      });
    });
    seen = v;
    taste.tell(list, caption, v);
  }
  const send = () => {
    const blocks = [...list.children].map((node, b) => {
      const n = stage.value.blocks[b].text[0].length;
      const words = [...node.querySelectorAll('input')].map(
        (i) => i.value.trim().split(/\s+/).join('') || '0',
      );
      return words
        .reduce((rows, w, k) => {
          if (k % n === 0) rows.push([]);
          rows.at(-1).push(w);
          return rows;
        }, [])
        .map((row) => row.join('  '))
        .join('\n');
    });
    stage.emit('edit', { text: blocks.join('\n\n') });
  };
  list.addEventListener('change', send);
  list.addEventListener('focusin', (e) => {
    if (e.target.matches('input')) e.target.select();
  });
  list.addEventListener('keydown', (e) => {
    const step = -(taste.arrow(e)?.[1] ?? 0);
    if (!step || !e.target.matches('input') || !Number.isFinite(+e.target.value)) return;
    e.preventDefault();
    e.target.value = String(Math.round((+e.target.value + step) * 1e6) / 1e6);
    send();
  });
  return { draw };
});
