// @ts-check
// Pictures over frames, several reels on one time slider: what the loop holds, what it predicts, two prompts
// side by side.
// Fields and events: film.py.
taste.define('film', (stage) => {
  const { el } = taste;
  const list = el('div', { class: 'taste-reels', role: 'group' });
  const caption = el('p', { class: 'taste-caption' });
  const can = stage.can('frame');
  const emit = taste.throttle(150, (index) => stage.emit('frame', { index }));
  const time = taste.transport(stage, (k) => can && emit(k));
  stage.root.append(list, time.node, caption);
  if (stage.props.square) list.style.setProperty('--most', `${stage.props.square}px`);
  function draw() {
    const v = stage.value;
    const reels = v.reels || [];
    time.update(Math.max(0, ...reels.map((reel) => reel.frames.length)), v);
    while (list.children.length > reels.length) list.lastChild.remove();
    reels.forEach((reel, i) => {
      if (!list.children[i])
        list.append(
          el(
            'figure',
            {},
            el('img', { draggable: 'false' }),
            el('figcaption', {}, el('b', {}), el('span', {})),
          ),
        );
      const [image, words] = list.children[i].children;
      const [name, text] = words.children;
      const k = Math.min(time.at, reel.frames.length - 1);
      const source = reel.frames[k] || '';
      const label = v.labels?.[time.at] || '';
      if (image.getAttribute('src') !== source)
        source ? image.setAttribute('src', source) : image.removeAttribute('src');
      image.alt = [reel.name, label].filter(Boolean).join(', ');
      image.classList.toggle('sharp', !v.smooth);
      taste.write(name, reel.name);
      if (text.textContent !== (reel.text || '')) text.textContent = reel.text || '';
    });
    list.style.setProperty('--n', v.columns || reels.length);
    list.style.setProperty('--aspect', v.aspect || 1);
    list.style.gridTemplateColumns = v.columns ? `repeat(${v.columns}, minmax(0, 1fr))` : '';
    list.setAttribute('aria-label', v.alt || v.caption || '');
    caption.textContent = v.captions?.[time.at] ?? v.caption ?? '';
  }
  return { draw };
});
