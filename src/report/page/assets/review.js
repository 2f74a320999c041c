// The review: accept, reject, reclassify; hand the decisions over as curation.json.
(() => {
  'use strict';
  const byId = id => document.getElementById(id);
  const list = byId('particles');
  if (!list) return;
  const images = JSON.parse(byId('images-data').textContent);
  const CLASSES = ['vesicle', 'cup_shaped_vesicle', 'open_rim', 'aggregate', 'precipitate', 'dot', 'debris', 'unresolved'];
  const isVesicle = name => CLASSES.indexOf(name) < 2;
  const words = name => name.replaceAll('_', ' ');

  const outlines = new Map([...document.querySelectorAll('[data-p]')].map(path => [path.dataset.p, path]));
  const particles = [...list.children].map(li => {
    const [image, id] = li.id.slice(2).split('-');
    const data = li.dataset;
    const first = { status: data.s, class: data.c };
    return {
      li, image, id: Number(id), first, now: { ...first },
      isCut: 'cut' in data, isCup: 'cup' in data,
      size: data.d === undefined ? NaN : Number(data.d), sure: data.f === undefined ? NaN : Number(data.f),
      rejectedFor: data.r || '', machine: data.m || '', reason: '', utc: '',
      outline: outlines.get(`${image}-${id}`),
    };
  });
  const undone = [];
  let order = 'run';
  let ordered = particles;
  let visible = particles;
  let current = null;
  let unsaved = 0;

  const isChanged = p => p.now.status !== p.first.status || p.now.class !== p.first.class;
  const isVesicleNow = p => p.now.status !== 'rejected';

  // What a decision comes to, by the same rules as in the program.
  const decide = (p, now) => {
    undone.push({ p, before: p.now, reason: p.reason, utc: p.utc });
    p.now = now;
    p.reason = byId('r-reason').value.trim();
    p.utc = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    unsaved += 1;
    show(p);
    tell();
  };
  const accepted = p => (p.isCut ? 'border' : 'accepted');
  const toggle = p => {
    if (isVesicleNow(p)) {
      decide(p, p.first.status === 'rejected' ? { ...p.first } : { status: 'rejected', class: 'unresolved' });
    } else if (p.first.status !== 'rejected') {
      decide(p, { ...p.first });
    } else {
      decide(p, { status: accepted(p), class: p.isCup ? 'cup_shaped_vesicle' : 'vesicle' });
    }
  };
  const classify = (p, name) => {
    if (name === p.now.class) return;
    decide(p, { status: isVesicle(name) ? accepted(p) : 'rejected', class: name });
  };
  const undo = () => {
    const last = undone.pop();
    if (!last) return;
    Object.assign(last.p, { now: last.before, reason: last.reason, utc: last.utc });
    unsaved += 1;
    show(last.p);
    select(last.p);
    tell();
  };

  const show = p => {
    const { li, now } = p;
    li.classList.remove('accepted', 'border', 'rejected');
    li.classList.add(now.status);
    li.classList.toggle('changed', isChanged(p));
    li.querySelector('i').textContent = now.status;
    li.querySelector('small span').textContent = words(now.class);
    if (p.outline) {
      p.outline.classList.remove('accepted', 'border', 'rejected');
      p.outline.classList.add(now.status);
    }
    if (p === current) describe();
  };

  const select = (p, { scroll = true, focus = true } = {}) => {
    if (current) {
      current.li.setAttribute('aria-selected', 'false');
      current.li.tabIndex = -1;
      current.outline?.classList.remove('current');
    }
    current = p;
    p.li.setAttribute('aria-selected', 'true');
    p.li.tabIndex = 0;
    p.outline?.classList.add('current');
    byId('r-reason').value = isChanged(p) ? p.reason : '';
    describe();
    if (focus) p.li.focus({ preventScroll: true });
    if (scroll) p.li.scrollIntoView({ block: 'nearest' });
  };
  const move = step => {
    if (!visible.length) return;
    const at = visible.indexOf(current);
    select(visible[Math.min(Math.max(at < 0 ? 0 : at + step, 0), visible.length - 1)]);
  };

  const line = (name, value) => {
    const [dt, dd] = [document.createElement('dt'), document.createElement('dd')];
    dt.textContent = name;
    const bdi = document.createElement('bdi');
    bdi.textContent = value;
    dd.append(bdi);
    return [dt, dd];
  };
  const describe = () => {
    const p = current;
    const picture = p.li.querySelector('.t')?.cloneNode(true);
    const frame = document.createElement('div');
    frame.className = p.now.status;
    if (picture) frame.append(picture);
    byId('close-up').replaceChildren(frame);
    const lines = [
      ...line('Particle', `${p.image}·${p.id}`),
      ...line('Image', legible(images[p.image].image)),
      ...line('Diameter', p.li.querySelector('span').textContent),
      ...line('Confidence', Number.isNaN(p.sure) ? '–' : p.sure.toFixed(2)),
    ];
    if (p.machine) lines.push(...line('Machine', words(p.machine)));
    lines.push(...line(p.machine ? 'Decided' : 'Machine', `${p.first.status}, ${words(p.first.class)}`));
    if (p.rejectedFor) lines.push(...line('Because', p.rejectedFor));
    if (isChanged(p)) lines.push(...line('You', `${p.now.status}, ${words(p.now.class)}`));
    byId('current').replaceChildren(...lines);
    byId('r-class').value = p.now.class;
  };
  // Characters that cannot be seen, or that turn the direction of writing, as the rest of the page shows them.
  const legible = text => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, c => `\\u{${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}}`);

  const changed = () => particles.filter(isChanged);
  const tell = () => {
    const n = changed().length;
    const rest = unsaved ? (n ? ', not saved' : ', nothing to save') : (n ? ', saved' : '');
    byId('told').textContent = `${n || 'No'} decision${n === 1 ? '' : 's'}${rest}.`;
  };

  const number = id => (byId(id).value === '' ? null : Number(byId(id).value));
  const sorted = by => {
    if (by === 'run') return particles;
    const [sign, key] = by.startsWith('-') ? [-1, by.slice(1)] : [1, by];
    const value = p => (key === 'd' ? p.size : p.sure);
    // Unknown values come last, either way.
    return [...particles].sort((a, b) => Number.isNaN(value(a)) - Number.isNaN(value(b)) || sign * (value(a) - value(b)) || 0);
  };
  const filter = () => {
    const [status, name] = [byId('f-status').value, byId('f-class').value];
    const [from, to, low, high] = ['f-size-from', 'f-size-to', 'f-sure-from', 'f-sure-to'].map(number);
    const within = (v, a, b) => (a === null || v >= a) && (b === null || v <= b);
    const fits = p => (status === '' || p.now.status === status || (status === 'vesicle' && isVesicleNow(p))
        || (status === 'changed' && isChanged(p)))
      && (name === '' || p.now.class === name) && within(p.size, from, to) && within(p.sure, low, high);
    const by = byId('f-sort').value;
    // Moving two thousand pictures takes time: only when the order is another one.
    if (by !== order) {
      order = by;
      ordered = sorted(by);
      list.append(...ordered.map(p => p.li));
    }
    visible = ordered.filter(fits);
    const chosen = new Set(visible);
    for (const p of particles) {
      if (p.li.hidden === chosen.has(p)) p.li.hidden = !p.li.hidden;
    }
    byId('shown').textContent = `${visible.length} of ${particles.length} shown`;
  };

  const save = () => {
    const by = byId('r-name').value.trim();
    if (!by) {
      byId('told').textContent = 'Who decided? Give your name first.';
      byId('r-name').setAttribute('aria-invalid', 'true');
      byId('r-name').focus();
      return;
    }
    byId('r-name').removeAttribute('aria-invalid');
    const decisions = changed().map(p => {
      const decision = { image: images[p.image].image, input_sha256: images[p.image].sha256 ?? '', particle_id: p.id };
      if ((p.now.status === 'rejected') !== (p.first.status === 'rejected')) {
        decision.status = isVesicleNow(p) ? 'accepted' : 'rejected';
      }
      if (p.now.class !== p.first.class) decision.class = p.now.class;
      if (p.reason) decision.reason = p.reason;
      return { ...decision, by, utc: p.utc };
    });
    const text = `${JSON.stringify({ format: 'cupule curation', version: 1, decisions }, null, 2)}\n`;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
    link.download = 'curation.json';
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    unsaved = 0;
    byId('saved').hidden = false;
    tell();
  };

  // The list becomes one that can be walked through.
  list.setAttribute('role', 'listbox');
  for (const { li } of particles) {
    li.setAttribute('role', 'option');
    li.setAttribute('aria-selected', 'false');
    li.tabIndex = -1;
  }
  for (const name of CLASSES) {
    byId('f-class').append(new Option(words(name), name));
    byId('r-class').append(new Option(`${CLASSES.indexOf(name) + 1} ${words(name)}`, name));
  }
  const byLi = new Map(particles.map(p => [p.li, p]));
  const byKey = new Map(particles.map(p => [`${p.image}-${p.id}`, p]));
  list.addEventListener('click', event => {
    const p = byLi.get(event.target.closest('.p'));
    if (p) select(p, { scroll: false });
  });
  list.addEventListener('dblclick', () => current && toggle(current));
  for (const figure of document.querySelectorAll('.view svg')) {
    figure.addEventListener('click', event => {
      const p = byKey.get(event.target.dataset?.p);
      if (p) select(p);
    });
  }
  byId('b-previous').addEventListener('click', () => move(-1));
  byId('b-next').addEventListener('click', () => move(1));
  byId('b-toggle').addEventListener('click', () => current && toggle(current));
  byId('b-undo').addEventListener('click', undo);
  byId('b-save').addEventListener('click', save);
  byId('r-class').addEventListener('change', event => current && classify(current, event.target.value));
  byId('r-reason').addEventListener('input', event => {
    if (current && isChanged(current)) {
      current.reason = event.target.value.trim();
      unsaved += 1;
      tell();
    }
  });
  byId('filters').addEventListener('input', filter);
  byId('filters').addEventListener('submit', event => event.preventDefault());

  const keys = {
    j: () => move(1), ArrowRight: () => move(1), k: () => move(-1), ArrowLeft: () => move(-1),
    x: () => current && toggle(current), u: undo,
  };
  CLASSES.forEach((name, i) => { keys[i + 1] = () => current && classify(current, name); });
  document.addEventListener('keydown', event => {
    const typing = event.target.closest?.('input, select, textarea, summary, [contenteditable]');
    const inList = list.contains(event.target);
    if (typing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (!inList && (!byId('keys').checked || event.key.startsWith('Arrow'))) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  addEventListener('beforeunload', event => {
    if (unsaved && changed().length) event.preventDefault();
  });

  byId('filters').hidden = false;
  byId('panel').hidden = false;
  filter();
  select(particles[0], { scroll: false, focus: false });
})();
