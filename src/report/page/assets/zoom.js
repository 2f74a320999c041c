// Zooming into the pictures: buttons, wheel with Ctrl, drag.
(() => {
  'use strict';
  document.documentElement.classList.add('js');
  const STEP = 1.5;
  const MOST = 40;

  for (const figure of document.querySelectorAll('.view')) {
    const svg = figure.querySelector('svg');
    const whole = svg.viewBox.baseVal;
    const all = { x: whole.x, y: whole.y, width: whole.width, height: whole.height };
    let seen = { ...all };
    const bar = svg.querySelector('.scalebar');

    const show = () => {
      seen.x = Math.min(Math.max(seen.x, all.x), all.x + all.width - seen.width);
      seen.y = Math.min(Math.max(seen.y, all.y), all.y + all.height - seen.height);
      svg.setAttribute('viewBox', `${seen.x} ${seen.y} ${seen.width} ${seen.height}`);
      svg.classList.toggle('zoomed', seen.width < all.width * 0.999);
      // The bar lies in the corner of the whole picture: zoomed in, it is out of sight, never wrong.
      if (bar) bar.style.display = seen.width < all.width * 0.999 ? 'none' : '';
    };
    const zoom = (factor, fx = 0.5, fy = 0.5) => {
      const width = Math.min(Math.max(seen.width / factor, all.width / MOST), all.width);
      const height = all.height * width / all.width;
      seen = { x: seen.x + (seen.width - width) * fx, y: seen.y + (seen.height - height) * fy, width, height };
      show();
    };

    const buttons = document.createElement('div');
    buttons.className = 'zoom screen';
    const number = figure.id.slice(2);
    for (const [sign, label, act] of [
      ['+', 'Zoom in', () => zoom(STEP)],
      ['−', 'Zoom out', () => zoom(1 / STEP)],
      ['⤢', 'Show the whole picture', () => { seen = { ...all }; show(); }],
    ]) {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = sign;
      button.setAttribute('aria-label', `${label}, picture ${number}`);
      button.addEventListener('click', act);
      buttons.append(button);
    }
    figure.querySelector('figcaption').append(buttons);

    svg.addEventListener('wheel', event => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const box = svg.getBoundingClientRect();
      zoom(event.deltaY < 0 ? STEP : 1 / STEP, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    }, { passive: false });
    let from = null;
    svg.addEventListener('pointerdown', event => {
      from = seen.width < all.width ? { x: event.clientX, y: event.clientY, held: false } : null;
    });
    svg.addEventListener('pointermove', event => {
      if (!from || !event.buttons) return;
      const scale = seen.width / svg.getBoundingClientRect().width;
      const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
      // A click that trembles is still a click.
      if (!from.held && Math.hypot(dx, dy) < 4) return;
      if (!from.held) svg.setPointerCapture(event.pointerId);
      seen.x -= dx * scale;
      seen.y -= dy * scale;
      from = { x: event.clientX, y: event.clientY, held: true };
      show();
    });
    svg.addEventListener('pointerup', () => { from = null; });
  }
})();
