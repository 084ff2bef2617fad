// A program as text, to copy or to save. value: the code as a string. Props: name (of the file), words {copy, copied, save}.
taste.define('script', (stage) => {
  const { el } = taste, { name, words } = stage.props;
  const code = el('code', {}), copy = el('button', { type: 'button' }, words.copy), save = el('button', { type: 'button' }, words.save);
  stage.root.append(el('div', { class: 'taste-bar' }, el('span', {}, name), copy, save), el('pre', { tabindex: '0', class: 'taste-code' }, code));
  copy.addEventListener('click', async () => {
    try { await navigator.clipboard.writeText(code.textContent); } catch { getSelection().selectAllChildren(code); document.execCommand('copy'); }
    copy.textContent = words.copied;
    setTimeout(() => { copy.textContent = words.copy; }, 1500);
  });
  save.addEventListener('click', () => taste.save(name, code.textContent));
  return { draw() { if (code.textContent !== stage.value) code.textContent = stage.value; } };
});
