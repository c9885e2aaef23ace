const PAUSE_MS = 25;

/** Waits until `probe` answers with something true, and answers with that; after `ms` it fails and says what was awaited. */
export async function until(what, probe, ms = 10_000) {
  const end = performance.now() + ms;
  for (;;) {
    const answer = await probe();
    if (answer) return answer;
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await pause(PAUSE_MS);
  }
}

/** Lets time pass in which something must not happen. */
export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
