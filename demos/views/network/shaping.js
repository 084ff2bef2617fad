// @ts-check
// The shape of a net, changed on its picture: above each hidden layer its units, one more or fewer, and its activation; at
// the end the layers. Real buttons and lists, each over its column, so that finger and keyboard reach them.
// The prop `shape`: {layers: [least, most], units: [least, most], f: [[name, words]], words} (network.py).
(() => {
  const { el } = taste;

  function shaping(stage, box) {
    const { shape } = stage.props;
    if (!shape || !stage.can('shape')) return { draw() {} };
    const { words } = shape;
    const strip = el('div', { class: 'taste-shape', role: 'group', 'aria-label': words.group });
    box.before(strip);

    const put = (template, layer) => template.replace('{layer}', layer);
    // fewer, how many there are, more
    function counter(layer, [fewer, more], [least, most], send) {
      const button = (sign, by, name) => {
        const node = el(
          'button',
          { type: 'button', 'aria-label': put(name, layer), title: put(name, layer) },
          sign,
        );
        node.addEventListener('click', () => send(by));
        return node;
      };
      const [less, count, add] = [button('−', -1, fewer), el('output'), button('+', 1, more)];
      const node = el('span', { class: 'taste-count' }, less, count, add);
      const show = (n, text = String(n)) => {
        taste.write(count, text);
        less.disabled = n <= least;
        add.disabled = n >= most;
      };
      return { node, show };
    }
    function column(layer) {
      const send = (by) => stage.emit('shape', { what: 'units', layer, by, name: '' });
      const units = counter(layer, [words.fewer, words.more], shape.units, send);
      const f = el('select', { 'aria-label': put(words.activation, layer) });
      f.append(...shape.f.map(([value, text]) => el('option', { value }, text)));
      f.addEventListener('change', () =>
        stage.emit('shape', { what: 'activation', layer, by: 0, name: f.value }),
      );
      const node = el('div', {}, units.node, f);
      const show = (n, name) => {
        units.show(n);
        if (f.value !== name) f.value = name;
      };
      return { node, show };
    }
    const layers = counter(0, [words.shallower, words.deeper], shape.layers, (by) =>
      stage.emit('shape', { what: 'layers', layer: 0, by, name: '' }),
    );
    const end = el('div', { class: 'taste-depth' }, layers.node);
    const columns = [];
    strip.append(end);

    function draw(v, spots) {
      const hidden = v.layers.slice(1, -1);
      while (columns.length > hidden.length) columns.pop().node.remove();
      while (columns.length < hidden.length) {
        columns.push(column(columns.length + 1));
        end.before(columns.at(-1).node);
      }
      const width = box.clientWidth;
      const pitch = (spots.at(-1)[0].x - spots[0][0].x) / (spots.length - 1);
      strip.classList.toggle('taste-tight', pitch < 96);
      strip.style.setProperty('--pitch', `${Math.max(36, Math.min(110, pitch - 4))}px`);
      hidden.forEach((layer, k) => {
        columns[k].node.style.left = `${(spots[k + 1][0].x / width) * 100}%`;
        columns[k].show(layer.units.length, layer.f);
      });
      layers.show(hidden.length, put(words.layers, hidden.length));
    }
    return { draw };
  }

  Object.assign(taste, { shaping });
})();
