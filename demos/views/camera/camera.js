// @ts-check
// The learner's camera: photos at a press (held down: several), or a small picture again and again while it
// looks. Nothing leaves the browser but what a press or a switched-on look sends. It switches itself off when
// it is out of sight.
// Fields and events: camera.py.
taste.define('camera', (stage) => {
  const { el } = taste;
  const PAUSE = 300;
  const { can } = stage;
  const video = el('video', { playsinline: '', muted: '' });
  const count = el('b', {});
  const frame = el('div', { class: 'frame' }, video, count);
  const power = el('button', { type: 'button' });
  const take = el('button', { type: 'button', class: 'take' });
  const said = el('span', { class: 'taste-caption', role: 'status' });
  const bar = el('div', { class: 'taste-bar' }, power, ...(can('snap') ? [take] : []));
  const caption = el('p', { class: 'taste-caption' });
  stage.root.append(frame, bar, said, caption);
  frame.hidden = true;
  video.muted = true;
  let stream = null;
  let state = 'off'; // off, wait, on
  let why = '';
  let photos = [];
  let clock = 0;
  let wake = 0;
  const words = () => stage.value.words || {};
  function photo() {
    // exactly what the camera shows, shrunk to `side`, as a PNG
    const shrink = Math.min(1, (stage.value.side || 1280) / Math.max(video.videoWidth, video.videoHeight));
    const sheet = el('canvas');
    sheet.width = Math.max(1, Math.round(video.videoWidth * shrink));
    sheet.height = Math.max(1, Math.round(video.videoHeight * shrink));
    const pen = sheet.getContext('2d');
    pen.imageSmoothingQuality = 'high';
    pen.drawImage(video, 0, 0, sheet.width, sheet.height);
    return sheet.toDataURL('image/png').split(',')[1];
  }
  async function on() {
    state = 'wait';
    why = '';
    draw();
    try {
      const wish = Math.max(480, stage.value.side || 1280);
      stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: {
          width: { ideal: wish },
          height: { ideal: wish * 0.75 },
          facingMode: can('look') ? 'user' : 'environment',
        },
      });
      if (state !== 'wait') return off();
      stream.getVideoTracks()[0].addEventListener('ended', () => off());
      video.srcObject = stream;
      await video.play();
    } catch (e) {
      off(['NotAllowedError', 'SecurityError'].includes(e.name) ? 'denied' : 'none');
    }
  }
  function off(reason = '') {
    release(false);
    clearInterval(clock);
    clock = 0;
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    video.srcObject = null;
    state = 'off';
    why = reason;
    draw();
  }
  const ready = () => {
    // only now is there a picture: before, a press would be lost
    if (state !== 'wait' || !video.videoWidth) return;
    state = 'on';
    draw();
    if (can('look'))
      clock = setInterval(() => {
        if (video.readyState >= 2 && !document.hidden) stage.emit('look', { photo: photo() });
      }, PAUSE);
  };
  video.addEventListener('loadeddata', ready);
  video.addEventListener('playing', ready);
  video.addEventListener('resize', ready);
  const add = () => {
    if (state === 'on' && photos.length < (stage.value.most || 1)) {
      photos.push(photo());
      show();
    }
  };
  function press() {
    if (wake || state !== 'on') return;
    add();
    if ((stage.value.most || 1) > 1)
      wake = setTimeout(() => {
        wake = setInterval(add, 250);
      }, 450);
    else wake = setTimeout(() => {}, 0);
  }
  function release(send = true) {
    clearTimeout(wake);
    clearInterval(wake);
    wake = 0;
    const some = photos;
    photos = [];
    if (send && some.length) stage.emit('snap', { photos: some });
    show();
  }
  const show = () => {
    count.textContent = photos.length || '';
    count.hidden = !photos.length;
  };
  take.addEventListener('pointerdown', (e) => {
    if (e.button === 0) {
      take.setPointerCapture(e.pointerId);
      press();
    }
  });
  take.addEventListener('pointerup', () => release());
  take.addEventListener('pointercancel', () => release());
  take.addEventListener('contextmenu', (e) => e.preventDefault()); // a long press is no menu
  take.addEventListener('click', (e) => {
    if (e.detail === 0) {
      add();
      release();
    }
  }); // by keyboard or a screen reader
  power.addEventListener('click', () => (state === 'off' ? on() : off()));
  // a size changes when a tab hides it, wherever the page is scrolled
  new ResizeObserver(() => {
    if (state !== 'off' && !stage.root.offsetParent) off();
  }).observe(stage.root);
  addEventListener('pagehide', () => off());
  function draw() {
    const w = words();
    frame.hidden = state === 'off';
    take.hidden = state === 'off';
    take.disabled = state !== 'on';
    power.textContent = state === 'off' ? w.on : w.off;
    take.textContent = w.take;
    said.textContent = state === 'wait' ? w.wait : w[why] || '';
    said.hidden = !said.textContent;
    video.setAttribute('aria-label', stage.value.caption || '');
    caption.textContent = stage.value.caption || '';
    show();
  }
  return { draw };
});
