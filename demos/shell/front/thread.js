// @ts-check
// What the learner made in this visit (a model, a text, a picture) and where it can be taken: a list in the bar, on the front
// door and at the foot of a lesson. The things are on the server (kit.shelf) and gone with the page; so is this list.
(() => {
  const { all, el } = /** @type {any} */ (window).dom;
  let facts = /** @type {any} */ ({ takes: {}, titles: {}, words: {} });
  let lesson = '';
  let link = (slug) => slug;
  let order = () => /** @type {string[]} */ ([]); // the lessons of this visit
  const held = /** @type {Record<string, string>} */ ({}); // thing → the lesson it was made in

  function begin(given, address, visited) {
    facts = given;
    link = address;
    order = visited;
  }
  function at(slug) {
    lesson = slug;
    paint();
  }
  function listen(props, watch) {
    watch('value', () => {
      for (const thing of props.value?.things || []) held[thing] = props.value.lesson;
      paint();
    });
  }

  const here = (thing) => held[thing] !== lesson && lesson in (facts.takes[thing] || {});
  // One thing, where it comes from, and where it goes; null if it can go nowhere else.
  function row(thing) {
    const { words, titles } = facts;
    const goals = Object.keys(facts.takes[thing] || {}).filter(
      (slug) => ![held[thing], lesson].includes(slug) && order().includes(slug),
    );
    const ways = goals.map((slug) =>
      el('a', { href: link(slug), 'data-lesson': slug, 'data-take': thing }, titles[slug]),
    );
    if (here(thing)) ways.unshift(el('button', { type: 'button', 'data-take': thing }, words.mine_here));
    if (!ways.length) return null;
    const from = words.mine_from.replace('{lesson}', titles[held[thing]]);
    return el(
      'li',
      {},
      el('b', {}, words[`mine_${thing}`]),
      el('small', {}, from),
      el('span', { class: 'ways', 'aria-label': words.mine_to, role: 'group' }, ...ways),
    );
  }
  function fill(list, things) {
    const rows = things.map(row).filter(Boolean);
    list.replaceChildren(...rows);
    return rows.length;
  }
  let painted = '';
  function paint() {
    const things = Object.keys(held);
    const key = JSON.stringify([held, lesson, all('.thread').length]);
    if (key === painted) return;
    painted = key;
    for (const box of all('.bar-mine')) {
      const count = fill(box.querySelector('ul'), things);
      box.hidden = !count;
      box.toggleAttribute('data-here', things.some(here));
      box.querySelector('summary b').textContent = String(count);
    }
    for (const section of all('.thread')) {
      const mine = section.closest('.front') ? things : things.filter((t) => held[t] === lesson || here(t));
      const list = el('ul');
      section.hidden = !fill(list, mine);
      section.replaceChildren(el('h2', {}, facts.words.mine), list);
    }
  }

  // Press the button that takes it, once the lesson stands there with its first picture.
  function carry(thing, opened) {
    const until = Date.now() + 60_000;
    const look = () => {
      if (opened() !== lesson || Date.now() > until) return;
      const stands = all('.taste-lesson .taste').find((each) => each.offsetParent);
      const button = all(`.taste-takes-${thing}`).find((each) => shown(each.closest('.taste-lesson')));
      if (!button || !stands || stands.classList.contains('taste-empty')) return void setTimeout(look, 200);
      unfold(button);
      setTimeout(() => {
        button.scrollIntoView({ block: 'center' });
        button.focus({ preventScroll: true });
        button.click();
      }, 300);
    };
    look();
  }
  const shown = (node) => !!node && node.getClientRects().length > 0;
  function unfold(button) {
    for (let node = button; node && !shown(button); node = node.parentElement)
      if (getComputedStyle(node).display === 'none') node.previousElementSibling?.click?.();
  }

  Object.assign(window, { thread: { begin, at, listen, paint, carry } });
})();
