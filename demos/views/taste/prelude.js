// @ts-check
// What moves by itself when a lesson is first seen, once a visit: films that say `play`, and preludes (demos/kit/prelude.py),
// frames that Python computed, drawn over the views that already show what stays. Nothing moves where less motion is wished
// or nobody looks; the learner's first touch ends it, and so does whatever Python sends.
(() => {
  const { el, clamp } = taste;
  const [FORTH, ALL, PATIENCE] = [2300, 3000, 20_000]; // ms: there, there and back; the wait for a first screen that stands
  const TOUCHES = ['pointerdown', 'keydown', 'input'];
  const spare = {};

  // Whether it moved in this visit (of a tab: sessionStorage outlives a reload and the other language); from now on it has.
  function moved(name) {
    let known = spare;
    try {
      known = JSON.parse(sessionStorage.getItem('taste.moved') || '{}');
      sessionStorage.setItem('taste.moved', JSON.stringify({ ...known, [name]: 1 }));
    } catch {
      // the browser keeps nothing
    }
    const before = name in known || name in spare;
    spare[name] = 1;
    return before;
  }
  const hands = new WeakSet(); // lessons that the learner has touched
  for (const kind of TOUCHES)
    document.addEventListener(kind, (event) => hands.add(lessonOf(event.target)), true);
  const lessonOf = (node) => node.closest?.('.taste-lesson') || document.body;
  const touched = (node) => hands.has(lessonOf(node));
  const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

  // May `name` move by itself now? Then `end` is called at the first touch outside of `own`, and when the page is hidden.
  // Returns what to call when it has ended by itself; null where it may not.
  function alone(name, end, own = /** @type {Element | null} */ (null)) {
    if (calm() || document.hidden || moved(name)) return null;
    const leave = listen((event) => {
      leave();
      if (!own?.contains(event.target)) end();
    });
    return leave;
  }
  function listen(touched) {
    const hidden = (event) => document.hidden && touched(event);
    for (const kind of TOUCHES) document.addEventListener(kind, touched, true);
    document.addEventListener('visibilitychange', hidden);
    return () => {
      for (const kind of TOUCHES) document.removeEventListener(kind, touched, true);
      document.removeEventListener('visibilitychange', hidden);
    };
  }

  // The player of a lesson's prelude. It asks for the frames once every view that will move has its picture.
  function prelude(door, props, trigger, watch) {
    const lesson = lessonOf(door);
    const stages = () => props.views.map((name) => lesson.querySelector(`.${name} .taste`)?.stage);
    const stands = () => {
      const now = stages();
      return now.every((stage) => stage && !stage.empty) && !lesson.querySelector('.taste-coming');
    };
    const name = `lesson ${props.lesson}`;
    let begun = false; // by the learner
    const leave = listen(() => ((begun = true), leave()));
    const until = performance.now() + PATIENCE;
    const look = () => {
      const shown = lesson.offsetParent !== null || lesson === document.body;
      if (calm() || begun || performance.now() > until) return leave();
      if (document.hidden || !shown || !stands()) return setTimeout(look, 100);
      trigger('ask');
    };
    setTimeout(look, 100);
    watch('value', () => {
      leave();
      if (begun || !props.value || !stands()) return;
      play(name, lesson, stages(), JSON.parse(props.value), props.words);
    });
  }

  // Fields over what each view shows now; a frame says what changes in it.
  function whole(stages, frames) {
    const values = stages.map((stage) => stage.news);
    return frames.map((frame) => {
      for (const [k, fields] of Object.entries(frame)) values[k] = { ...values[k], ...fields };
      return [...values];
    });
  }

  function play(name, lesson, stages, { frames, back }, words) {
    const values = whole(stages, frames);
    const note = el('p', { class: 'taste-preview', 'aria-hidden': 'true' }, words);
    const last = values.length - 1;
    let clock = 0;
    const draw = (at) => {
      const k = Math.min(Math.floor(at), last);
      stages.forEach((stage, n) => {
        const [a, b] = [values[k][n], values[Math.min(k + 1, last)][n]];
        const next = stage.whole ? a : taste.between(a, b, at - k);
        if (next === stage.over) return;
        stage.over = next;
        stage.now();
      });
    };
    const end = () => {
      cancelAnimationFrame(clock);
      leave();
      lesson.removeEventListener('taste-news', news);
      lesson.classList.remove('taste-moving');
      note.remove();
      for (const stage of stages) {
        stage.over = null;
        stage.now();
      }
    };
    const news = (event) => stages.includes(event.target.stage) && end();
    const leave = alone(name, end);
    if (!leave) return;
    lesson.addEventListener('taste-news', news);
    lesson.classList.add('taste-moving');
    const top = (stage) => stage.root.getBoundingClientRect().top;
    stages.reduce((a, b) => (top(b) < top(a) ? b : a)).root.append(note);
    const start = performance.now();
    const step = (now) => {
      const t = now - start;
      const part = back && t > FORTH ? (ALL - t) / (ALL - FORTH) : t / (back ? FORTH : ALL);
      if (t >= ALL || !stages[0].root.isConnected || !stages[0].root.clientWidth) return end();
      draw(last * clamp(part, 0, 1));
      clock = requestAnimationFrame(step);
    };
    clock = requestAnimationFrame(step);
  }

  Object.assign(taste, { alone, prelude, touched });
})();
