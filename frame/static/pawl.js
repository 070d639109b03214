// What the pages have beyond plain HTML: the word beside the stream, and keys.
// It makes no markup, keeps one setting, and sends nothing.
(() => {
  'use strict';
  const $ = (id) => document.getElementById(id);

  // The stream: live, cut off, or held still by whoever looks. Behind is a page that
  // is not as it would be now: something changed while it was held still, or it
  // was asked for again and did not come.
  const live = $('live'), word = $('live-word'), pause = $('live-pause');
  let paused = false, behind = false, cut = true;
  const say = (text) => { if (word && word.textContent !== text) word.textContent = text; };
  if (live && pause) {
    pause.hidden = false;
    const state = () => {
      if (paused) say(behind ? 'Held still. Something has changed meanwhile.' : 'Held still.');
      else if (!cut) say(behind ? 'Something has changed, and could not be shown. Trying again.' : 'Live.');
    };
    const catchUp = () => { if (!paused && !cut && behind) { behind = false; htmx.trigger(live, 'changed'); } };
    const lost = (text) => { cut = true; say(text); };
    const missed = () => { behind = true; state(); setTimeout(catchUp, 3000); };
    live.addEventListener('htmx:sse:after:connection', () => { cut = false; state(); catchUp(); });
    live.addEventListener('htmx:sse:error', (e) => lost(e.detail.status === 401 ? 'You are signed out. Load the page again.' : 'Cut off. Trying again.'));
    live.addEventListener('htmx:sse:close', () => lost('Cut off. Load the page again.'));
    live.addEventListener('changed', (e) => {
      if (!paused) return;
      behind = true; e.stopImmediatePropagation(); state();
    }, true);
    pause.addEventListener('click', () => {
      paused = !paused;
      pause.textContent = paused ? 'Follow' : 'Hold still';
      catchUp(); state();
    });
    document.addEventListener('htmx:error', (e) => { if (e.target.id === 'page') missed(); });
    document.addEventListener('htmx:after:swap', (e) => { if (e.target.id === 'page') state(); });
    document.addEventListener('htmx:before:swap', (e) => {
      if (e.target.id !== 'page') return;
      const { raw, status } = e.detail.ctx.response;
      if (raw.redirected) { e.preventDefault(); location.assign(raw.url); } // signed out meanwhile
      else if (status >= 500) { e.preventDefault(); missed(); } // what is there is better than that
    });
  }

  // Keys of one letter, unless they are switched off or something is typed.
  const help = $('help'), on = $('keys-on'), open = $('help-open');
  const wanted = () => { try { return localStorage.getItem('pawl-keys') !== 'off'; } catch { return true; } };
  if (open) { open.hidden = false; open.addEventListener('click', () => help.showModal()); }
  if (on) {
    on.checked = wanted();
    on.addEventListener('change', () => { try { localStorage.setItem('pawl-keys', on.checked ? 'on' : 'off'); } catch { /* not kept */ } });
  }
  let going = false;
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || !wanted() || e.target.closest('input, select, textarea, [contenteditable], dialog')) return;
    if (going) {
      going = false;
      const link = e.key === 'r' ? null : document.querySelector('[data-go="' + CSS.escape(e.key) + '"]');
      if (e.key === 'r') location.assign('/#running');
      else if (link) link.click();
      return;
    }
    if (e.key === 'g') { going = true; setTimeout(() => { going = false; }, 1500); }
    else if (e.key === '?' && help) help.showModal();
    else if (e.key === '/' && $('q')) { e.preventDefault(); $('q').focus(); }
  });
})();
