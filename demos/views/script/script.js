// @ts-check
// A program as text, to copy or to save.
// Fields and events: script.py.
taste.define('script', (stage) => {
  const { el } = taste;
  const { name, words } = stage.props;
  const code = el('code', {});
  const copy = el('button', { type: 'button' }, words.copy);
  const save = el('button', { type: 'button' }, words.save);
  stage.root.append(
    el('div', { class: 'taste-bar' }, el('span', {}, name), copy, save),
    el('pre', { tabindex: '0', class: 'taste-code' }, code),
  );
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
    } catch {
      getSelection().selectAllChildren(code);
      document.execCommand('copy');
    }
    copy.textContent = words.copied;
    setTimeout(() => {
      copy.textContent = words.copy;
    }, 1500);
  });
  save.addEventListener('click', () => taste.save(name, code.textContent));
  return {
    draw() {
      taste.write(code, stage.value);
    },
  };
});
