// Drives the program in a real browser: node e2e.mjs PAWL PROVIDER [CHROMIUM [demo|pages|server]]. The
// demo, how each page looks, and a server of one's own that people come to by an
// OpenID provider, and that is killed while they use it. Every step says what it
// showed; the first that does not hold ends its part.
import * as demo from './demo.mjs';
import * as killed from './killed.mjs';
import * as pages from './pages.mjs';

const [, , pawl, provider, browser = '/usr/bin/chromium', only] = process.argv;
const parts = { demo: () => demo.run(pawl, browser), pages: () => pages.run(pawl, browser), server: () => killed.run(pawl, provider, browser) };
const ends = await Promise.allSettled(Object.keys(parts).filter((name) => !only || only === name).map((name) => parts[name]())); // they mostly wait
for (const end of ends) if (end.status === 'rejected') console.error(end.reason);
if (ends.some((end) => end.status === 'rejected')) process.exitCode = 1;
else console.log('all of it held');
