// @ts-check
// What a page needs beside its views: files to save, links with settings, the lesson of a link, tabs that
// fill.
(() => {
  const { el } = taste;

  // The state of a lesson's controls as a link; the page reads it back (demos/shell/links.py).
  // What is too long for it stays out, and ``left`` says so.
  function share(lesson, names, values, left) {
    const known = names.map((name, i) => [name, values[i]?.data ?? values[i]]);
    const held = known.filter(([, v]) => !(Array.isArray(v) && v.length > 500));
    const size = ([, value]) => JSON.stringify(value ?? null).length;
    held.sort((a, b) => size(a) - size(b));
    while (packed(held).length > LINK_LETTERS) held.pop(); // the longest
    const link = `${location.origin}${location.pathname}?lesson=${lesson}&s=${packed(held)}`;
    navigator.clipboard?.writeText(link).catch(() => {});
    return [link, held.length < known.length ? left : ''];
  }
  const LINK_LETTERS = 20_000; // as long as the page reads
  function packed(held) {
    const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(held)));
    const raw = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    return btoa(raw).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
  }

  function download(name, parts, type = '') {
    const a = el('a', { download: name, href: URL.createObjectURL(new Blob(parts, { type })) });
    a.click();
    setTimeout(() => URL.revokeObjectURL(a.href), 1000);
  }
  const save = (name, text) => download(name, [text || ''], 'text/plain');
  const saveBytes = (name, data) => data && download(name, [taste.bytes(data)]); // data: base64
  const savePng = (name, data) => el('a', { download: name, href: `data:image/png;base64,${data}` }).click();

  // What scrolls sideways (a wide table or formula in a text) is reached by keyboard in every browser.
  function reachable() {
    for (const box of document.querySelectorAll('.prose table, .prose .katex-display')) {
      if (box.scrollWidth > box.clientWidth + 1) box.setAttribute('tabindex', '0');
      else box.removeAttribute('tabindex');
    }
  }
  document.addEventListener('keydown', (event) => event.key === 'Tab' && reachable(), true);

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
  // are grey lines in its place: parts that come one by one would push each other about. It is shown when nothing moves.
  function ring(door, trigger) {
    const place = door.closest('.block').parentElement;
    const lines = el('div', { class: 'taste-wait', 'aria-hidden': 'true' });
    const stands = () => place.querySelectorAll('.block').length > 1; // the door is one itself
    trigger('select');
    if (stands()) return;
    place.append(lines);
    place.classList.add('taste-coming');
    const drawn = () => {
      const view = place.querySelector('.taste');
      return view && !view.classList.contains('taste-empty') && place.querySelector('.taste-link');
    };
    const layout = () =>
      [...place.querySelectorAll('.block')]
        .map((block) => block.getBoundingClientRect())
        .map((box) => [box.x, box.y + scrollY, box.width, box.height].map(Math.round))
        .join();
    let [before, since, first] = ['', 0, 0]; // the layout, since when it stands, since when there is a picture
    const look = () => {
      const [now, at, picture] = [layout(), performance.now(), drawn()];
      if (now !== before || !stands()) [before, since] = [now, at];
      if (picture) first ||= at;
      const still = at - since > (picture ? 400 : 3000); // a lesson may open without a picture
      if (!still && !(first && at - first > 5000)) return setTimeout(look, 100);
      lines.remove();
      place.classList.remove('taste-coming');
    };
    look();
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

  // Gradio gives every option of a radio group a name of its own, again at every choice: each would be a stop of the Tab
  // key, and the arrows would do nothing. One name for a group.
  let groups = 0;
  const together = (radio) => {
    const group = radio.closest('fieldset');
    if (!group) return;
    group.dataset.radios ||= `taste-radios-${++groups}`;
    if (radio.name !== group.dataset.radios) radio.name = group.dataset.radios;
  };
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      if (/** @type {any} */ (target).type === 'radio') together(target);
      for (const node of addedNodes)
        /** @type {any} */ (node).querySelectorAll?.('input[type=radio]').forEach(together);
    }
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['name'] });

  // Results of settings that were changed since (demos/shell/truth.py): grey until they are made anew.
  const all = (selector) => /** @type {any[]} */ ([...document.querySelectorAll(selector)]);
  const blocks = (numbers) => numbers.flatMap((number) => all(`.taste-b${number}`));
  const renewed = new MutationObserver((changes) => {
    for (const { target } of changes)
      for (const block of all('.taste-old:not(.taste-replaying *)'))
        // an old run played again stays old
        if (block.contains(target)) block.classList.remove('taste-old');
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

  // A picture of a kind that the server does not read but this browser draws (SVG; in Safari HEIC) is sent as PNG; a recording
  // that is no WAV (a phone's M4A, MP3, Ogg, WebM, a film's sound) as the WAV of what this browser hears in it.
  // A photograph above what the server takes is made smaller before it is sent; what stays too large (a HEIC photograph, which
  // most browsers cannot open, a long recording) is not sent but told: Gradio's own sentence is English. A table dropped on a grid goes to the file
  // control of its lesson: the grid itself would read every file as utf-8, and Korean spreadsheets write cp949.
  const [MOST_BYTES, MOST_SENT, LONG_SIDE] = [9_500_000, 10_000_000, 3000]; // below max_file_size (demos/shell/gallery.py)
  const READ = /^image\/(png|jpeg|gif|webp|avif|bmp|tiff|x-.*)$/; // by core/files/images.py
  const [SVG, SHARP] = ['image/svg+xml', 512]; // which has lines at any size
  const HEARD = /^(audio\/(?!(x-|vnd\.)?wave?$)|video\/(mp4|webm|ogg|quicktime|3gpp))/;
  const [RATE, MOST_SECONDS] = [16_000, 300]; // Hz, of core/files/sounds.py, which says what is too long
  const handed = new WeakSet();
  const heard = (file) => HEARD.test(file.type) && file.size < 30 * MOST_BYTES;
  async function wav(file) {
    const sound = await new OfflineAudioContext(1, 1, RATE).decodeAudioData(await file.arrayBuffer());
    const n = Math.min(sound.length, MOST_SECONDS * RATE);
    const channels = Array.from({ length: sound.numberOfChannels }, (_, k) => sound.getChannelData(k));
    const mixed = (i) => channels.reduce((sum, some) => sum + some[i], 0) / channels.length;
    const samples = Int16Array.from({ length: n }, (_, i) =>
      Math.round(taste.clamp(mixed(i), -1, 1) * 32767),
    );
    const [RIFF, WAVE, FMT, DATA] = [0x46464952, 0x45564157, 0x20746d66, 0x61746164];
    const [PCM_MONO, TWO_BYTES] = [0x10001, 0x100002]; // kind and channels; bytes and bits of a sample
    const sizes = [RIFF, 36 + 2 * n, WAVE, FMT, 16, PCM_MONO, RATE, 2 * RATE, TWO_BYTES, DATA, 2 * n];
    const parts = [new Uint32Array(sizes), samples];
    return new File(parts, `${file.name.replace(/\.\w+$/, '')}.wav`, { type: 'audio/wav' });
  }
  const foreign = (file) => file.type.startsWith('image/') && !READ.test(file.type);
  async function drawable(file) {
    if (!foreign(file)) return createImageBitmap(file); // turned as its EXIF says
    const picture = new Image();
    picture.src = URL.createObjectURL(file); // not revoked: it is drawn in a moment
    await picture.decode();
    return picture;
  }
  async function smaller(file) {
    if (heard(file)) return wav(file).catch(() => file); // nothing this browser hears: the server says so
    if ((file.size <= MOST_BYTES || !file.type.startsWith('image/')) && !foreign(file)) return file;
    try {
      const picture = await drawable(file);
      const long = Math.max(picture.width, picture.height);
      const scale =
        (file.type === SVG ? Math.min(LONG_SIDE, Math.max(SHARP, long)) : Math.min(LONG_SIDE, long)) / long;
      const sides = [picture.width, picture.height].map((side) => Math.max(1, Math.round(side * scale)));
      const canvas = new OffscreenCanvas(sides[0], sides[1]);
      canvas.getContext('2d').drawImage(picture, 0, 0, sides[0], sides[1]);
      const small = file.type === 'image/jpeg' ? 'image/jpeg' : 'image/webp'; // which keeps what is transparent
      const type = foreign(file) && long * scale < 2000 ? 'image/png' : small; // a large PNG could be too large
      const blob = await canvas.convertToBlob({ type, quality: 0.92 });
      return new File([blob], `${file.name.replace(/\.\w+$/, '')}.${type.slice(6)}`, { type });
    } catch {
      return file; // no picture the browser knows: the server says so
    }
  }
  function tell(words) {
    const note = document.createElement('p');
    note.className = 'taste-note';
    note.setAttribute('role', 'alert');
    note.textContent = words;
    document.body.append(note);
    const away = () => note.remove();
    note.addEventListener('click', away);
    setTimeout(away, 12_000);
  }
  async function hand(input, files) {
    const given = new DataTransfer();
    const words = document.documentElement.dataset.large; // of the page's language (demos/shell/front/front.js)
    const made = await Promise.all(files.map(smaller));
    const over = words ? made.filter((file) => file.size > MOST_SENT) : [];
    if (over.length) tell(words.replace('{files}', over.map((file) => file.name).join(', ')));
    for (const file of made) if (!over.includes(file)) given.items.add(file);
    input.files = given.files;
    if (!given.items.length) return;
    handed.add(input);
    input.dispatchEvent(new Event('change', { bubbles: true }));
    handed.delete(input);
  }
  const ready = (files) => !files.some((file) => file.size > MOST_BYTES || foreign(file) || heard(file));
  document.addEventListener(
    'change',
    (event) => {
      const input = /** @type {HTMLInputElement} */ (event.target);
      const files = input.type === 'file' ? [...input.files] : [];
      if (handed.has(input) || ready(files)) return;
      event.stopImmediatePropagation();
      hand(input, files);
    },
    true,
  );
  document.addEventListener(
    'drop',
    (event) => {
      const files = [...(event.dataTransfer?.files || [])];
      const at = /** @type {Element} */ (event.target);
      const grid = at.closest?.('[class*="dataframe"], .table-wrap');
      if (!grid && ready(files)) return;
      const fits = grid
        ? (input) => input.accept.includes('.csv') && !grid.contains(input)
        : (input) => !/csv/.test(input.accept);
      let place = at;
      let found = null;
      while (place && !found) {
        found = [.../** @type {any} */ (place.querySelectorAll('input[type=file]'))].find(fits);
        place = place.parentElement;
      }
      if (!files.length || !found) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      hand(found, files);
    },
    true,
  );

  Object.assign(taste, { grey, whole, share, save, saveBytes, savePng, ring });
})();
