/** Loads a style sheet once, and waits for it. */
export function loadStyle(address: string): Promise<void> {
  if (document.querySelector(`link[href="${address}"]`)) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = address;
  document.head.prepend(link); // before our own, which adapts it
  return new Promise((done) => { link.onload = link.onerror = () => done(); });
}
