// @ts-check
// A time slider with a play button, for views that hold frames; it follows the last frame while frames
// arrive.
(() => {
  const { el } = taste;

  /** @param {(k: number) => void} [moved] the frame that the slider was moved to, or that a film ended at */
  function transport(stage, moved = () => {}) {
    const play = el('button', { type: 'button', class: 'taste-play' }, el('i'));
    const range = el('input', { type: 'range', min: 0, max: 0, value: 0, step: 1 });
    const label = el('output');
    const node = el('div', { class: 'taste-time', hidden: '' }, play, range, label);
    let [count, at, clock] = [0, 0, 0];
    let [words, labels] = [/** @type {any} */ ({}), []];
    let [last, key, played] = [null, null, null];

    const set = (k) => {
      at = taste.clamp(k, 0, count - 1);
      range.value = at;
      say();
    };
    const say = () => {
      label.textContent = labels[at] || '';
      range.setAttribute('aria-valuetext', labels[at] || String(at));
      range.setAttribute('aria-label', words.time || '');
      play.classList.toggle('on', !!clock);
      play.setAttribute('aria-label', (clock ? words.pause : words.play) || '');
    };
    const halt = () => {
      clearInterval(clock);
      clock = 0;
    };
    const step = () => {
      if (node.isConnected && at < count - 1) set(at + 1);
      else {
        halt();
        say();
        return moved(at);
      }
      stage.ask();
    };
    const go = () => {
      halt();
      if (at >= count - 1) set(0);
      clock = setInterval(step, taste.clamp(4000 / count, 60, 500));
    };
    play.addEventListener('click', () => {
      clock ? halt() : go();
      say();
      stage.ask();
    });
    range.addEventListener('input', () => {
      halt();
      set(+range.value);
      moved(at);
      stage.ask();
    });

    const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;
    function renew(n, v, wasAtEnd) {
      const toEnd = v.start === 'last';
      if (last === null || key !== v.key || at >= n || (toEnd && wasAtEnd)) {
        halt();
        set(toEnd ? n - 1 : v.start || 0);
      }
      last = v;
      key = v.key;
      if (!v.play || played === v.play || n < 2) return;
      played = v.play;
      if (calm()) return;
      set(0);
      go();
    }
    return {
      node,
      get at() {
        return at;
      },
      // n frames now; v.start: the frame to open at, or "last"; v.key: another film; v.play: play it once per
      // such value
      update(n, v) {
        const fresh = last !== v || n !== count;
        const wasAtEnd = at >= count - 1;
        count = n;
        words = v.words || {};
        labels = v.labels || [];
        range.max = Math.max(0, n - 1);
        node.hidden = n < 2;
        if (fresh) renew(n, v, wasAtEnd);
        say();
      },
    };
  }

  Object.assign(taste, { transport });
})();
