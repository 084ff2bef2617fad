// @ts-check
// One page, many addresses: front door, lessons and their tabs, without loading a page. It stands in the head, before
// Gradio's scripts. Kept in the browser only: what was opened and answered (localStorage), the settings of each lesson
// (the address, and sessionStorage for coming back).
(() => {
  const root = document.documentElement;
  const { pick, all } = /** @type {any} */ (window).dom;
  let facts = /** @type {any} */ ({ lessons: [], titles: {}, words: {} });
  let [lesson, tab] = ['', ''];
  let order = /** @type {string[]} */ ([]); // the lessons of this visit: all, or those of a class link
  let steer = /** @type {Function | null} */ (null); // Gradio's, once it stands
  let refused = false; // the browser stores nothing

  // ---- what is kept
  const spare = {};
  const kept = (kind, name) => {
    try {
      return JSON.parse(window[kind].getItem(`taste.${name}`) || '{}');
    } catch {
      refused ||= kind === 'localStorage';
      return spare[name] || {};
    }
  };
  const keep = (kind, name, value) => {
    spare[name] = value;
    try {
      window[kind].setItem(`taste.${name}`, JSON.stringify(value));
    } catch {
      refused ||= kind === 'localStorage';
    }
  };
  const progress = () => ({ opened: {}, answered: {}, last: '', ...kept('localStorage', 'progress') });
  const note = (change) => {
    const now = progress(); // read anew: another tab may have written
    change(now);
    keep('localStorage', 'progress', now);
    paintProgress();
  };
  const settings = () => kept('sessionStorage', 'settings');

  // ---- addresses
  const known = (slug) => facts.lessons.includes(slug);
  const alone = () => facts.lessons.length === 1;
  function read() {
    const query = new URLSearchParams(location.search);
    const asked = query.get('lesson') || '';
    const front = !asked && !query.has('view') && !query.has('deep_link');
    return { asked, front, tab: query.get('tab') || '', s: query.get('s') || '' };
  }
  function address(slug, part = '') {
    const query = new URLSearchParams(location.search);
    for (const name of ['lesson', 's', 'tab', 'view', 'run']) query.delete(name);
    const s = settings()[slug];
    if (slug) query.set('lesson', slug);
    if (part) query.set('tab', part);
    if (slug && s) query.set('s', s);
    const words = query.toString();
    return location.pathname + (words ? `?${words}` : '');
  }
  const stay = () => history.replaceState(history.state, '', address(lesson, tab));
  function go(slug, part = '') {
    if (slug === lesson && part === tab) return;
    history.replaceState({ y: scrollY }, '');
    history.pushState({}, '', address(slug, part));
    show(slug, part);
    scrollTo(0, 0);
    pick(slug ? 'gradio-app' : '#front')?.focus({ preventScroll: true });
  }

  // ---- showing a place
  function show(slug, part = '') {
    [lesson, tab] = [slug, part];
    root.dataset.place = slug ? 'lesson' : 'front';
    const at = order.indexOf(slug);
    document.title = slug ? `${facts.titles[slug]} · ${facts.name}` : facts.name;
    if (!alone()) paintBar(at, slug);
    const asked = pick('.class-ask[data-of]');
    if (asked) asked.hidden = asked.dataset.of !== slug;
    const lang = pick('.bar-lang');
    if (lang)
      lang.href = new URL(facts.lang === 'ko' ? './en' : './', document.baseURI).pathname + location.search;
    if (slug) note((now) => ((now.opened[slug] = 1), (now.last = slug)));
    window.thread.at(slug);
    steer?.();
    if (part) openTab(part);
    wake();
  }
  function paintBar(at, slug) {
    pick('.bar-moves').hidden = !slug;
    pick('.bar-menu summary b').textContent = slug ? facts.lessons.indexOf(slug) + 1 : '';
    pick('.bar-menu summary span').textContent = facts.titles[slug] || '';
    for (const step of all('.bar-step')) {
      const to = at < 0 ? order[0] : order[at + Number(step.dataset.step)];
      const words = facts.words[step.dataset.step === '1' ? 'next' : 'previous'];
      step.toggleAttribute('data-end', !to);
      step.setAttribute('aria-label', to ? `${words}: ${facts.titles[to]}` : words);
      step.title = to ? facts.titles[to] : '';
      if (to) Object.assign(step, { href: link(to) }).dataset.lesson = to;
      else {
        step.removeAttribute('href');
        delete step.dataset.lesson;
      }
    }
    for (const a of all('.bar-menu a'))
      a.toggleAttribute('aria-current', a.dataset.lesson === slug) && a.setAttribute('aria-current', 'page');
    pick('.bar-menu').open = false;
  }
  const link = (slug) => `./${facts.lang === 'en' ? 'en' : ''}?lesson=${slug}`;

  function paintProgress() {
    const now = progress();
    const words = facts.words;
    for (const a of all('[data-lesson]')) {
      const slug = a.dataset.lesson;
      const [right, count] = [Object.keys(now.answered[slug] || {}).length, now.answered[slug] ? 3 : 0];
      const done = count > 0 && right >= count;
      const state = done ? 'done' : right ? 'part' : now.opened[slug] ? 'opened' : '';
      const place = pick('.state, .bar-menu i', a) || pick('i', a);
      if (!slug || !place) continue;
      a.dataset.state = state;
      const said = state && words[state].replace('{right}', right).replace('{all}', count);
      if (place.classList.contains('state')) place.textContent = said ? (done ? `✓ ${said}` : said) : '';
      else {
        place.textContent = done ? '✓' : right ? `${right}/${count}` : state ? '·' : '';
        place.title = said || '';
      }
    }
    const first = pick('.hero-go .go');
    if (first && known(now.last) && now.last) {
      first.dataset.lesson = now.last;
      first.href = link(now.last);
      pick('span', first).textContent = words.continue;
      pick('small', first).textContent = facts.titles[now.last];
    }
    if (refused && pick('.front-foot span')) pick('.front-foot span').textContent = words.no_storage;
  }
  function tell(words) {
    const place = pick('.front-note');
    if (!place) return;
    place.textContent = words;
    place.hidden = !words;
  }

  // ---- tabs inside a lesson: "0.2" is the third of its first row
  const rows = () =>
    all('.taste-lesson [role=tablist]')
      .filter((row) => row.offsetParent)
      .map((row) => all('[role=tab]', row));
  function openTab(part) {
    const [row, k] = part.split('.').map(Number);
    const until = Date.now() + 30_000;
    const look = () => {
      const button = rows()[row]?.[k];
      if (button) return void (button.getAttribute('aria-selected') === 'true' || button.click());
      if (lesson && tab === part && Date.now() < until) setTimeout(look, 150);
    };
    look();
  }
  // A link with run=2 presses the lesson's second main button once its first screen stands.
  function press(which) {
    const until = Date.now() + 60_000;
    const look = () => {
      const view = all('.taste-lesson .taste').find((each) => each.offsetParent);
      const button = all('.taste-lesson button.primary').filter((each) => each.offsetParent)[which - 1];
      if (button && !button.disabled && view && !view.classList.contains('taste-empty')) {
        setTimeout(() => button.click(), 800);
        button.scrollIntoView({ block: 'center' });
      } else if (Date.now() < until) setTimeout(look, 200);
    };
    look();
  }
  function tabClicked(button) {
    const all = rows();
    const row = all.findIndex((each) => each.includes(button));
    if (row < 0) return;
    const part = `${row}.${all[row].indexOf(button)}`;
    if (part === tab) return;
    const first = !tab && part === `${row}.0`;
    tab = first ? '' : part;
    if (!first) history.pushState({}, '', address(lesson, tab));
  }

  // ---- what lessons and Gradio tell
  // A control of a lesson moved: the address has the settings that are not the defaults.
  function remember(slug, names, values, defaults) {
    const state = {};
    names.forEach((name, i) => {
      const value = values[i]?.data ?? values[i];
      const long = Array.isArray(value) && value.length > 500;
      if (value !== undefined && !long && JSON.stringify(value) !== JSON.stringify(defaults[name]))
        state[name] = value;
    });
    const packed = Object.keys(state).length ? pack(state) : '';
    if (packed.length > 8000) return; // an address must stay one
    keep('sessionStorage', 'settings', { ...settings(), [slug]: packed });
    if (slug !== lesson) return;
    clearTimeout(late);
    late = setTimeout(() => slug === lesson && stay(), 250);
  }
  let late = 0;
  const pack = (state) =>
    btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(state))))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '');
  const answered = (slug, task) => note((now) => ((now.answered[slug] ||= {})[task] = 1));
  const wanted = () => ({ __type__: 'update', selected: lesson || 'front' });
  function steering(trigger) {
    steer = () => trigger('select');
    if (lesson !== begun) steer();
  }
  let begun = '';
  // A class link (teacher.js): its order of lessons, its controls, its question.
  function planned() {
    const packed = new URLSearchParams(location.search).get('class') || '';
    const { plan, fault } = window.teacher.unpack(packed, facts.lessons);
    if (fault) {
      const told = Object.assign(document.createElement('p'), { className: 'class-fault' });
      told.setAttribute('role', 'status');
      told.textContent = facts.words[fault];
      pick('.bar').after(told);
    }
    if (!plan) return;
    if (plan.order.length) order = plan.order;
    for (const a of all('.bar-menu a')) a.parentElement.hidden = !order.includes(a.dataset.lesson);
    window.teacher.apply(plan, facts.words);
  }

  function begin(given) {
    facts = given;
    document.documentElement.dataset.large = facts.words.file_large || ''; // for what is brought (taste/page.js)
    const at = read();
    const theme = new URLSearchParams(location.search).get('__theme');
    const dark = theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    document.body.classList.toggle('dark', dark);
    if (!facts.lessons.length) return;
    order = facts.lessons;
    planned();
    window.teacher.resume(facts.words);
    window.thread.begin(facts, link, () => order);
    history.scrollRestoration = 'manual';
    const first = alone() || (!at.front && !at.asked) ? facts.lessons[0] : '';
    const slug = known(at.asked) ? at.asked : first;
    if (at.asked && !slug) tell(facts.words.unknown);
    if (slug && at.s) keep('sessionStorage', 'settings', { ...settings(), [slug]: at.s });
    begun = slug;
    for (const each of window.gradio_config?.components || [])
      if (each.type === 'tabs' && each.props.elem_classes?.includes('taste-chapters'))
        each.props.selected = slug || 'front';
    const app = pick('gradio-app');
    if (app) Object.assign(app, { id: 'lesson', tabIndex: -1 });
    show(slug, at.tab);
    if (slug && !at.s && settings()[slug] && known(at.asked)) stay(); // coming back: as it was left
    paintProgress();
    living();
    const run = Number(new URLSearchParams(location.search).get('run'));
    if (slug && run >= 1) {
      stay(); // once only
      press(run);
    }
  }

  addEventListener('popstate', (event) => {
    const at = read();
    const slug = known(at.asked) ? at.asked : alone() ? facts.lessons[0] : '';
    if (slug === lesson && at.tab === tab) return;
    const same = slug === lesson;
    show(slug, at.tab || (same && tab ? `${tab.split('.')[0]}.0` : ''));
    if (same && !at.tab) tab = '';
    stay(); // the settings of now
    requestAnimationFrame(() => scrollTo(0, event.state?.y || 0));
  });
  addEventListener('storage', () => facts.lessons.length && paintProgress());
  addEventListener('click', (event) => {
    const target = /** @type {any} */ (event.target);
    const a = target.closest?.('a[data-lesson]');
    const plain =
      !event.defaultPrevented && !event.button && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (a && plain) {
      event.preventDefault();
      const thing = a.dataset.take;
      if (!alone()) go(a.dataset.lesson, (thing && facts.takes[thing][a.dataset.lesson]) || '');
      if (thing) window.thread.carry(thing, () => lesson);
    } else if (target.closest?.('button[data-take]')) {
      const thing = target.closest('button[data-take]').dataset.take;
      const part = facts.takes[thing][lesson];
      if (part) openTab(part);
      window.thread.carry(thing, () => lesson);
    } else if (plain && target.closest?.('.taste-answer a')) {
      event.preventDefault(); // beside the learner's own work, not in its place
      open(target.closest('a').href, '_blank');
    } else if (target.closest?.('.skip')) {
      event.preventDefault();
      pick(lesson ? 'gradio-app' : '#front')?.focus();
    } else if (target.closest?.('.teach')) {
      const { lessons, titles, lang } = facts;
      window.teacher.dialog({ lesson, lessons, titles, lang, address, pack }, facts.words);
    } else if (target.closest?.('.forget')) {
      note((now) => Object.assign(now, { opened: {}, answered: {}, last: '' }));
      tell(facts.words.forgotten);
      scrollTo(0, 0);
    } else if (target.closest?.('.taste-lesson [role=tab]')) tabClicked(target.closest('[role=tab]'));
    for (const menu of all('.bar-menu, .bar-mine'))
      if (menu.open && (!menu.contains(target) || target.closest?.('[data-take]'))) menu.open = false;
  });
  addEventListener('keydown', (event) => {
    const menu = pick('.bar-menu[open], .bar-mine[open]');
    if (event.key !== 'Escape' || !menu) return;
    menu.open = false;
    pick('summary', menu).focus();
  });

  // ---- the living picture: frames of a real run (recipes/front_door.py); between two of them, their mean by time
  const colour = (name) => getComputedStyle(document.body).getPropertyValue(`--t-${name}`).trim();
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  let wake = () => {};
  function living() {
    const canvas = pick('.living canvas');
    if (!canvas || !facts.living) return;
    const { side, epochs, points, half } = facts.living;
    const [button, said] = [pick('.living-play'), pick('.living output')];
    const small = Object.assign(document.createElement('canvas'), { width: side, height: side });
    const strip = new Image();
    let [frames, started, spent, asked, drawn] = [null, 0, 0, 0, 0];
    let [ends, marks, seen] = [/** @type {any} */ ([]), /** @type {any} */ (null), true];
    let playing = !matchMedia('(prefers-reduced-motion: reduce)').matches;
    const [lasts, rests] = [9000, 2500]; // ms of the run, and of its end

    // The points, once for each size and mode.
    function prepare(size, ratio) {
      ends = ['low', 'high', 'paper'].map((name) => rgb(colour(name)));
      const [width, height] = [Math.round(size * ratio), Math.round(size * ratio)];
      Object.assign(canvas, { width, height });
      marks = Object.assign(document.createElement('canvas'), { width, height });
      const g = marks.getContext('2d');
      g.scale(ratio, ratio);
      Object.assign(g, { lineWidth: 1.5, strokeStyle: colour('paper') });
      for (const [x, y, kind] of points) {
        g.beginPath();
        g.arc(((x + half) / (2 * half)) * size, ((half - y) / (2 * half)) * size, 4, 0, 7);
        g.fillStyle = colour(kind ? 'high' : 'low');
        g.fill();
        g.stroke();
      }
    }
    function draw(time) {
      const share = Math.min(1, time / lasts) * (epochs.length - 1);
      const k = Math.min(Math.floor(share), epochs.length - 2);
      const part = share - k;
      const [size, ratio] = [canvas.clientWidth, Math.min(devicePixelRatio || 1, 2)];
      if (!size) return;
      if (!marks || marks.width !== Math.round(size * ratio)) prepare(size, ratio);
      const [low, high, paper] = ends;
      const g = small.getContext('2d');
      const image = g.createImageData(side, side);
      for (let i = 0; i < side * side; i++) {
        const [a, b] = [frames[k * side * side + i], frames[(k + 1) * side * side + i]];
        const v = (a + (b - a) * part) / 127.5 - 1;
        const end = v < 0 ? low : high;
        const t = Math.abs(v) * 0.8;
        for (let c = 0; c < 3; c++) image.data[i * 4 + c] = paper[c] + (end[c] - paper[c]) * t;
        image.data[i * 4 + 3] = 255;
      }
      g.putImageData(image, 0, 0);
      const to = canvas.getContext('2d');
      to.drawImage(small, 0, 0, canvas.width, canvas.height);
      to.drawImage(marks, 0, 0);
      const epoch = Math.round(epochs[k] + (epochs[k + 1] - epochs[k]) * part);
      said.textContent = facts.words.living.replace('{epoch}', epoch).replace('{last}', epochs.at(-1));
    }
    function frame(now) {
      asked = 0;
      if (!frames || root.dataset.place !== 'front') return;
      if (playing) {
        if (!started) started = now - spent;
        spent = (now - started) % (lasts + rests);
        if (drawn++ < 3) performance.mark('taste-moving');
      }
      draw(spent);
      if (playing && seen) asked = requestAnimationFrame(frame);
    }
    wake = () => {
      started = 0;
      if (!asked) asked = requestAnimationFrame(frame);
    };
    const label = () => {
      button.textContent = playing ? '❚❚' : '▶';
      button.setAttribute('aria-label', facts.words[playing ? 'pause' : 'play']);
    };
    button.addEventListener('click', () => {
      playing = !playing;
      label();
      wake();
    });
    strip.onload = () => {
      const whole = Object.assign(document.createElement('canvas'), { width: side, height: strip.height });
      const g = whole.getContext('2d', { willReadFrequently: true });
      g.drawImage(strip, 0, 0);
      const data = g.getImageData(0, 0, side, strip.height).data;
      frames = new Uint8Array(data.length / 4).map((_, i) => data[i * 4]);
      if (!playing) spent = lasts;
      wake();
    };
    strip.src = canvas.dataset.strip;
    label();
    new ResizeObserver(wake).observe(canvas);
    new IntersectionObserver(([place]) => {
      seen = place.isIntersecting;
      if (seen) wake();
    }).observe(canvas);
    new MutationObserver(() => {
      marks = null; // the other mode's colours
      wake();
    }).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  // ---- what Gradio says in English whatever the page's language: beginnings of its sentences, and our words for them
  const SAYS = {
    'Connection to the server was lost': 'lost',
    'Connection errored out': 'no_answer',
    'Server stopped unexpectedly': 'no_answer',
    'This application is currently busy': 'busy',
    'Invalid file type': 'wrong_kind', // "Invalid file type: notes.txt. Only image/* allowed."
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes)
        for (const said of node.nodeType === 1 ? all('[data-testid=toast-text]', node) : []) {
          const begins = Object.keys(SAYS).find((words) => said.textContent.trim().startsWith(words));
          const [, files, kinds] = said.textContent.match(/types?: (.*)\. Only (.*) allowed/s) || [
            '',
            '',
            '',
          ];
          if (begins)
            said.textContent = facts.words[SAYS[begins]]
              .replace('{files}', files)
              .replace('{kinds}', kinds.replace('image/*', facts.words.kind_image));
        }
  }).observe(root, { childList: true, subtree: true });

  root.dataset.place = read().front ? 'front' : 'lesson';
  Object.assign(window, { gallery: { begin, remember, answered, wanted, steering, go } });
})();
