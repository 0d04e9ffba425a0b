/* The query page with scripts: what runs can be cancelled, the result comes without a new page, examples fill the editor. */
"use strict";
(() => {
  const form = document.getElementById("ask");
  const field = document.getElementById("query");
  const outcome = document.getElementById("outcome");
  const state = document.getElementById("state");
  const run = document.getElementById("run");
  const cancel = document.getElementById("cancel");
  const limits = { word: "", clock: 0 };

  const plain = () => {
    field.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
    return { value: () => field.value, fill: (text) => { field.value = text; field.focus(); } };
  };
  let text;
  try {
    text = openEditor(form, field);
    window.editor = text.editor;
  } catch (error) {
    console.error(error);
    text = plain();
  }

  // 128 bits that nobody can guess: who knows the word may stop the query.
  const word = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const running = (on) => {
    run.disabled = on;
    cancel.hidden = !on;
    form.setAttribute("aria-busy", String(on));
    clearInterval(limits.clock);
    if (!on) return;
    const began = performance.now();
    const tick = () => { state.textContent = state.dataset.running.replace("{seconds}", Math.floor((performance.now() - began) / 1000)); };
    tick();
    limits.clock = setInterval(tick, 1000);
  };
  const show = (nodes) => {
    outcome.replaceChildren(...nodes);
    localising(outcome);
    copying(outcome);
    charting(outcome);
    const first = outcome.firstElementChild;
    if (!first) return;
    first.setAttribute("tabindex", "-1");
    first.focus({ preventScroll: true });
    first.scrollIntoView({ block: "start" });
  };
  const outcomeOf = (page) => {
    const whole = new DOMParser().parseFromString(page, "text/html");
    const result = whole.querySelector("#outcome");
    if (result) return [...result.children];
    const article = whole.querySelector("main article");
    // The editor still holds the query: the form of the error page would be a second one.
    article?.querySelector("form")?.remove();
    article?.classList.add("failure");
    const heading = article?.querySelector("h1");
    if (heading) {
      const smaller = document.createElement("h2");
      smaller.append(...heading.childNodes);
      heading.replaceWith(smaller);
    }
    return article ? [article] : [];
  };

  const ask = async (query, { keep }) => {
    const data = new URLSearchParams(new FormData(form));
    data.set("query", query);
    data.set("format", "html");
    const address = new URL(form.action);
    address.search = new URLSearchParams([...data].filter(([name]) => name !== "format"));
    limits.word = word();
    running(true);
    try {
      const answer = await fetch(form.action, {
        method: "POST", body: data,
        headers: { Accept: "text/html", "X-Query-Id": limits.word, "Accept-Language": document.documentElement.lang },
      });
      const page = await answer.text();
      const cancelled = page.includes("<code>query-cancelled</code>");
      if (keep && !cancelled) history.pushState({ query }, "", address);
      state.textContent = cancelled ? state.dataset.cancelled : state.dataset.done;
      if (cancelled) outcome.replaceChildren();
      else show(outcomeOf(page));
    } catch {
      state.textContent = state.dataset.lost;
    } finally {
      running(false);
    }
  };

  form.addEventListener("submit", (event) => {
    field.value = text.value();
    // Another format is a file: the browser fetches it as without scripts.
    if (document.getElementById("format").value !== "html") return;
    event.preventDefault();
    if (field.value.trim() && !run.disabled) ask(field.value, { keep: true });
  });
  cancel.addEventListener("click", () => fetch(form.dataset.cancel, { method: "POST", headers: { "X-Query-Id": limits.word } }));
  window.addEventListener("pagehide", () => {
    if (run.disabled) fetch(form.dataset.cancel, { method: "POST", headers: { "X-Query-Id": limits.word }, keepalive: true });
  });
  window.addEventListener("popstate", () => {
    const query = new URLSearchParams(location.search).get("query");
    if (query === null) return;
    text.fill(query);
    ask(query, { keep: false });
  });
  for (const link of document.querySelectorAll("a.fill")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      text.fill(link.dataset.query);
      document.querySelector("a.fill[aria-current]")?.removeAttribute("aria-current");
      link.setAttribute("aria-current", "true");
      form.scrollIntoView({ block: "nearest" });
    });
  }
  document.getElementById("results")?.scrollIntoView({ block: "start" });
})();
