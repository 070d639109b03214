// The demo, from the sign-in to the revoke.
import assert from 'node:assert/strict';
import { demo, enter, launch, mark, shown, unloaded, watch, wireTo, word } from './lib.mjs';

let links, origin, wire, browser, straight;
const { ok, wrong, page: newPage } = watch('demo');

async function person(name, options = {}) {
  const page = await newPage(browser, options);
  if (links[name]) await enter(page, links[name]);
  return page;
}

async function signIn() {
  const nobody = await person('nobody');
  await nobody.goto(origin + '/credentials');
  assert.match(nobody.url(), /\/sign-in\?next=%2Fcredentials$/);
  await nobody.context().close();
  ok('without a sign-in there is only the way to it');
}

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

// What was asked for and did not come is asked for again: the stream was told of
// the change before it was cut.
async function cutWhileLoading(ana) {
  await mark(ana);
  await word(ana, 'Live.');
  const asked = wire.hold(/^GET \/rotations\//);
  const other = await (await straight.newContext({ storageState: await ana.context().storageState() })).newPage();
  await other.goto(ana.url());
  await other.getByRole('button', { name: 'Pause' }).click();
  await asked;
  wire.cut();
  await word(ana, 'could not be shown', 'Cut off.');
  wire.mend();
  await ana.getByRole('heading', { name: 'Paused: nothing new is begun' }).waitFor();
  await word(ana, 'Live.');
  await unloaded(ana);
  await other.getByRole('button', { name: 'Go on', exact: true }).first().click();
  await ana.getByRole('heading', { name: 'Everything is proved: the old key can be revoked' }).waitFor();
  await other.context().close();
  ok('what changed is shown although the connection broke while it was loaded');
}

// On a slow line each script may come long after the one before it: the page
// follows all the same.
async function slowScripts(ana) {
  for (const late of ['hx-csp', 'hx-sse', 'pawl']) {
    const context = await straight.newContext({ storageState: await ana.context().storageState() });
    await context.route(new RegExp(`/${late}[^/]*\\.js`), async (route) => { await new Promise((r) => setTimeout(r, 700)); await route.continue(); });
    const slow = await context.newPage();
    await slow.goto(ana.url());
    await word(slow, 'Live.');
    await context.close();
  }
  ok('a page whose scripts come late, one after another, follows what happens');
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

async function invite(cleo) {
  await cleo.goto(origin + '/settings');
  await cleo.getByRole('link', { name: 'Team', exact: true }).click();
  const ask = async () => {
    await cleo.getByLabel('Short name').fill('kim');
    await cleo.getByRole('button', { name: 'Make an invitation' }).click();
  };
  await ask();
  await cleo.getByRole('link', { name: 'Say once more who you are' }).click();
  await cleo.getByRole('button', { name: 'It is me' }).click();
  await cleo.waitForURL('**/team?shown*');
  await shown(cleo, 'Nothing was done yet');
  await ask();
  await shown(cleo, 'It is not shown again.');
  ok('an invitation asks once more who it is, leads back, and shows its code once');
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

export async function run(pawl, browserPath) {
  const house = await demo(pawl);
  ({ links, origin } = house);
  const port = Number(new URL(origin).port);
  wire = await wireTo(port);
  browser = await launch(browserPath, `--host-resolver-rules=MAP localhost:${port} 127.0.0.1:${wire.port}`);
  straight = await launch(browserPath); // not by the wire
  try {
    await signIn();
    const ana = await person('ana');
    const bo = await person('bo');
    const cleo = await person('cleo');
    ok('each person comes in by their link');
    await approval(ana, bo);
    await planAndRun(ana);
    await dropAndResume(ana);
    await cutWhileLoading(ana);
    await slowScripts(ana);
    await revoke(ana);
    await passkey(ana);
    await invite(cleo);
    await auditVerify(bo);
    await keyboard(ana);
    await withoutScripts((await ana.context().storageState()).cookies);
  } catch (err) {
    if (wrong.length) console.error('also:', wrong);
    throw err;
  } finally {
    await browser.close();
    await straight.close();
    wire.close();
    house.child.kill('SIGINT');
  }
}
