/* Commands to copy name the address the catalog was made for; a catalog tried elsewhere answers where it was opened. */
"use strict";
const localising = (root) => {
  for (const element of root.querySelectorAll("span[data-base]")) {
    const url = new URL(element.textContent);
    if (url.origin !== location.origin) element.textContent = location.origin + url.pathname.replace(/\/$/, "");
  }
  for (const element of root.querySelectorAll("code[data-origin]")) {
    const base = new URL(element.dataset.origin);
    if (base.origin !== location.origin) {
      element.textContent = element.textContent.replaceAll(`${base.origin}/`, `${location.origin}/`);
    }
  }
};
localising(document);
