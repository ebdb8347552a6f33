// What the window is called: the page, then the product.

import { useEffect } from "preact/hooks";

/** Names the window; nothing leaves it to another part of the page. */
export function useTitle(name: string | undefined) {
  useEffect(() => { if (name) document.title = `${name} · Zeebe Fleet`; }, [name]);
}
