// @ts-check
// A class link: which controls of a lesson are shown, fixed or free, a question of the teacher's own, which lessons in which
// order. All of it travels in the address (class=…). Guesses are gathered where the teacher asks for it: in the memory of
// the same server, until the lesson is over (shell/classroom.py). And a worksheet to print.
(() => {
  const { pick, all, el } = /** @type {any} */ (window).dom;
  const VERSION = 1;
  const list = (value) => (Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []);

  // The address's class link, checked: {plan, faults}. A fault is told; what is understood holds.
  function unpack(packed, lessons) {
    if (!packed) return { plan: null, fault: '' };
    try {
      const raw = atob(packed.replaceAll('-', '+').replaceAll('_', '/'));
      const bytes = Uint8Array.from(raw, (sign) => sign.charCodeAt(0));
      const given = JSON.parse(new TextDecoder().decode(bytes));
      if (typeof given !== 'object' || !given) throw new Error('no plan');
      const order = list(given.order);
      const plan = {
        lesson: String(given.lesson || ''),
        hide: list(given.hide).slice(0, 100),
        fix: list(given.fix).slice(0, 100),
        ask: String(given.ask || '').slice(0, 500),
        answer: String(given.answer ?? '').slice(0, 200),
        room: /^[a-z0-9]{10}$/.test(given.room) ? given.room : '',
        order: [...new Set(order)].filter((slug) => lessons.includes(slug)),
      };
      const strange = given.v !== VERSION || order.some((slug) => !lessons.includes(slug));
      return { plan, fault: strange ? 'class_other' : '' };
    } catch {
      return { plan: null, fault: 'class_broken' };
    }
  }

  // Controls of the lesson on the screen, by the names that gallery.py wrote on them.
  const controls = (lesson) =>
    all(`[class*="taste-c-${lesson}--"]`)
      .filter((each) => each.classList.contains('block') || each.classList.contains('form'))
      .map((block) => {
        const name = [...block.classList]
          .find((each) => each.startsWith(`taste-c-${lesson}--`))
          .split('--')[1];
        const label = pick('[data-testid=block-info], legend, label > span, label', block);
        return { name, block, label: (label?.textContent || name).trim().slice(0, 60) };
      })
      .filter((each, i, every) => every.findIndex((other) => other.name === each.name) === i);

  const same = (said, right) => {
    const plain = (words) => words.trim().toLowerCase().replace(/\s+/g, ' ');
    const [a, b] = [said, right].map((words) => Number(words.replace(',', '.').replace(/[^\d.eE+-]/g, '')));
    const numbers = /\d/.test(right) && /\d/.test(said) && Number.isFinite(a) && Number.isFinite(b);
    return numbers ? Math.abs(a - b) <= 0.01 * Math.max(Math.abs(b), 1e-9) : plain(said) === plain(right);
  };

  function apply(plan, words) {
    const style = el('style');
    const of = (name) => `.taste-c-${CSS.escape(plan.lesson)}--${CSS.escape(name)}`;
    if (plan.hide.length) style.append(`${plan.hide.map(of).join()} { display: none !important; }`);
    if (plan.fix.length) style.append(`${plan.fix.map(of).join()} { opacity: 0.6; }`);
    document.head.append(style);
    const hold = () => {
      for (const name of plan.fix) for (const block of all(of(name))) block.inert = true;
    };
    new MutationObserver(hold).observe(document.body, { childList: true, subtree: true });
    hold();
    if (!plan.ask) return;
    const said = el('output');
    const box = el('input', { type: 'text', 'aria-label': plan.ask });
    const name = el('input', {
      type: 'text',
      maxlength: 40,
      placeholder: words.class_name,
      'aria-label': words.class_name,
    });
    const send = el('button', {}, plan.room ? words.class_send : words.class_check);
    const form = el('form', {}, box, ...(plan.room ? [name] : []), send, said);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const right = !plan.answer || same(box.value, plan.answer);
      const told = !plan.answer ? words.class_noted : right ? words.class_right : words.class_wrong;
      if (!plan.room) said.textContent = told;
      else if (box.value.trim())
        ask('POST', plan.room, { guess: box.value, name: name.value }).then(
          () => (said.textContent = plan.answer ? told : words.class_sent),
          () => (said.textContent = words.class_over),
        );
    });
    pick('.bar').after(
      el(
        'section',
        { class: 'class-ask', 'data-of': plan.lesson },
        el('b', {}, words.class_question),
        el('p', {}, plan.ask),
        form,
      ),
    );
  }

  // ---- guesses: a room on this server
  const at = (room, key = '') =>
    new URL(`class/${room}${key && `?key=${key}`}`, document.baseURI).href.replace(/\/$/, '');
  async function ask(method, room, body, key) {
    const answer = await fetch(at(room, key), { method, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }
  // The teacher's list, below the bar: those of the room, again every three seconds, until the lesson is ended.
  function board({ room, key, question }, words) {
    pick('.class-board')?.remove();
    const [title, rows] = [el('b'), el('ol')];
    const end = el('button', { type: 'button' }, words.class_end);
    const node = el('section', { class: 'class-ask class-board' }, title, el('p', {}, question), rows, end);
    pick('.bar').after(node);
    let clock = 0;
    const close = (told) => {
      clearInterval(clock);
      keep(null);
      rows.remove();
      end.remove();
      title.textContent = told;
    };
    const look = () =>
      ask('GET', room, undefined, key).then(
        ({ guesses }) => {
          title.textContent = words.class_guesses.replace('{n}', guesses.length);
          rows.replaceChildren(
            ...guesses.map((each) =>
              el('li', {}, each.name ? el('b', {}, `${each.name}: `) : '', each.guess),
            ),
          );
        },
        (fault) => fault.message === '404' && close(words.class_over),
      );
    end.addEventListener('click', () =>
      ask('DELETE', room, undefined, key).then(
        () => close(words.class_ended),
        () => close(words.class_over),
      ),
    );
    clock = setInterval(look, 3000);
    look();
  }
  const keep = (room) => {
    try {
      room
        ? sessionStorage.setItem('taste.room', JSON.stringify(room))
        : sessionStorage.removeItem('taste.room');
    } catch {
      // a browser that stores nothing: the list lasts as long as this page
    }
  };
  function resume(words) {
    try {
      const room = JSON.parse(sessionStorage.getItem('taste.room') || 'null');
      if (room?.room && room.key) board(room, words);
    } catch {
      keep(null);
    }
  }

  // ---- making one
  function dialog(state, words) {
    pick('dialog.teach-box')?.remove();
    const rows = controls(state.lesson).map(({ name, label }) => {
      const choice = el(
        'select',
        { 'aria-label': label },
        ...['free', 'fix', 'hide'].map((kind) => el('option', { value: kind }, words[`class_${kind}`])),
      );
      return { name, choice, node: el('label', {}, el('span', {}, label), choice) };
    });
    const question = el('textarea', { rows: 2, maxlength: 500 });
    const answer = el('input', { type: 'text', maxlength: 200 });
    const gather = el('input', { type: 'checkbox' });
    let room = /** @type {any} */ (null);
    const order = el('ol', { class: 'teach-order' });
    for (const slug of state.lessons) {
      const tick = el('input', { type: 'checkbox', value: slug });
      tick.checked = true;
      const up = el(
        'button',
        { type: 'button', 'aria-label': `${words.class_up}: ${state.titles[slug]}` },
        '↑',
      );
      const item = el('li', {}, el('label', {}, tick, state.titles[slug]), up);
      up.addEventListener('click', () => {
        item.previousElementSibling?.before(item);
        up.focus();
      });
      order.append(item);
    }
    const link = el('input', { type: 'text', readonly: '', 'aria-label': words.class_link });
    const make = el('button', { type: 'button', class: 'go' }, words.class_make);
    const print = el('button', { type: 'button' }, words.class_sheet);
    const close = el('button', { type: 'button' }, words.class_close);
    const chosen = () => all('input:checked', order).map((tick) => tick.value);
    const address = () => {
      const named = (kind) => rows.filter(({ choice }) => choice.value === kind).map(({ name }) => name);
      const plan = /** @type {any} */ ({
        v: VERSION,
        lesson: state.lesson,
        hide: named('hide'),
        fix: named('fix'),
      });
      const said = question.value.trim();
      if (said) Object.assign(plan, { ask: said, answer: answer.value.trim() });
      if (said && room) plan.room = room.room;
      const slugs = chosen();
      if (slugs.join() !== state.lessons.join()) plan.order = slugs;
      const here = new URL(state.address(state.lesson), location.origin);
      here.searchParams.delete('class');
      here.searchParams.set('class', state.pack(plan));
      return here.href;
    };
    make.addEventListener('click', async () => {
      const asked = question.value.trim();
      if (gather.checked && asked && !room) {
        const made = await ask('POST', '').catch(() => null);
        room = made && { ...made, question: asked };
        if (room) board(room, words);
        if (room) keep(room);
      }
      link.value = address();
      link.select();
      navigator.clipboard?.writeText(link.value).catch(() => {});
    });
    print.addEventListener('click', () => sheet(state, words, question.value.trim(), address()));
    const box = el(
      'dialog',
      { class: 'teach-box', 'aria-label': words.class_title },
      el('h2', {}, words.class_title),
      el('p', {}, words.class_lead),
      el('fieldset', {}, el('legend', {}, words.class_controls), ...rows.map(({ node }) => node)),
      el(
        'fieldset',
        {},
        el('legend', {}, words.class_question),
        question,
        el('label', {}, words.class_answer, answer),
        el('label', {}, words.class_gather, gather),
      ),
      el('fieldset', {}, el('legend', {}, words.class_order), order),
      el('div', { class: 'teach-foot' }, make, print, close, link),
    );
    close.addEventListener('click', () => box.close());
    document.body.append(box);
    box.showModal();
  }

  // A page to print: what the lesson asks, room to write, and the link.
  function sheet(state, words, ask, href) {
    const page = window.open('', '_blank');
    if (!page) return;
    const doc = page.document;
    doc.documentElement.lang = state.lang;
    doc.title = `${state.titles[state.lesson]} · ${words.class_sheet}`;
    const style = el('style');
    style.textContent = `body{font:12pt/1.6 "Noto Sans KR","Noto Sans CJK KR",sans-serif;max-width:17cm;margin:1.5cm auto;color:#000}
      h1{font-size:20pt;margin:0 0 4pt}ol{padding-left:1.3em}li{break-inside:avoid;margin-bottom:16pt}
      .line{border-bottom:1px solid #999;height:22pt}.who{display:flex;gap:1cm}.who span{flex:1;border-bottom:1px solid #999}
      .choices span{margin-right:14pt}small{word-break:break-all;color:#444}@media print{button{display:none}}`;
    const shown = all('.taste-lesson').find((each) => each.offsetParent);
    const lead = pick('.taste-lead p', shown)?.textContent || '';
    const lines = (count) => Array.from({ length: count }, () => el('div', { class: 'line' }));
    const asked = all('.taste-task', shown).map((task) => {
      const question = pick('[data-testid=block-info]', task)?.textContent || '';
      const choices = all('label span', task).map((each) => el('span', {}, `☐ ${each.textContent.trim()}`));
      const guess = el('p', { class: 'choices' }, ...choices);
      return el('li', {}, el('b', {}, question.trim()), guess, el('small', {}, words.sheet_why), ...lines(2));
    });
    if (ask) asked.unshift(el('li', {}, el('b', {}, ask), ...lines(3)));
    const print = el('button', {}, words.sheet_print);
    print.addEventListener('click', () => page.print());
    doc.head.append(style);
    doc.body.append(
      print,
      el('h1', {}, state.titles[state.lesson]),
      el('p', { class: 'who' }, words.sheet_name, el('span'), words.sheet_date, el('span')),
      el('p', {}, lead.trim()),
      el('ol', {}, ...asked),
      el('p', {}, words.sheet_seen),
      ...lines(4),
      el('small', {}, href),
    );
  }

  Object.assign(window, { teacher: { unpack, apply, dialog, resume } });
})();
