// @ts-check
// The learner's microphone: a recording from press to press, or an ear that listens while it is on. Nothing
// leaves the browser but a finished recording, or what a switched-on ear hears. It switches itself off after
// `most` seconds and when it is out of sight. What it is called on says so only once sound arrives: no first
// syllable is lost.
// Fields and events: microphone.py.
taste.define('microphone', (stage) => {
  const { el } = taste;
  const PAUSE = 400;
  const WINDOW = 1.3;
  const live = stage.can('listen');
  const TAP = `registerProcessor('tap', class extends AudioWorkletProcessor {
    constructor() { super(); this.some = new Float32Array(1024); this.count = 0; }
    process([input]) {
      for (let i = 0; i < (input[0] || []).length; i++) {
        let sum = 0;
        for (const channel of input) sum += channel[i];
        this.some[this.count++] = sum / input.length;
        if (this.count === this.some.length) { this.port.postMessage(this.some.slice()); this.count = 0; }
      }
      return true;
    }
  })`;
  const label = el('b', {});
  const power = el('button', { type: 'button' });
  const play = el('button', { type: 'button' });
  const clock = el('span', {});
  const level = el('i', {});
  const meter = el('div', { class: 'taste-level', 'aria-hidden': 'true' }, level);
  const said = el('p', { class: 'taste-caption', role: 'status' });
  const caption = el('p', { class: 'taste-caption' });
  stage.root.append(
    label,
    el('div', { class: 'taste-bar' }, power, ...(live ? [] : [play]), clock),
    meter,
    said,
    caption,
  );
  let stream = null;
  let context = null;
  let state = 'off';
  let why = '';
  let pieces = [];
  let total = 0;
  let beat = 0;
  let sound = null; // state: off, wait, on
  const words = () => stage.value.words || {};
  const most = () => stage.value.most || 10;
  async function on() {
    state = 'wait';
    why = '';
    pieces = [];
    total = 0;
    draw();
    try {
      const heard = await navigator.mediaDevices.getUserMedia({
        video: false,
        audio: { channelCount: 1, echoCancellation: false, noiseSuppression: false },
      });
      if (state !== 'wait') return heard.getTracks().forEach((track) => track.stop());
      stream = heard;
      context = new AudioContext();
      const here = context;
      const code = URL.createObjectURL(new Blob([TAP], { type: 'text/javascript' }));
      stream.getAudioTracks()[0].addEventListener('ended', () => off());
      await here.audioWorklet.addModule(code);
      URL.revokeObjectURL(code);
      if (context !== here) return;
      const tap = new AudioWorkletNode(here, 'tap');
      tap.port.onmessage = ({ data }) => {
        if (context === here) hear(data);
      };
      // its output is silence: it only keeps the tap running
      here.createMediaStreamSource(stream).connect(tap).connect(here.destination);
      await here.resume();
    } catch (e) {
      off(['NotAllowedError', 'SecurityError'].includes(e.name) ? 'denied' : 'none');
    }
  }
  function off(reason = '') {
    clearInterval(beat);
    beat = 0;
    stream?.getTracks().forEach((track) => track.stop());
    context?.close();
    stream = context = null;
    state = 'off';
    why = reason;
    level.style.width = '0';
    draw();
  }
  function hear(some) {
    if (state === 'wait') {
      state = 'on';
      draw();
      if (live) beat = setInterval(tell, PAUSE);
    }
    pieces.push(some);
    total += some.length;
    if (live)
      while (pieces.length > 1 && (pieces.length - 1) * some.length > WINDOW * context.sampleRate)
        pieces.shift();
    const loudest = some.reduce((top, x) => Math.max(top, Math.abs(x)), 1e-6);
    level.style.width = `${Math.max(0, Math.min(100, 100 + (100 * Math.log10(loudest)) / 3))}%`; // 60 dB wide
    const seconds = Math.min(most(), total / context.sampleRate);
    clock.textContent = `${seconds.toFixed(1)} / ${most()}${words().unit || ''}`;
    if (total >= most() * context.sampleRate) finish('full');
  }
  function finish(reason = '') {
    const taken = live || state !== 'on' ? null : wav();
    off(reason);
    if (!taken) return;
    if (sound) URL.revokeObjectURL(sound.src);
    sound = new Audio(URL.createObjectURL(new Blob([taken], { type: 'audio/wav' })));
    draw();
    stage.emit('record', { wav: base64(taken) });
  }
  const tell = () => {
    if (!document.hidden) stage.emit('listen', { wav: base64(wav()) });
  };
  function wav() {
    // 44 bytes of header, then the samples
    const rate = context.sampleRate;
    const n = pieces.reduce((sum, some) => sum + some.length, 0);
    const bytes = new Uint8Array(44 + 2 * n);
    const v = new DataView(bytes.buffer);
    bytes.set(new TextEncoder().encode('RIFF    WAVEfmt '));
    v.setUint32(4, 36 + 2 * n, true);
    v.setUint32(16, 16, true);
    v.setUint16(20, 1, true);
    v.setUint16(22, 1, true);
    v.setUint32(24, rate, true);
    v.setUint32(28, 2 * rate, true);
    v.setUint16(32, 2, true);
    v.setUint16(34, 16, true);
    bytes.set(new TextEncoder().encode('data'), 36);
    v.setUint32(40, 2 * n, true);
    let at = 44;
    for (const some of pieces)
      for (const x of some) {
        v.setInt16(at, Math.round(Math.max(-1, Math.min(1, x)) * 32767), true);
        at += 2;
      }
    return bytes;
  }
  function base64(bytes) {
    let text = '';
    for (let k = 0; k < bytes.length; k += 8192) text += String.fromCharCode(...bytes.subarray(k, k + 8192));
    return btoa(text);
  }
  power.addEventListener('click', () => (state === 'off' ? on() : finish()));
  play.addEventListener('click', () => {
    if (sound) {
      sound.currentTime = 0;
      sound.play();
    }
  });
  // a size changes when a tab hides it, wherever the page is scrolled
  new ResizeObserver(() => {
    if (state !== 'off' && !stage.root.offsetParent) off();
  }).observe(stage.root);
  addEventListener('pagehide', () => off());
  function draw() {
    const w = words();
    label.textContent = stage.value.label || '';
    caption.textContent = stage.value.caption || '';
    power.textContent = (state === 'off' ? w.start : w.stop) || '';
    power.classList.toggle('on', state === 'on');
    play.textContent = w.play || '';
    play.hidden = !sound || state !== 'off';
    meter.hidden = state === 'off';
    if (state !== 'on') clock.textContent = '';
    said.textContent = (state === 'off' ? w[why] : w[state]) || '';
    said.hidden = !said.textContent;
    said.style.color = ['denied', 'none'].includes(why) ? 'var(--t-ink)' : '';
  }
  return { draw };
});
