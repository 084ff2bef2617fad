// @ts-check
// What a page needs beside its views: files to save, links with settings, the lesson of a link, tabs that
// fill.
(() => {
  const { el } = taste;

  // The state of a lesson's controls as a link; the page reads it back (demos/shell/links.py).
  function share(lesson, names, values) {
    const known = names.map((name, i) => [name, values[i]?.data ?? values[i]]);
    const state = Object.fromEntries(known.filter(([, v]) => !(Array.isArray(v) && v.length > 500)));
    const raw = String.fromCharCode(...new TextEncoder().encode(JSON.stringify(state)));
    const packed = btoa(raw).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const link = `${location.origin}${location.pathname}?lesson=${lesson}&s=${packed}`;
    navigator.clipboard?.writeText(link).catch(() => {});
    return link;
  }

  function download(name, parts, type = '') {
    const a = el('a', { download: name, href: URL.createObjectURL(new Blob(parts, { type })) });
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 1000);
  }
  const save = (name, text) => download(name, [text || ''], 'text/plain');
  const saveBytes = (name, data) => data && download(name, [taste.bytes(data)]); // data: base64
  const savePng = (name, data) => el('a', { download: name, href: `data:image/png;base64,${data}` }).click();

  // All named endpoints are on a page of their own (demos/shell/endpoints.py): the word at the foot of a
  // lesson's page leads there.
  const api = () => /** @type {HTMLElement} */ (document.querySelector('footer .show-api'));
  const programs = /\/endpoints\/?$/.test(location.pathname);
  document.addEventListener(
    'click',
    (event) => {
      const target = /** @type {Element} */ (event.target);
      if (programs || !target.closest?.('footer .show-api')) return;
      event.stopImmediatePropagation();
      location.assign(`${location.pathname.replace(/(\/en)?\/?$/, '/endpoints')}#api`);
    },
    true,
  );
  if (programs && location.hash === '#api') {
    const seen = new MutationObserver(() => {
      if (!api()) return;
      seen.disconnect();
      api().click();
    });
    seen.observe(document, { childList: true, subtree: true });
  }

  // The lesson of a link is the first that is shown: its tabs are selected before Gradio builds the page. An
  // unknown one leaves the first lesson open. The settings of the link come from Python
  // (demos/shell/gallery.py).
  function openLinked() {
    const { layout, components } = window.gradio_config || {};
    const lesson = new URLSearchParams(location.search).get('lesson');
    if (!lesson || !layout) return;
    const known = new Map(components.map((c) => [c.id, c]));
    const way = (node) => {
      const c = known.get(node.id);
      if (c?.type === 'tabitem' && c.props.id === lesson) return [c];
      for (const child of node.children || []) {
        const rest = way(child);
        if (rest) return [c, ...rest];
      }
    };
    (way(layout) || []).forEach((c, i, all) => {
      if (c?.type === 'tabs') c.props.selected = all[i + 1].props.id;
    });
  }
  openLinked();

  // A tab opened for the first time: Python hears of it and lays the lesson out; until it stands, grey lines
  // in its place.
  function ring(door, trigger) {
    const place = door.closest('.block').parentElement;
    const lines = el('div', { class: 'taste-wait', 'aria-hidden': 'true' });
    const stands = () => place.querySelectorAll('.block').length > 1; // the door is one itself
    trigger('select');
    if (stands()) return;
    place.append(lines);
    const seen = new MutationObserver(() => {
      if (!stands()) return;
      seen.disconnect();
      lines.remove();
    });
    seen.observe(place, { childList: true, subtree: true });
  }

  Object.assign(taste, { share, save, saveBytes, savePng, ring });
})();
