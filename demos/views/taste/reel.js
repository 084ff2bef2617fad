// @ts-check
// Values of views over time: kept as copies, and what lies between two of them. Numbers, pictures and packed floats run
// straight from one to the next, lists that grow are drawn on; words, and whatever differs in kind, stay the earlier one's.
(() => {
  const same = (a, b) => a === b || (a !== a && b !== b);
  const plain = (x) => x !== null && typeof x === 'object';

  // A copy of `now`; what equals the same part of `before` is that part itself.
  function keep(before, now) {
    if (!plain(now)) return now;
    const list = Array.isArray(now);
    const names = Object.keys(now);
    const copy = /** @type {any} */ (list ? [] : {});
    let old = plain(before) && Array.isArray(before) === list && Object.keys(before).length === names.length;
    for (const name of names) {
      copy[name] = keep(plain(before) ? before[name] : undefined, now[name]);
      old &&= same(copy[name], before[name]);
    }
    return old ? before : copy;
  }

  const unpacked = new WeakMap(); // of an object, what its packed fields hold
  function numbers(of, name, unpack) {
    if (!unpacked.has(of)) unpacked.set(of, {});
    return (unpacked.get(of)[name] ??= unpack(of[name]));
  }
  // Grids of two sizes: at the size of the larger one.
  function picture(a, b, part) {
    const [w, h] = a.w > b.w ? [a.w, a.h] : [b.w, b.h];
    const [from, to] = [a, b].map((grid) => numbers(grid, 'data', taste.bytes));
    const data = new Uint8Array(w * h);
    if (a.w === b.w && a.h === b.h) {
      for (let i = 0; i < w * h; i++) data[i] = from[i] + (to[i] - from[i]) * part + 0.5;
      return { ...a, data };
    }
    const of = (g, x, y) => Math.floor((y * g.h) / h) * g.w + Math.floor((x * g.w) / w);
    for (let y = 0; y < h; y++)
      for (let x = 0; x < w; x++) {
        const [p, q] = [from[of(a, x, y)], to[of(b, x, y)]];
        data[y * w + x] = p + (q - p) * part + 0.5;
      }
    return { ...a, w, h, data };
  }
  function packed(a, b, name, part) {
    const [from, to] = [a, b].map((each) => numbers(each, name, taste.floats));
    return from.length === to.length ? from.map((p, i) => p + (to[i] - p) * part) : a[name];
  }
  // All of a, and of what b has more than a the part that is due; its last element is on its way.
  function grown(a, b, part) {
    const due = a.length + (b.length - a.length) * part;
    const [whole, rest] = [Math.floor(due), due % 1];
    const list = b.slice(0, whole).map((value, i) => (i < a.length ? between(a[i], value, part) : value));
    if (rest && whole) list.push(between(b[whole - 1], b[whole], rest));
    return list;
  }

  function between(a, b, part) {
    if (same(a, b) || !part) return a;
    if (typeof a === 'number' && typeof b === 'number') return a + (b - a) * part;
    if (!plain(a) || !plain(b)) return a;
    if (Array.isArray(a) && Array.isArray(b)) return b.length >= a.length ? grown(a, b, part) : a;
    if (a.w && a.h && typeof a.data === 'string' && typeof b.data === 'string') return picture(a, b, part);
    const middle = { ...a };
    for (const name of Object.keys(a)) {
      if (!(name in b) || a[name] === b[name]) continue;
      const bent = (name === 'lines' || name === 'cloud') && typeof a[name] === 'string';
      middle[name] = bent ? packed(a, b, name, part) : between(a[name], b[name], part);
    }
    return middle;
  }

  Object.assign(taste, { keep, between });
})();
