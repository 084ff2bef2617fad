// @ts-check
// Pictures side by side, each with a name and a sentence; small ones are enlarged without smoothing.
// Fields and events: pictures.py.
taste.define('pictures', (stage) => {
  const { el } = taste;
  const list = el('div', { class: 'taste-album', role: 'group' });
  const caption = el('p', { class: 'taste-caption' });
  stage.root.append(list, caption);
  function draw() {
    const v = stage.value;
    const items = v.items || [];
    while (list.children.length > items.length) list.lastChild.remove();
    items.forEach((item, k) => {
      if (!list.children[k]) list.append(el('figure', {}, el('img', {}), el('b', {}), el('span', {})));
      const [image, name, text] = list.children[k].children;
      const source = `data:image/png;base64,${item.png}`;
      if (image.getAttribute('src') !== source) image.setAttribute('src', source);
      image.alt = `${item.name}. ${item.text || ''}`;
      name.textContent = item.name;
      text.textContent = item.text || '';
    });
    taste.tell(list, caption, v);
  }
  return { draw };
});
