// Every page of the demo as it looks: in both schemes, narrow and wide, and with
// texts as long as they can be.
import { accessible, demo, enter, heading, launch, longest, watch } from './lib.mjs';

const { ok, wrong, page: newPage } = watch('pages');

const pages = ['/', '/credentials', '/credentials?state=overdue&q=none', '/credentials/heroku-api-key', '/rotations/heroku-mobile-token/4', '/rotations/heroku-review-apps-token/2',
  '/rotations/heroku-mobile-token/3', '/calendar', '/approvals', '/consumers', '/consumers?of=acme-api-prod', '/connections', '/audit?by=credential&q=heroku-support-token', '/settings', '/no/such/page'];
const own = ['/team', '/team/me', '/sign-in/ways', '/sign-in?again', '/demo/again'];

export async function run(pawl, browserPath) {
  const { child, links, origin } = await demo(pawl);
  const browser = await launch(browserPath);
  const state = {}; // of each person's browser
  try {
    for (const name of Object.keys(links)) {
      const page = await newPage(browser);
      await enter(page, links[name]);
      if (name === 'ana') { // what is under way has come to where it waits
        await page.goto(origin + '/rotations/heroku-mobile-token/4');
        await heading(page, 'Everything is proved: the old key can be revoked');
        await page.goto(origin + '/rotations/heroku-ci-deploy-token/4');
        await heading(page, 'A second person has to agree');
      }
      state[name] = await page.context().storageState();
      await page.context().close();
    }
    // Those with forms in both schemes and at both widths, the others once in each.
    const look = async (name, paths, both) => {
      await Promise.all(['light', 'dark'].map(async (colorScheme) => {
        const page = await newPage(browser, { colorScheme, storageState: state[name] });
        for (const path of paths) {
          await page.goto(origin + path);
          await accessible(page, both ? [390, 1280] : [colorScheme === 'dark' ? 390 : 1280], `${path}, ${colorScheme}`);
        }
        await page.context().close();
      }));
      ok(`axe finds nothing on ${paths.length} pages as ${name}`);
    };
    await look('bo', pages, false);
    await look('bo', own, true);
    await look('nobody', ['/sign-in', links.cleo.slice(origin.length)], true);
    await look('cleo', ['/team', '/team/me'], true); // the forms of who administers
    await look('ana', ['/credentials/heroku-api-key', '/rotations/heroku-mobile-token/4', '/sign-in/ways'], true); // of who operates

    const page = await newPage(browser, { storageState: state.bo });
    const all = [...pages, ...own].filter((path) => !path.includes('again'));
    for (const path of all) {
      await page.goto(origin + path);
      await longest(page, [390, 1280], path);
    }
    ok(`texts as long as they can be wrap on ${all.length} pages`);
  } catch (err) {
    if (wrong.length) console.error('also:', wrong);
    throw err;
  } finally {
    await browser.close();
    child.kill('SIGINT');
  }
}
