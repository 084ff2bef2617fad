// @ts-check
// Numbers in memory, one box each: what stands beside what. A real table, so it can be read aloud.
// Fields and events: strip.py.
taste.define('strip', (stage) => {
  const { el } = taste;
  const holder = el('div', {});
  const caption = el('p', { class: 'taste-caption' });
  stage.root.append(holder, caption);
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    const colour = [c.series[1], c.series[2], c.series[0]];
    holder.replaceChildren(
      ...(v.rows || []).map((row) => {
        const cell = (value, k) => {
          const td = el(
            'td',
            {},
            el('b', {}, String(value)),
            el('i', {}, v.names[row.channel[k]]),
            el('small', {}, String(row.index[k])),
          );
          td.style.setProperty('--c', colour[row.channel[k]]);
          return td;
        };
        return el(
          'div',
          { class: 'taste-scroll', tabindex: '0', role: 'group', 'aria-label': row.name },
          el(
            'table',
            { class: 'taste-memory' },
            el('caption', {}, row.name),
            el('tbody', {}, el('tr', {}, ...row.value.map(cell))),
          ),
        );
      }),
    );
    caption.textContent = v.caption || v.alt || '';
  }
  return { draw };
});
