// Pieces of a text as chips: what stands on it, a number below, one colour per word; those beyond the limit struck out.
// value: {items:[{text, sub, group: number | null, off: bool, title?}], caption, alt}
taste.define('chips', (stage) => {
  const { el } = taste, list = el('ol', { class: 'taste-chips' }), caption = el('p', { class: 'taste-caption' });
  stage.root.append(list, caption);
  function draw() {
    const v = stage.value, c = stage.colours;
    list.replaceChildren(...(v.items || []).map((item) => {
      const chip = el('li', { class: item.off ? 'off' : '' }, el('b', {}, item.text), el('small', {}, item.sub || ''));
      chip.style.setProperty('--c', item.group === null || item.group === undefined ? c.grid : c.series[item.group % 8]);
      if (item.title) chip.title = item.title;
      return chip;
    }));
    list.setAttribute('aria-label', v.alt || v.caption || ''); caption.textContent = v.caption || '';
  }
  return { draw };
});
