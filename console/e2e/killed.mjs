// A server of one's own, on simulated vendors: people sign in at an OpenID
// provider, and the server is killed (SIGKILL) while they work with it. Each time
// the page finds back to it, and nothing of what they did is lost.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import net from 'node:net';
import assert from 'node:assert/strict';
import { accessible, heading, launch, mark, shown, unloaded, watch, wireTo, within, word } from './lib.mjs';

const { ok, wrong, page: newPage } = watch('server');
const name = 'heroku-api-key', run1 = `/rotations/${name}/1`;

// A program that says one line when it is ready.
async function begin(command, args, input) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  if (input) child.stdin.write(input + '\n');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, line };
}

async function freePort() {
  const s = net.createServer().listen(0, '127.0.0.1');
  await once(s, 'listening');
  const { port } = s.address();
  s.close();
  await once(s, 'close');
  return port;
}

// The vendors, each behind a wire, and a catalog that leads through the wires. A
// second person has to agree to the revoke.
async function vendors(pawl, dir) {
  const catalog = path.join(dir, 'catalog');
  const { child, line } = await begin(pawl, ['sim', '--json', '--dir', catalog]);
  const all = JSON.parse(line), wires = {};
  const files = [path.join(catalog, 'connections.yaml'), path.join(catalog, 'credentials', name + '.yaml')];
  const texts = await Promise.all(files.map((f) => readFile(f, 'utf8')));
  for (const vendor of ['heroku', 'infisical', 'github', 'apps']) {
    wires[vendor] = await wireTo(Number(new URL(all[vendor].url).port));
    for (const i in texts) texts[i] = texts[i].replaceAll(all[vendor].url, wires[vendor].url);
  }
  texts[1] += '\napproval: {from: security, count: 1}\n';
  await Promise.all(files.map((f, i) => writeFile(f, texts[i])));
  return { child, catalog, wires, heroku: all.heroku };
}

// The server. When it begins for the first time it says the code of the first admin.
class Server {
  constructor(pawl, dir, catalog, port) {
    this.command = [pawl, ['serve', '--catalog', catalog, '--state', path.join(dir, 'state'), '--key-file', path.join(dir, 'key'), '--socket', path.join(dir, 's'), '--listen', `127.0.0.1:${port}`]];
    this.origin = `http://localhost:${port}`;
  }
  start(first = false) { return within(this.#start(first), 'the server does not say that it serves'); }
  async #start(first) {
    this.child = spawn(...this.command, { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = createInterface({ input: this.child.stderr });
    let link;
    for await (const line of said) {
      link = line.match(/http:\S+#pawl_c\w+/)?.[0];
      if (link || !first && line.includes('console on')) break;
    }
    this.child.stderr.resume();
    return link;
  }
  async kill() {
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
  async again() { await this.kill(); await this.start(); }
}

// At the provider: whoever is there signs in as one of its two users.
async function atProvider(page, user = 'test-user@localhost') {
  await page.locator('#username').fill(user);
  await page.locator('#password').fill('verysecure');
  await page.getByRole('button', { name: 'Login' }).click();
}

// The first admin comes in by the code, fetches the login, and invites somebody who
// may approve.
async function settle(page, server, link) {
  await page.goto(link);
  await heading(page, 'Sign in');
  await accessible(page, [390, 1280], 'the first sign-in');
  await page.getByLabel('Your short name').fill('ana');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await heading(page, 'How you sign in');
  await page.getByRole('link', { name: 'Sign in at Acme from now on' }).click();
  await atProvider(page);
  await page.waitForURL(server.origin + '/sign-in/ways');
  await heading(page, 'Vouched for by');
  await accessible(page, [390, 1280], 'a login that was fetched');
  await page.goto(server.origin + '/team');
  const form = page.locator('form', { has: page.getByRole('button', { name: 'Make an invitation' }) });
  await form.getByLabel('Short name').fill('bo');
  await form.getByLabel('Teams').fill('security');
  await form.getByLabel('approver').check();
  await form.getByRole('button').click();
  const code = await page.locator('.secret code').textContent();
  await accessible(page, [390, 1280], 'an invitation');
  ok('the first admin comes in by the code, makes a login at the provider theirs, and invites somebody');
  return code;
}

async function signOut(page) {
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL('**/sign-in');
}

async function signOutAndIn(page, server) {
  await signOut(page);
  await page.goto(server.origin + '/credentials/' + name);
  await page.getByRole('link', { name: 'Sign in at Acme' }).click();
  await atProvider(page, 'test-user2');
  await shown(page, 'nobody here does');
  await page.getByRole('link', { name: 'Sign in at Acme' }).click();
  await atProvider(page);
  await page.waitForURL(server.origin + '/credentials/' + name);
  await heading(page, name);
  ok('the provider lets in whom somebody here is, to where they wanted to go, and nobody else');
}

async function enterByCode(page, server, code) {
  await page.goto(server.origin + '/sign-in');
  await page.getByLabel('A code that you were given').fill(code);
  await page.getByRole('button', { name: 'Sign in with the code' }).click();
  await heading(page, 'How you sign in');
  await shown(page, 'used up');
  ok('who was invited comes in by the code');
}

async function duringAPlan(page, server, { heroku }) {
  const asked = heroku.hold(/^GET /);
  const failed = page.waitForEvent('framenavigated', (frame) => frame.url().startsWith('chrome-error:'));
  await page.getByRole('button', { name: 'Look at the plan' }).click({ noWaitAfter: true });
  await asked;
  await server.again();
  await failed;
  await page.goto(server.origin + '/credentials/' + name);
  await page.getByRole('button', { name: 'Look at the plan' }).click();
  await heading(page, 'The plan can be begun');
  ok('killed during a plan: who looked is still signed in, and looks again');
}

async function duringTheMint(page, server, { heroku }) {
  const made = heroku.lose(/^POST \/oauth\/authorizations /);
  await page.getByRole('button', { name: 'Begin exactly this' }).click();
  await page.waitForURL('**' + run1);
  await mark(page);
  await made;
  await word(page, 'Live.');
  await server.kill();
  await word(page, 'Cut off.');
  await server.start();
  await word(page, 'Live.');
  await heading(page, 'A second person has to agree');
  await unloaded(page);
  ok('killed while a page follows, and the new key was made but not heard of: the page finds back by itself, the rotation goes on');
}

async function afterTheApproval(ana, bo, server, { heroku }) {
  const glass = await ana.context().newPage(); // who may break it is shown how, folded away
  await glass.goto(server.origin + '/approvals');
  await glass.getByText('Break the glass').click();
  await glass.getByLabel('Why it cannot wait').waitFor();
  await accessible(glass, [390, 1280], 'the form that breaks the glass');
  await glass.close();
  await bo.goto(server.origin + '/approvals');
  const checked = heroku.hold(/^GET /);
  await bo.getByRole('button', { name: 'Approve this plan' }).click();
  await shown(bo, /Approved/);
  await checked;
  await server.again();
  await heading(ana, 'Everything is proved: the old key can be revoked');
  await unloaded(ana);
  await bo.goto(server.origin + '/approvals');
  await shown(bo, 'Nothing waits for an approval.');
  ok('killed between the approval and what follows it: the approval counts, and is not asked for again');
}

// A page that is left open when its person signs out elsewhere leads to the
// sign-in once there is something to show; one that is held still only says so.
async function leftOpen(ana, bo, server) {
  const left = await bo.context().newPage();
  await left.goto(server.origin + run1);
  await word(left, 'Live.');
  const held = await bo.context().newPage();
  await held.goto(server.origin + run1);
  await word(held, 'Live.');
  await held.getByRole('button', { name: 'Hold still' }).click();
  await signOut(bo);
  await ana.getByRole('button', { name: 'Pause' }).click();
  await left.waitForURL('**/sign-in?next=' + encodeURIComponent(run1));
  await ana.getByRole('button', { name: 'Go on' }).first().click();
  await heading(ana, 'Everything is proved: the old key can be revoked');
  await server.again();
  await word(held, 'You are signed out.');
  ok('a page that was left open when its person signed out elsewhere leads to the sign-in, or says so');
}

async function duringTheRevoke(page, server, { heroku }) {
  const type = async () => {
    await page.getByLabel('Type ' + name).fill(name);
    await page.getByRole('button', { name: /^Revoke / }).click();
  };
  await type();
  await heading(page, 'Say once more who you are');
  await page.getByRole('link', { name: 'Sign in at Acme' }).click();
  await atProvider(page);
  await page.waitForURL('**' + run1 + '*');
  await shown(page, 'Nothing was done yet');
  ok('the revoke asks once more who it is, and the provider asks again who had been signed in there');

  await signOut(page);
  await page.goto(server.origin + run1);
  await page.getByRole('link', { name: 'Sign in at Acme' }).click();
  await atProvider(page);
  await page.waitForURL('**' + run1);
  await type();
  await heading(page, 'Say once more who you are');
  await page.getByRole('link', { name: 'Sign in at Acme' }).click();
  await page.locator('#username').waitFor();
  await server.again();
  await atProvider(page);
  await shown(page, 'begin again');
  await page.getByRole('link', { name: 'Sign in at Acme' }).click();
  await atProvider(page);
  await page.waitForURL(server.origin + '/'); // where they wanted to go was forgotten with the server
  await page.getByRole('link', { name: 'Open ' + name }).click();
  await heading(page, 'Everything is proved: the old key can be revoked');
  ok('killed while somebody says once more who they are: they are told to begin again, and nothing was revoked');

  const revoked = heroku.lose(/^DELETE \/oauth\/authorizations\//);
  await type();
  await revoked;
  await page.waitForURL('**' + run1 + '*');
  await mark(page);
  await word(page, 'Live.');
  await server.kill();
  await word(page, 'Cut off.');
  await server.start();
  await heading(page, /^Done: every place is on the new key/);
  await unloaded(page);
  ok('killed when the old key was revoked but not heard of: it is looked at, and the rotation ends completed');
}

// Nothing is lost: the log is whole, and of the keys there is one.
async function whole(page, server, heroku) {
  await page.goto(server.origin + '/audit');
  await page.getByRole('button', { name: 'Verify the log' }).click();
  await shown(page, 'The log is as it was signed.');
  const head = { Authorization: `Bearer ${heroku.token}`, Accept: 'application/vnd.heroku+json; version=3' };
  const keys = await (await fetch(heroku.url + '/oauth/authorizations', { headers: head })).json();
  const live = keys.filter((k) => k.description?.startsWith('acme-platform-token'));
  assert.equal(live.length, 1, JSON.stringify(live.map((k) => k.description)));
  await page.goto(server.origin + '/');
  await shown(page, 'Nothing needs you');
  ok('after all these deaths the log verifies, one key is left at the vendor, and nothing needs anybody');
}

export async function run(pawl, provider, browserPath) {
  const dir = await mkdtemp(path.join(tmpdir(), 'pawl-e2e-'));
  const stop = [];
  try {
    const v = await vendors(pawl, dir);
    stop.push(() => v.child.kill('SIGINT'), () => Object.values(v.wires).forEach((w) => w.close()));
    const port = await freePort();
    const op = await begin(provider, [], `http://localhost:${port}/sign-in/oidc/acme/callback`);
    stop.push(() => op.child.stdin.end());
    await writeFile(path.join(v.catalog, 'secrets', 'oidc'), 'CANARY-client-secret', { mode: 0o600 });
    await writeFile(path.join(v.catalog, 'sign-in.yaml'), `version: 1\nproviders:\n  - {name: acme, title: Acme, issuer: "${op.line}", client_id: pawl, client_secret: "file:secrets/oidc"}\n`);
    const server = new Server(pawl, dir, v.catalog, port);
    const link = await server.start(true);
    stop.push(() => server.kill());
    const browser = await launch(browserPath);
    stop.push(() => browser.close());
    const ana = await newPage(browser), bo = await newPage(browser);
    const code = await settle(ana, server, link);
    await enterByCode(bo, server, code);
    await signOutAndIn(ana, server);
    await duringAPlan(ana, server, v.wires);
    await duringTheMint(ana, server, v.wires);
    await afterTheApproval(ana, bo, server, v.wires);
    await leftOpen(ana, bo, server);
    await duringTheRevoke(ana, server, v.wires);
    await whole(ana, server, v.heroku);
  } catch (err) {
    if (wrong.length) console.error('also:', wrong);
    throw err;
  } finally {
    for (const f of stop.reverse()) await f();
    await rm(dir, { recursive: true, force: true });
  }
}
