// Drives "pawl serve --demo" in a real browser: node e2e.mjs PAWL [CHROMIUM].
// Every step says what it showed; the first that does not hold ends it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import net from 'node:net';
import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';
import AxeBuilder from '@axe-core/playwright';

const [, , pawl, browserPath = '/usr/bin/chromium'] = process.argv;
const patience = 30_000; // until something that has to happen has happened

// A wire between the browser and the server, which can be cut.
function wireTo(port) {
  const open = new Set();
  let cut = false;
  const server = net.createServer((near) => {
    if (cut) return near.destroy();
    const far = net.connect(port, '127.0.0.1');
    for (const s of [near, far]) { open.add(s); s.on('error', () => s.destroy()); s.on('close', () => { open.delete(s); near.destroy(); far.destroy(); }); }
    near.pipe(far).pipe(near);
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done({
    port: server.address().port,
    cut() { cut = true; for (const s of open) s.destroy(); },
    mend() { cut = false; },
    close: () => server.close(),
  })));
}

// The demo, and the link of each of its people.
async function demo() {
  const child = spawn(pawl, ['serve', '--demo', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const links = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const link = line.match(/http:\S+$/)?.[0];
    links[new URL(link).searchParams.get('as')] = link;
    if (Object.keys(links).length === 3) break;
  }
  return { child, links, origin: new URL(links.ana).origin };
}

const { child, links, origin } = await demo();
const port = Number(new URL(origin).port);
const wire = await wireTo(port);
const launch = (...more) => chromium.launch({ executablePath: browserPath, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', ...more] });
const browser = await launch(`--host-resolver-rules=MAP localhost:${port} 127.0.0.1:${wire.port}`);
const straight = await launch(); // not by the wire

const wrong = []; // violations of the policy, errors of scripts
async function person(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(patience);
  if (options.javaScriptEnabled !== false) {
    await context.exposeBinding('pawlViolation', (_, what) => wrong.push(what));
    await context.addInitScript(() => document.addEventListener('securitypolicyviolation', (e) => window.pawlViolation(`${location.pathname}: ${e.violatedDirective} ${e.blockedURI} ${e.sample}`)));
  }
  const page = await context.newPage();
  page.on('pageerror', (e) => wrong.push(e.message));
  page.on('console', (m) => { if (m.type() === 'error' && !/Failed to load resource|net::ERR_|htmx:sse:error/.test(m.text())) wrong.push(m.text()); });
  if (links[name]) {
    await page.goto(links[name]);
    await page.getByRole('button', { name: 'Enter' }).click();
    await page.waitForURL(origin + '/');
  }
  return page;
}

const shown = (page, text) => page.getByText(text).first().waitFor();
const word = (page, text) => page.waitForFunction((t) => document.getElementById('live-word').textContent.includes(t), text);
let at = Date.now();
function ok(what) {
  assert.deepEqual(wrong, [], what);
  console.log(`ok  ${what} (${Date.now() - at} ms)`);
  at = Date.now();
}

async function signIn() {
  const nobody = await person('nobody');
  await nobody.goto(origin + '/credentials');
  assert.match(nobody.url(), /\/sign-in\?next=%2Fcredentials$/);
  await nobody.context().close();
  ok('without a sign-in there is only the way to it');
}

// What one sees change without loading the page again was told by the stream.
async function mark(page) { await page.evaluate(() => { window.before = true; }); }
async function unloaded(page) { assert.equal(await page.evaluate(() => window.before), true, 'the page was loaded again'); }

async function approval(ana, bo) {
  await ana.goto(origin + '/rotations/heroku-ci-deploy-token/4');
  await mark(ana);
  await word(ana, 'Live.');
  await ana.getByRole('heading', { name: 'A second person has to agree' }).waitFor();
  await ana.goto(origin + '/approvals');
  await shown(ana, 'You asked for this rotation, so somebody else has to agree.');
  assert.equal(await ana.getByRole('button', { name: 'Approve this plan' }).count(), 0);
  await ana.goto(origin + '/rotations/heroku-ci-deploy-token/4');
  await mark(ana);
  await word(ana, 'Live.');
  ok('who asks cannot approve, and follows the rotation');

  await bo.goto(origin + '/approvals');
  await bo.getByRole('button', { name: 'Approve this plan' }).click();
  await bo.getByRole('heading', { name: 'Say once more who you are' }).waitFor();
  await bo.getByRole('button', { name: 'It is me' }).click();
  await bo.waitForURL('**/rotations/heroku-ci-deploy-token/4*');
  await shown(bo, 'Nothing was done yet');
  await bo.getByRole('button', { name: 'Approve this plan' }).click();
  await shown(bo, /Approved/);
  ok('a second person approves, and says once more who they are for it');

  await ana.getByRole('heading', { name: /^Done: every place is on the new key/ }).waitFor();
  await unloaded(ana);
  ok('the old key is revoked; who followed has seen it happen');
}

async function planAndRun(ana) {
  await ana.goto(origin + '/credentials/heroku-log-drain-token');
  await ana.getByRole('button', { name: 'Look at the plan' }).click();
  await ana.getByRole('heading', { name: 'The plan can be begun' }).waitFor();
  await ana.getByRole('button', { name: 'Begin exactly this' }).click();
  await ana.waitForURL('**/rotations/heroku-log-drain-token/4');
  await mark(ana);
  await ana.getByRole('heading', { name: 'Everything is proved: the old key can be revoked' }).waitFor();
  await unloaded(ana);
  ok('a plan is looked at, begun as it is, and followed until everything is proved');
}

async function dropAndResume(ana) {
  const other = await (await straight.newContext({ storageState: await ana.context().storageState() })).newPage();
  await other.goto(ana.url());
  await word(ana, 'Live.');
  wire.cut();
  await word(ana, 'Cut off.');
  // Something happens meanwhile, by a way that is not cut.
  await other.getByRole('button', { name: 'Pause' }).click();
  await shown(other, 'Paused: nothing new is begun');
  wire.mend();
  await ana.getByRole('heading', { name: 'Paused: nothing new is begun' }).waitFor();
  await word(ana, 'Live.');
  await unloaded(ana);
  ok('a stream that was cut off resumes, and nothing was missed');
  await ana.getByRole('button', { name: 'Go on', exact: true }).first().click();
  await ana.getByRole('heading', { name: 'Everything is proved: the old key can be revoked' }).waitFor();
}

async function revoke(ana) {
  await ana.goto(origin + '/rotations/heroku-log-drain-token/4');
  const typed = () => ana.getByLabel('Type heroku-log-drain-token');
  await typed().fill('heroku-log-drain-token');
  await ana.getByRole('button', { name: /^Revoke / }).click();
  await ana.getByRole('heading', { name: 'Say once more who you are' }).waitFor();
  await ana.getByRole('button', { name: 'It is me' }).click();
  await ana.waitForURL('**/rotations/heroku-log-drain-token/4*');
  await shown(ana, 'Nothing was done yet');
  await typed().fill('heroku-log-drain-token');
  await mark(ana);
  await ana.getByRole('button', { name: /^Revoke / }).click();
  await ana.getByRole('heading', { name: /^Done: every place is on the new key/ }).waitFor();
  ok('the revoke asks for the name, and once more who it is');
}

async function passkey(ana) {
  const cdp = await ana.context().newCDPSession(ana);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true } });
  await ana.goto(origin + '/sign-in/ways');
  await ana.getByLabel('What you call it').fill('laptop');
  await ana.getByRole('button', { name: 'Add a passkey' }).click();
  await shown(ana, 'laptop');
  await ana.goto(origin + '/');
  await ana.getByRole('button', { name: 'Sign out' }).click();
  await ana.waitForURL('**/sign-in');
  await ana.getByRole('button', { name: 'Use a passkey' }).click();
  await ana.waitForURL(origin + '/');
  await shown(ana, 'signed in as');
  ok('a passkey is added, and signs in');
}

async function auditVerify(bo) {
  await bo.goto(origin + '/audit');
  await bo.getByRole('button', { name: 'Verify the log' }).click();
  await shown(bo, 'The log is as it was signed.');
  const [file] = await Promise.all([bo.waitForEvent('download'), bo.getByRole('link', { name: 'Export' }).click()]);
  assert.equal(file.suggestedFilename(), 'pawl-audit.jsonl');
  ok('the log is verified, and taken home');
}

async function keyboard(ana) {
  await ana.goto(origin + '/credentials');
  await ana.keyboard.press('?');
  await ana.getByRole('heading', { name: 'Keyboard' }).waitFor();
  await ana.getByRole('button', { name: 'Close' }).click();
  await ana.keyboard.press('/');
  assert.equal(await ana.evaluate(() => document.activeElement.id), 'q');
  await ana.keyboard.press('Tab');
  await ana.locator('h1').click();
  await ana.keyboard.press('g');
  await ana.keyboard.press('n');
  await ana.waitForURL(origin + '/');
  await ana.keyboard.press('?');
  await ana.getByLabel('Keys of one letter do something here').uncheck();
  await ana.getByRole('button', { name: 'Close' }).click();
  await ana.keyboard.press('g');
  await ana.keyboard.press('c');
  await ana.keyboard.press('?');
  assert.equal(ana.url(), origin + '/');
  assert.equal(await ana.locator('dialog[open]').count(), 0);
  await ana.getByRole('button', { name: 'Keyboard' }).click();
  await ana.getByLabel('Keys of one letter do something here').check();
  ok('keys do what the list says, and can be switched off');
}

async function withoutScripts(cookies) {
  const plain = await person('', { javaScriptEnabled: false, storageState: { cookies, origins: [] } });
  await plain.goto(origin + '/rotations/heroku-mobile-token/4');
  await plain.getByRole('button', { name: 'Pause' }).click();
  await plain.getByRole('heading', { name: 'Paused: nothing new is begun' }).waitFor();
  await plain.getByRole('button', { name: 'Go on' }).click();
  await plain.getByRole('button', { name: 'Pause' }).waitFor();
  await plain.context().close();
  ok('without JavaScript the forms do the same');
}

const pages = ['/', '/credentials', '/credentials?state=overdue&q=none', '/credentials/heroku-api-key', '/rotations/heroku-mobile-token/4', '/rotations/heroku-review-apps-token/2',
  '/rotations/heroku-mobile-token/3', '/calendar', '/approvals', '/consumers', '/consumers?of=acme-api-prod', '/connections', '/audit', '/settings', '/no/such/page', '/team', '/team/me', '/sign-in/ways', '/sign-in?again', '/demo/again'];

async function accessible(name, cookies, pages) {
  for (const colorScheme of ['light', 'dark']) {
    const page = await person('', { colorScheme, storageState: { cookies, origins: [] } });
    for (const path of pages) {
      await page.goto(origin + path);
      for (const width of [390, 1280]) {
        await page.setViewportSize({ width, height: 900 });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(over, 0, `${path} is wider than ${width}`);
        const { violations } = await new AxeBuilder({ page }).setLegacyMode().withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']).analyze();
        assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ')}`), [], `${path}, ${colorScheme}, ${width} wide`);
      }
    }
    await page.context().close();
    ok(`axe finds nothing on ${pages.length} pages as ${name}, ${colorScheme}`);
  }
}

try {
  await signIn();
  const ana = await person('ana');
  const bo = await person('bo');
  await (await person('cleo')).context().close();
  ok('each person comes in by their link');
  await approval(ana, bo);
  await planAndRun(ana);
  await dropAndResume(ana);
  await revoke(ana);
  await passkey(ana);
  await auditVerify(bo);
  await keyboard(ana);
  await withoutScripts((await ana.context().storageState()).cookies);
  await accessible('bo', (await bo.context().storageState()).cookies, pages);
  await accessible('nobody', [], ['/sign-in', links.cleo.slice(origin.length)]);
  await accessible('cleo', (await (await person('cleo')).context().storageState()).cookies, ['/team']); // the forms of who administers
  await accessible('ana', (await ana.context().storageState()).cookies, pages.filter((p) => /heroku-(api-key|mobile-token\/4)$/.test(p))); // the forms of who operates
  console.log('all of it held');
} catch (err) {
  console.error(err);
  if (wrong.length) console.error('also:', wrong);
  process.exitCode = 1;
} finally {
  await browser.close();
  await straight.close();
  wire.close();
  child.kill('SIGINT');
}
