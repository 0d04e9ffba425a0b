/* Buttons that copy the text beside them. They are hidden where this cannot run. */
"use strict";
const copying = (root) => {
  for (const button of root.querySelectorAll("button.copy")) {
    button.hidden = false;
    const label = button.textContent;
    button.addEventListener("click", async () => {
      const chosen = button.dataset.copy ? document.querySelector(button.dataset.copy) : null;
      const text = chosen ? new URL(chosen.getAttribute("href"), location.href).href
        : button.closest("details, section").querySelector("pre code").textContent;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        // Without a secure connection there is no clipboard to write to; the old way still works.
        const area = document.createElement("textarea");
        area.value = text;
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
        button.focus();
      }
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = label; }, 2000);
    });
  }
};
copying(document);
