// @ts-check
// A time slider with a play button, for views that hold frames; it follows the last frame while frames
// arrive. A smooth one also stands between frames, and has steps, speeds and a loop.
(() => {
  const { el } = taste;
  const SPEEDS = [1, 2, 4, 0.25, 0.5];
  const PACE = 10; // frames a second of a smooth one, about as they were computed

  /**
   * @param {(k: number) => void} [moved] the frame that the slider was moved to, or that a film ended at
   * @param {{smooth?: boolean, label?: (at: number) => string}} [options]
   */
  function transport(stage, moved = () => {}, { smooth = false, label: said } = {}) {
    const button = (kind, sign) => el('button', { type: 'button', class: `taste-${kind}` }, sign);
    const play = button('play', el('i'));
    const range = el('input', { type: 'range', min: 0, max: 0, value: 0, step: smooth ? 'any' : 1 });
    const label = el('output');
    const [back, forward] = [button('back', '‹'), button('forward', '›')];
    const [fast, loop] = [button('speed', '1×'), button('loop', '↻')];
    const node = el('div', { class: 'taste-time', hidden: '' }, play, range, label);
    if (smooth) {
      node.classList.add('taste-smooth');
      node.replaceChildren(back, play, forward, range, fast, loop, label);
    }
    let [count, at, clock, before, speed] = [0, 0, 0, 0, 0];
    let [words, labels] = [/** @type {any} */ ({}), []];
    let [last, key, played] = [null, null, null];
    let [exact, looped] = [0, false]; // the place of a film that is playing
    let [follows, from, begun, lasts] = [0, 0, 0, 0]; // on the way to a frame that has just come

    const set = (k) => {
      at = taste.clamp(k, 0, Math.max(0, count - 1));
      range.value = at;
      say();
    };
    const name = (control, words) => {
      if (control.getAttribute('aria-label') !== words) control.setAttribute('aria-label', words || '');
      if (control.title !== words && control !== range) control.title = words || '';
    };
    const say = () => {
      const here = said ? said(at) : labels[at] || '';
      taste.write(label, here);
      range.setAttribute('aria-valuetext', here || String(at));
      name(range, words.time || '');
      play.classList.toggle('on', !!clock);
      name(play, (clock ? words.pause : words.play) || '');
      if (!smooth) return;
      name(back, words.back);
      name(forward, words.forward);
      name(fast, `${words.speed} ${SPEEDS[speed]}×`);
      name(loop, words.loop);
      loop.setAttribute('aria-pressed', String(looped));
      for (const each of [back, play, forward, range]) each.disabled = count < 2;
    };
    const halt = () => {
      cancelAnimationFrame(clock);
      cancelAnimationFrame(follows);
      clock = follows = 0;
    };
    // From where it stands to the last frame, in as many ms as lay between the last two.
    const follow = (now) => {
      const part = taste.clamp((now - begun) / lasts, 0, 1);
      follows = part < 1 && node.isConnected ? requestAnimationFrame(follow) : 0;
      set(from + (count - 1 - from) * part);
      stage.now();
    };
    const rate = () => (smooth ? PACE * SPEEDS[speed] : 1000 / taste.clamp(4000 / count, 60, 500));
    const tick = (now) => {
      exact += (Math.min(now - before, 250) / 1000) * rate();
      before = now;
      if (smooth && looped && exact >= count - 1) exact = 0;
      const k = smooth ? exact : Math.floor(exact);
      const end = !node.isConnected || k >= count - 1;
      clock = end ? 0 : requestAnimationFrame(tick);
      if (k !== at) {
        set(k);
        stage.now();
      }
      if (!end) return;
      say();
      moved(at);
    };
    const go = () => {
      halt();
      if (at >= count - 1) set(0);
      exact = at;
      before = performance.now();
      clock = requestAnimationFrame(tick);
    };
    const place = (k) => {
      halt();
      set(k);
      moved(at);
      stage.ask();
    };
    play.addEventListener('click', () => {
      clock ? halt() : go();
      say();
      stage.ask();
    });
    range.addEventListener('input', () => place(+range.value));
    const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
    const step = (by) => place(by < 0 ? Math.ceil(at) + by : Math.floor(at) + by);
    if (smooth) {
      range.addEventListener('keydown', (event) => {
        const by = steps[event.key];
        if (!by) return;
        event.preventDefault(); // its own step would be a part of a frame
        step(by);
      });
      back.addEventListener('click', () => step(-1));
      forward.addEventListener('click', () => step(1));
      fast.addEventListener('click', () => {
        speed = (speed + 1) % SPEEDS.length;
        fast.textContent = `${SPEEDS[speed]}×`;
        say();
      });
      loop.addEventListener('click', () => {
        looped = !looped;
        say();
      });
    }

    const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
    function renew(n, v, wasAtEnd) {
      const toEnd = v.start === 'last';
      if (v.pace && last !== null && !v.back && toEnd && wasAtEnd && at < n - 1) {
        cancelAnimationFrame(follows);
        [from, begun, lasts] = [at, performance.now(), v.pace];
        follows = requestAnimationFrame(follow);
      } else if (last === null || key !== v.key || at >= n || v.back || (toEnd && wasAtEnd)) {
        halt();
        set(toEnd ? n - 1 : v.start || 0);
      }
      last = v;
      key = v.key;
      if (!v.play || played === v.play || n < 2) return;
      played = v.play;
      if (calm()) return;
      const home = toEnd ? n - 1 : v.start || 0;
      const end = () => {
        if (!clock) return;
        halt();
        set(home);
        stage.ask();
      };
      const may =
        taste.touched(stage.root) || taste.alone(`${stage.root.className} ${v.play}`, end, stage.root);
      if (!may) return;
      set(0);
      go();
    }
    return {
      node,
      get at() {
        return at;
      },
      get playing() {
        return !!clock || !!follows;
      },
      get following() {
        return !!follows;
      },
      // n frames now; v.start: the frame to open at, or "last"; v.key: another film; v.play: play it once per
      // such value; v.back: to the start frame, whatever is looked at; v.pace: ms to run to a new last frame in
      update(n, v) {
        const fresh = last !== v || n !== count;
        const wasAtEnd = at >= count - 1 || !!follows;
        count = n;
        words = v.words || {};
        labels = v.labels || [];
        range.max = Math.max(0, n - 1);
        node.hidden = n < 2 && !smooth;
        if (fresh) renew(n, v, wasAtEnd);
        say();
      },
    };
  }

  Object.assign(taste, { transport });
})();
