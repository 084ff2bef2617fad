// @ts-check
// What every view stands on: mounting, elements, pointer and keys. No framework, no network. A view is
// `taste.define(name, (stage) => ({ draw }))`; `stage.value` is the JSON that Python sent last, with the
// fields that the .py beside the view documents.
(() => {
  const makers = {};

  // What Python sent, its parts told from their JSON (packing.py). A part whose JSON has not changed stays the same object.
  function opening() {
    const parts = {};
    let sent;
    let shown;
    const part = (name, json) => {
      if (parts[name]?.json !== json) parts[name] = { json, value: JSON.parse(json) };
      return parts[name].value;
    };
    return (value) => {
      if (!value?.['=']) return value || {};
      if (value !== sent) {
        const { '=': told, ...rest } = (sent = value);
        for (const [name, json] of Object.entries(told)) rest[name] = part(name, json);
        shown = rest;
      }
      return shown;
    };
  }

  function mount(name, element, props, trigger, watch) {
    const root = element.querySelector('.taste');
    let asked = false;
    // a deferred event is sent later with its first data object: keep one per event, up to date
    const latest = {};
    const opened = opening();
    const stage = {
      root,
      props,
      over: null, // a value of the past that is shown instead (replay.js)
      whole: false, // its numbers are names: there is nothing between two of its values
      get value() {
        return stage.over || stage.news;
      },
      get news() {
        return opened(props.value); // what Python sent last, whatever is shown
      },
      get empty() {
        return props.value === null || props.value === undefined || props.value === '';
      },
      get colours() {
        return taste.colours(root);
      },
      can: (event) => (props.can || []).includes(event),
      emit: (event, data) => trigger(event, (latest[event] = Object.assign(latest[event] || {}, data))),
      send: (value, event) => {
        props.value = value;
        trigger(event);
      },
      now: () => draw(), // without waiting for the next frame: for what plays
      ask: () => {
        if (asked) return;
        asked = true;
        requestAnimationFrame(() => {
          asked = false;
          draw();
        });
      },
    };
    root.stage = stage;
    const view = makers[name](stage);
    stage.whole = !!view.whole;
    const draw = () => {
      root.classList.toggle('taste-empty', stage.empty);
      if (root.clientWidth && !stage.empty) view.draw();
    };
    stage.ask();
    watch('value', () => {
      stage.ask();
      root.dispatchEvent(new CustomEvent('taste-news', { bubbles: true }));
    });
    new ResizeObserver(stage.ask).observe(root);
    new MutationObserver(stage.ask).observe(document.body, { attributes: true, attributeFilter: ['class'] });
  }

  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };
  const write = (node, words) => {
    if (node.textContent !== words) node.textContent = words;
  };
  // A list of elements and the sentence below it, which says the same to those who do not see it.
  const tell = (list, caption, value) => {
    list.setAttribute('aria-label', value.alt || value.caption || '');
    caption.textContent = value.caption || '';
  };

  const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
  const at = (canvas, event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const arrow = (event) => ARROWS[event.key]; // [x, y] on the screen, y downwards; undefined for other keys

  // First at once, last always.
  const throttle = (wait, fn) => {
    let last = 0;
    let timer = 0;
    const now = (...args) => {
      last = Date.now();
      fn(...args);
    };
    return (...args) => {
      clearTimeout(timer);
      const rest = wait - (Date.now() - last);
      if (rest <= 0) now(...args);
      else timer = setTimeout(now, rest, ...args);
    };
  };

  // What the learner moves and Python answers: an answer to an earlier place must not pull the newest one
  // back. moved(place) at each move, asked(place) when it is sent, stale(place) once for each value that
  // Python sends.
  function trail(same, most = 10_000) {
    let newest = null;
    let sent = [];
    let since = 0;
    let there = false; // the newest place has been answered
    return {
      moved(place) {
        newest = place;
        there = false;
        since = Date.now();
      },
      asked(place) {
        sent.push(place);
      },
      stale(answer) {
        const k = sent.findIndex((place) => same(answer, place));
        const mine = newest !== null && same(answer, newest);
        if (k < 0 || newest === null || Date.now() - since > most) {
          sent = []; // not an answer to a move
          newest = null;
          return false;
        }
        sent = sent.slice(k + 1); // what was sent before it is answered, too
        there ||= mine;
        return !mine;
      },
      // Is the learner's newest place still on its way to Python and back?
      get waits() {
        return newest !== null && !there && Date.now() - since <= most;
      },
    };
  }

  const define = (name, make) => {
    makers[name] = make;
  };
  window.taste = /** @type {any} */ ({
    names: () => Object.keys(makers),
    define,
    mount,
    el,
    write,
    tell,
    clamp,
    at,
    arrow,
    throttle,
    trail,
  });
})();
