// @ts-check
// A sentence said aloud by the browser's own voice; nothing leaves the page but what the browser's voice
// itself does.
// Fields and events: voice.py.
taste.define('voice', (stage) => {
  const { el } = taste;
  const button = el('button', { type: 'button' });
  const said = el('span', { role: 'status' });
  const words = el('p', { class: 'taste-caption' });
  stage.root.append(el('div', { class: 'taste-bar' }, button, said), words);
  const synth = window.speechSynthesis;
  let last = null;
  let talking = false;
  const voice = () =>
    (synth ? synth.getVoices() : []).find((v) => v.lang.toLowerCase().startsWith(stage.value.lang || 'ko'));
  function speak() {
    const found = voice();
    if (!found) return show();
    synth.cancel();
    const sentence = new SpeechSynthesisUtterance(stage.value.say || '');
    sentence.voice = found;
    sentence.lang = found.lang;
    sentence.onstart = () => {
      talking = true;
      show();
    };
    sentence.onend = sentence.onerror = () => {
      talking = false;
      show();
    };
    synth.speak(sentence);
  }
  function show() {
    const w = stage.value.words || {};
    const found = voice();
    button.textContent = talking ? w.stop : w.say;
    button.disabled = !found || !stage.value.say;
    said.textContent = found ? `${w.ready} ${found.name}` : w.none;
  }
  button.addEventListener('click', () => {
    if (talking) {
      synth.cancel();
      talking = false;
      show();
    } else speak();
  });
  synth?.addEventListener?.('voiceschanged', () => stage.ask());
  return {
    draw() {
      const v = stage.value;
      words.textContent = v.caption || '';
      if (v.auto && v.say && v.key !== last && last !== null) speak();
      last = v.key ?? 0;
      show();
    },
  };
});
