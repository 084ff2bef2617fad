// @ts-check
// The frames of a run, kept here in the browser: the views of a lesson that carry `reel` are played again, at the screen's
// own pace. Every value that Python sends is a frame; between two computed ones the picture runs straight from one to the
// next, and the label says between which.
// Fields: replay.py.
taste.define('replay', (stage) => {
  const { el } = taste;
  const MOST = 400; // frames; beyond it every second one is dropped
  const words = stage.props.words || {};
  const lesson = stage.root.closest('.taste-lesson') || document.body;
  const note = el('p', { class: 'taste-caption' });
  let frames = [];
  const time = taste.transport(stage, show, { smooth: true, label });
  stage.root.append(time.node, note);

  const mine = () =>
    [...lesson.querySelectorAll('.taste')].map((node) => node.stage).filter((each) => each?.props.reel);

  function record({ at, label: said }) {
    const old = frames.at(-1);
    const values = new Map();
    for (const each of mine())
      if (each.props.value) values.set(each, taste.keep(old?.values.get(each), each.props.value));
    const frame = { at, said, values };
    if (old && at > old.at) frames.push(frame);
    else if (old && at === old.at) frames[frames.length - 1] = frame;
    else frames = [frame];
    if (frames.length > MOST) frames = frames.filter((_, k) => k % 2 === 0 || k === frames.length - 1);
    return !(old && at > old.at);
  }
  function label(at) {
    const k = Math.floor(at);
    const [a, b] = [frames[k]?.said || '', frames[k + 1]?.said || ''];
    return at > k ? `${a} → ${b}` : a;
  }
  const onScreen = (node) => {
    const box = node.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  };
  // The place of the time slider in every picture; at the end they show what Python sent last.
  function show() {
    const k = Math.floor(time.at);
    const away = k < frames.length - 1;
    if (away) lesson.classList.add('taste-replaying');
    else setTimeout(() => time.at >= frames.length - 1 && lesson.classList.remove('taste-replaying'), 100); // see grey()
    for (const each of mine()) {
      const a = frames[k]?.values.get(each);
      const b = frames[k + 1]?.values.get(each);
      const next = away && a ? (b && !each.whole ? taste.between(a, b, time.at - k) : a) : null;
      if (next === each.over) continue;
      each.over = next;
      if (!time.playing || onScreen(each.root)) each.now();
    }
  }
  let news = true;
  lesson.addEventListener('taste-news', (event) => {
    const from = /** @type {any} */ (event.target).stage;
    if (from !== stage && !from?.props.reel) return;
    news = true;
    stage.ask();
  });
  function draw() {
    if (news) {
      news = false;
      const back = record(stage.value); // a change by hand: look at what is there now
      time.update(frames.length, { words, start: 'last', back });
      note.textContent =
        frames.length > 1 ? (words.note || '').replace('{n}', frames.length) : words.none || '';
    }
    show();
  }
  return { draw };
});
