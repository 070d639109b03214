// Talks to the browser's authenticators. Without it people sign in by a provider
// or a code; the buttons are hidden then.
const box = document.querySelector("#passkey");
const problem = document.querySelector("#passkey-problem");
const able = globalThis.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON && PublicKeyCredential.parseCreationOptionsFromJSON;

async function post(path, body) {
  const res = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body ?? {}) });
  const said = await res.json();
  if (!res.ok) throw Object.assign(new Error(said.problem), { again: said.again });
  return said;
}

async function signIn() {
  const query = location.search;
  const { publicKey } = await post("/sign-in/passkey/begin" + query);
  const key = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
  return post("/sign-in/passkey/finish", key.toJSON());
}

async function add() {
  const { publicKey } = await post("/sign-in/passkeys/begin");
  const key = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) });
  const name = document.querySelector("#key-name").value;
  return post("/sign-in/passkeys/finish?name=" + encodeURIComponent(name), key.toJSON());
}

if (box && able) {
  box.hidden = false;
  const button = box.querySelector("button");
  button.addEventListener("click", async () => {
    button.disabled = true;
    problem.textContent = "";
    try {
      if (box.dataset.does === "add") {
        await add();
        location.reload(); // where they go on to is in the address
        return;
      }
      const { next } = await signIn();
      location.assign(next);
    } catch (err) {
      if (err.again) location.assign(box.dataset.again);
      problem.textContent = err.name === "NotAllowedError" ? "Nothing was done: the browser got no answer, or a no." : err.message;
      button.disabled = false;
      button.focus();
    }
  });
}

// A code that came in the part of the address that browsers keep to themselves.
const code = document.querySelector("#code");
if (code && location.hash.startsWith("#pawl_c")) {
  code.value = location.hash.slice(1);
  history.replaceState(null, "", location.pathname + location.search);
}
