// What the tests in a browser have in common.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import net from 'node:net';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import AxeBuilder from '@axe-core/playwright';

export const patience = 60_000; // until something that has to happen has happened

// What has to happen in time, or else.
export function within(promise, otherwise) {
  let late;
  return Promise.race([promise, new Promise((_, fail) => { late = setTimeout(() => fail(new Error(otherwise)), patience); })]).finally(() => clearTimeout(late));
}

// A wire to a port, which can be cut, and which can stop one request on its way.
export function wireTo(port) {
  const open = new Set();
  let cut = false, trap = null;
  const sprung = (text) => { const t = trap; if (!t?.request.test(text)) return null; trap = null; return t; };
  const server = net.createServer((near) => {
    if (cut) return near.destroy();
    const far = net.connect(port, '127.0.0.1');
    for (const s of [near, far]) { open.add(s); s.on('error', () => s.destroy()); s.on('close', () => { open.delete(s); near.destroy(); far.destroy(); }); }
    let lost = null, dropped = false;
    near.on('data', (data) => {
      if (dropped) return;
      const t = sprung(data.toString('latin1'));
      if (t && !t.answer) { dropped = true; t.done(); return; }
      lost = t ?? lost;
      far.write(data);
    });
    far.on('data', (data) => { if (lost) { dropped = true; lost.done(); lost = null; } else if (!dropped) near.write(data); });
    near.on('end', () => far.end());
    far.on('end', () => near.end());
  });
  const set = (request, answer) => within(new Promise((done) => { trap = { request, answer, done }; }), `nobody asked for ${request}`);
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done({
    port: server.address().port,
    url: `http://127.0.0.1:${server.address().port}`,
    cut() { cut = true; for (const s of open) s.destroy(); },
    mend() { cut = false; },
    hold: (request) => set(request, false), // resolves once such a request is there; it arrives nowhere
    lose: (request) => set(request, true), // resolves once it was answered; the answer arrives nowhere
    close() { server.close(); for (const s of open) s.destroy(); },
  })));
}

// The demo, and the link of each of its people.
export async function demo(pawl) {
  const child = spawn(pawl, ['serve', '--demo', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const links = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const link = line.match(/http:\S+$/)?.[0];
    links[new URL(link).searchParams.get('as')] = link;
    if (Object.keys(links).length === 3) break;
  }
  return { child, links, origin: new URL(links.ana).origin };
}

export async function enter(page, link) {
  await page.goto(link);
  await page.getByRole('button', { name: 'Enter' }).click();
  await page.waitForURL(new URL(link).origin + '/');
}

export const launch = (path, ...more) => chromium.launch({ executablePath: path, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', ...more] });

// A watch over everything that a page must not do: violate its policy, or fail.
export function watch(part) {
  const wrong = [];
  let at = Date.now();
  return {
    wrong,
    async page(browser, options = {}) {
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
      context.setDefaultTimeout(patience);
      if (options.javaScriptEnabled !== false) {
        await context.exposeBinding('pawlViolation', (_, what) => wrong.push(what));
        await context.addInitScript(() => document.addEventListener('securitypolicyviolation', (e) => window.pawlViolation(`${location.pathname}: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`)));
      }
      const page = await context.newPage();
      page.on('pageerror', (e) => wrong.push(e.message));
      page.on('console', (m) => { if (m.type() === 'error' && !/Failed to load resource|net::ERR_|htmx:sse:error|Failed to fetch/.test(m.text())) wrong.push(m.text()); });
      return page;
    },
    ok(what) {
      assert.deepEqual(wrong, [], what);
      console.log(`ok  ${part}: ${what} (${Date.now() - at} ms)`);
      at = Date.now();
    },
  };
}

export const shown = (page, text) => page.getByText(text).first().waitFor();
export const heading = (page, name) => page.getByRole('heading', { name }).first().waitFor();
export async function word(page, ...texts) {
  const says = () => page.locator('#live-word').textContent();
  try {
    await page.waitForFunction((all) => all.some((t) => document.getElementById('live-word')?.textContent.includes(t)), texts, { polling: 100 }); // a page behind others draws no frames
  } catch (err) {
    throw new Error(`${page.url()} says “${await says()}”, not ${texts.join(' or ')}: ${err.message}`);
  }
}

// What one sees change without loading the page again was told by the stream.
export async function mark(page) { await page.evaluate(() => { window.before = true; }); }
export async function unloaded(page) { assert.equal(await page.evaluate(() => window.before), true, 'the page was loaded again'); }

// A page as it is has nothing that axe minds, and is not wider than it should be.
export async function accessible(page, widths, where) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(over, 0, `${where} is wider than ${width}`);
    const { violations } = await new AxeBuilder({ page }).setLegacyMode().options({ resultTypes: ['violations'] }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
    assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`), [], `${where}, ${width} wide`);
  }
}

// However long what is shown may be, it wraps: every text that is not of our own
// few words is made as long as a vendor, or somebody, could make it.
export async function longest(page, widths, where) {
  const ours = '.badge, .fact, .need, .counts, .progress, .count, time, button, .button, summary, label, legend, option, select, thead, kbd, abbr, .tabs, .crumbs, .search, h2, h3, .legend, .num, .track, .month .date';
  await page.evaluate((ours) => {
    document.getElementById('live-pause')?.click(); // it is to stay so
    const walk = document.createTreeWalker(document.getElementById('page'), NodeFilter.SHOW_TEXT);
    for (let n = walk.nextNode(); n; n = walk.nextNode()) if (n.data.trim() && !n.parentElement.closest(ours)) n.data = 'W'.repeat(150) + ' ' + n.data;
  }, ours);
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    const over = await page.evaluate((narrow) => [document.documentElement, ...(narrow ? document.querySelectorAll('.table') : [])].filter((e) => e.scrollWidth > e.clientWidth).map((e) => {
      const beyond = (x) => x.getBoundingClientRect().right > e.getBoundingClientRect().left + e.clientWidth + 1;
      return [...e.querySelectorAll('#page *')].filter((x) => beyond(x) && ![...x.children].some(beyond)).slice(0, 3).map((x) => x.outerHTML.slice(0, 200)).join(' | ');
    }), width < 700); // a table may be moved to the side; on a narrow screen it is none
    assert.deepEqual(over, [], `${where}, with long texts, ${width} wide`);
  }
}
