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

  // A tab opened for the first time: Python hears of it and lays the lesson out. Until its first picture stands there
  // are grey lines in its place: parts that come one by one would push each other about.
  function ring(door, trigger) {
    const place = door.closest('.block').parentElement;
    const lines = el('div', { class: 'taste-wait', 'aria-hidden': 'true' });
    const stands = () => place.querySelectorAll('.block').length > 1; // the door is one itself
    trigger('select');
    if (stands()) return;
    place.append(lines);
    place.classList.add('taste-coming');
    let [pause, end] = [0, 0];
    const show = () => {
      seen.disconnect();
      clearTimeout(pause);
      clearTimeout(end);
      lines.remove();
      place.classList.remove('taste-coming');
    };
    const drawn = () => {
      const view = place.querySelector('.taste');
      return (
        stands() && (!view || !view.classList.contains('taste-empty')) && place.querySelector('.taste-link')
      );
    };
    const seen = new MutationObserver(() => {
      if (stands()) end ||= setTimeout(show, 4000); // a lesson may open without a picture
      clearTimeout(pause);
      if (drawn()) pause = setTimeout(show, 200); // nothing has moved since
    });
    seen.observe(place, { childList: true, subtree: true, attributes: true, attributeFilter: ['class'] });
  }

  // Gradio's Stop names a run by the number in the server's answer to it: pressed before that answer is there, it would
  // stop nothing. It waits for the answer then.
  const asked = new Set();
  let begun = -1000; // a press takes a moment to become a request
  const SOON = 150;
  const send = window.fetch;
  window.fetch = (...what) => {
    const answer = send.call(window, ...what);
    const to = what[0];
    if (String(to instanceof Request ? to.url : to).includes('/queue/join')) {
      const read = () => setTimeout(() => asked.delete(answer), 30); // by Gradio, too
      asked.add(answer);
      answer.then((said) => said.clone().text()).then(read, read);
    }
    return answer;
  };
  const stopping = (button, since) => {
    const still = asked.size && performance.now() - since < 20_000;
    if (still || performance.now() - begun < SOON) setTimeout(() => stopping(button, since), 20);
    else {
      button.dataset.now = '';
      button.click();
      delete button.dataset.now;
    }
  };
  document.addEventListener(
    'click',
    (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest?.('button');
      if (!button?.classList.contains('stop')) begun = performance.now();
      else if (!('now' in button.dataset) && (asked.size || performance.now() - begun < SOON)) {
        event.stopImmediatePropagation();
        stopping(button, performance.now());
      }
    },
    true,
  );

  // Results of settings that were changed since (demos/shell/truth.py): grey until they are made anew.
  const all = (selector) => /** @type {any[]} */ ([...document.querySelectorAll(selector)]);
  const blocks = (numbers) => numbers.flatMap((number) => all(`.taste-b${number}`));
  const renewed = new MutationObserver((changes) => {
    for (const { target } of changes)
      for (const block of all('.taste-old')) if (block.contains(target)) block.classList.remove('taste-old');
  });
  const grey = (numbers) => {
    for (const block of blocks(numbers)) {
      if (!('ran' in block.dataset)) continue;
      block.classList.add('taste-old');
      const told = { subtree: true, childList: true, characterData: true, attributeFilter: ['aria-label'] };
      renewed.observe(block, told); // the same block twice is one observation
    }
  };
  const whole = (numbers, ran) => {
    for (const block of blocks(numbers)) {
      block.classList.remove('taste-old');
      if (ran) block.dataset.ran = '';
      else delete block.dataset.ran;
    }
  };

  Object.assign(taste, { grey, whole, share, save, saveBytes, savePng, ring });
})();
