// @ts-check
// Pieces of a text as chips: what stands on it, a number below, one colour per word; those beyond the limit
// struck out.
// Fields and events: chips.py.
taste.define('chips', (stage) => {
  const { el } = taste;
  const list = el('ol', { class: 'taste-chips' });
  const caption = el('p', { class: 'taste-caption' });
  stage.root.append(list, caption);
  function draw() {
    const v = stage.value;
    const c = stage.colours;
    list.replaceChildren(
      ...(v.items || []).map((item) => {
        const chip = el(
          'li',
          { class: item.off ? 'off' : '' },
          el('b', {}, item.text),
          el('small', {}, item.sub || ''),
        );
        chip.style.setProperty(
          '--c',
          item.group === null || item.group === undefined ? c.grid : c.series[item.group % 8],
        );
        if (item.title) chip.title = item.title;
        return chip;
      }),
    );
    taste.tell(list, caption, v);
  }
  return { draw };
});
