// "Send test event": goes the whole way, from this browser through ingest, digest and triage, and waits
// until it can be read.

// A quiet server needs a second; beyond this something is wrong.
const PATIENCE_MS = 30_000;
const POLL_MS = 500;

/** Make the button of a set-up page work. */
export function watchSetup() {
  const test = document.querySelector("[data-test]");
  if (!(test instanceof HTMLElement)) return;
  const button = /** @type {HTMLButtonElement} */ (test.querySelector("button"));
  const state = /** @type {HTMLElement} */ (test.querySelector(".test-state"));
  button.addEventListener("click", async () => {
    button.disabled = true;
    show(state, "waiting");
    try {
      const id = await send(test.dataset.appKey ?? "");
      const arrived = await wait(`/api/v1/events/${id}`);
      show(state, arrived ? "arrived" : "late", arrived ? `/events/${id}` : "");
    } catch (error) {
      show(state, "late");
      state.append(` ${error instanceof Error ? error.message : error}`);
    }
    button.disabled = false;
  });
}

/** @param {string} key */
async function send(key) {
  const answer = await fetch("/api/v1/errors", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-App-Key": key },
    body: JSON.stringify({
      errorCode: "TEST", errorType: "TestEvent", message: "It works", severity: "info", environment: "development",
    }),
  });
  const { success, id, error } = await answer.json();
  if (!success) throw new Error(error);
  return id;
}

/** Whether an event with an issue is there in time. @param {string} path */
async function wait(path) {
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end; ) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    const answer = await fetch(path);
    if (answer.ok && (await answer.json()).issueId) return true;
  }
  return false;
}

/** @param {HTMLElement} state @param {"waiting" | "arrived" | "late"} what @param {string} [link] */
function show(state, what, link = "") {
  state.className = `test-state ${what}`;
  state.textContent = state.dataset[what] ?? "";
  if (!link) return;
  const anchor = document.createElement("a");
  anchor.href = link;
  anchor.textContent = "→";
  state.append(" ", anchor);
}
