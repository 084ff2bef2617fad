// @ts-check
// What the scripts of the bar and the front door share: finding and making elements. They run before the views' (taste.el).
(() => {
  const pick = (selector, from = document) => /** @type {any} */ (from.querySelector(selector));
  const all = (selector, from = document) => /** @type {any[]} */ ([...from.querySelectorAll(selector)]);
  const el = (tag, attributes = {}, ...children) => {
    const node = /** @type {any} */ (document.createElement(tag));
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };
  /** @type {any} */ (window).dom = { pick, all, el };
})();
