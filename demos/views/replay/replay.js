// @ts-check
// The frames of a run, kept here in the browser: the views of a lesson that carry `reel` are played again, at the screen's
// own pace. Every value that Python sends is a frame; between two computed ones the picture runs straight from one to the
// next, and the label says between which.
// Fields: replay.py.
taste.define('replay', (stage) => {
  const { el } = taste;
  const MOST = 400; // frames; beyond it every second one is dropped
  const SLOW = 20; // ms of a drawing
  const words = stage.props.words || {};
  const lesson = stage.root.closest('.taste-lesson') || document.body;
  const note = el('p', { class: 'taste-caption' });
  let frames = [];
  const time = taste.transport(stage, show, { smooth: true, label });
  stage.root.append(time.node, note);

  let mine = /** @type {any[]} */ ([]); // the views that follow
  const seen = new WeakSet(); // of them, those on the screen
  const watcher = new IntersectionObserver((places) => {
    for (const { target, isIntersecting } of places) isIntersecting ? seen.add(target) : seen.delete(target);
  });
  function gather() {
    const now = [...lesson.querySelectorAll('.taste')]
      .map((node) => node.stage)
      .filter((each) => each?.props.reel);
    for (const each of now) if (!mine.includes(each)) watcher.observe(each.root);
    mine = now;
  }

  function record({ at, label: said }) {
    gather();
    const old = frames.at(-1);
    const values = new Map();
    for (const each of mine) if (!each.empty) values.set(each, taste.keep(old?.values.get(each), each.news));
    const frame = { at, said, values };
    if (old && at > old.at) frames.push(frame);
    else if (old && at === old.at) frames[frames.length - 1] = frame;
    else frames = [frame];
    if (frames.length > MOST) frames = frames.filter((_, k) => k % 2 === 0 || k === frames.length - 1);
    return !(old && at > old.at);
  }
  // A run that goes on is drawn at the screen's own pace, too: from the frame before to the one that has just come, in the
  // time that lay between them; unless less motion is wished, or drawing takes too long here.
  const calm = matchMedia('(prefers-reduced-motion: reduce)');
  let [came, cost] = [0, 0]; // ms: when the last frame came; what a drawing takes, on average
  function pace() {
    const gap = performance.now() - came;
    came += gap;
    return calm.matches || cost > SLOW || gap > 1000 ? 0 : Math.max(50, gap);
  }
  function label(at) {
    if (time.following) return frames.at(-1)?.said || '';
    const k = Math.floor(at);
    const [a, b] = [frames[k]?.said || '', frames[k + 1]?.said || ''];
    return at > k ? `${a} → ${b}` : a;
  }
  // The place of the time slider in every picture; at the end they show what Python sent last.
  function show() {
    const k = Math.floor(time.at);
    const away = k < frames.length - 1;
    const begun = performance.now();
    if (away && !time.following) lesson.classList.add('taste-replaying');
    else if (lesson.classList.contains('taste-replaying'))
      setTimeout(() => time.at >= frames.length - 1 && lesson.classList.remove('taste-replaying'), 100); // see grey()
    for (const each of mine) {
      const a = frames[k]?.values.get(each);
      const b = frames[k + 1]?.values.get(each);
      const next = away && a ? (b && !each.whole ? taste.between(a, b, time.at - k) : a) : null;
      if (next === each.over) continue;
      each.over = next;
      if (!time.playing || seen.has(each.root)) each.now();
    }
    if (time.playing) cost += (performance.now() - begun - cost) / 8;
  }
  let news = true;
  lesson.addEventListener('taste-news', (event) => {
    const from = /** @type {any} */ (event.target).stage;
    if (from !== stage && !from?.props.reel) return;
    if (from !== stage) from.over ||= frames.at(-1)?.values.get(from) || null; // until show() goes on from there
    news = true;
    stage.ask();
  });
  function draw() {
    if (news) {
      news = false;
      const back = record(stage.value); // a change by hand: look at what is there now
      time.update(frames.length, { words, start: 'last', back, pace: back ? 0 : pace() });
      note.textContent =
        frames.length > 1 ? (words.note || '').replace('{n}', frames.length) : words.none || '';
    }
    show();
  }
  return { draw };
});
