/* Yasqe instead of the plain text field: its own words to complete, nothing from elsewhere, and a way out by keyboard. */
"use strict";
const openEditor = (form, field) => {
  const room = document.createElement("div");
  room.id = "editor";
  field.after(room);
  const label = document.getElementById("query-label");
  const none = { prefixes: {}, classes: [], properties: [], values: [] };
  const known = fetch(form.dataset.words).then((answer) => (answer.ok ? answer.json() : none)).catch(() => none);
  let arrived = false;
  known.then(() => { arrived = true; });
  // Until Yasqe has a list in bulk it offers all of it, whatever was typed: so each question is answered from the words.
  const among = (list) => async (yasqe, token) => {
    const words = list(await known);
    if (!token) return words;
    const typed = token.autocompletionString ?? token.string.trim();
    return typed ? words.filter((word) => word.startsWith(typed)) : [];
  };

  const prefixes = among((words) => Object.entries(words.prefixes).map(([name, iri]) => `${name}: <${iri}>`).sort());
  Yasqe.forkAutocompleter("prefixes", {
    name: "own-prefixes", persistenceId: null, bulk: false,
    // Each key behind an undeclared prefix asks to have it declared: of many that wait, each would declare it.
    get: async (yasqe, token) => (token?.autocompletionString && !arrived ? [] : prefixes(yasqe, token)),
  }, false);
  Yasqe.forkAutocompleter("property", { name: "own-properties", persistenceId: null, bulk: false, get: among(({ properties }) => properties) }, false);
  Yasqe.forkAutocompleter("class", { name: "own-classes", persistenceId: null, bulk: false, get: among(({ classes }) => classes) }, false);
  // Values that occur: "Fe", <https://…/facility/…>, with what they are called and how often.
  const notes = new Map();
  Yasqe.registerAutocompleter({
    name: "own-values", bulk: false, autoShow: false, persistenceId: null,
    isValidCompletionPosition: (yasqe) => {
      const cursor = yasqe.getDoc().getCursor();
      const start = yasqe.getDoc().getLine(cursor.line).slice(0, cursor.ch);
      return /(?:^|\s)["<][^"<>\s]*$/.test(start) && !/(?:^|[{.;\s])a\s+<[^<>]*$/.test(start);
    },
    preProcessToken: (yasqe, token) => {
      const cursor = yasqe.getDoc().getCursor();
      const start = yasqe.getDoc().getLine(cursor.line).slice(0, cursor.ch);
      const typed = start.slice(Math.max(start.lastIndexOf('"'), start.lastIndexOf("<")));
      return { ...token, start: cursor.ch - typed.length, end: cursor.ch, string: typed, autocompletionString: typed };
    },
    get: async (yasqe, token) => {
      const typed = (token?.autocompletionString ?? "").toLowerCase();
      const { values } = await known;
      const found = values.filter((item) => item.value.toLowerCase().startsWith(typed) ||
        (typed.startsWith("<") && item.label.toLowerCase().includes(typed.slice(1))));
      for (const item of found) notes.set(item.value, item.count ? `${item.label} · ${item.count}` : item.label);
      return found.map((item) => item.value);
    },
    postprocessHints: (yasqe, hints) => {
      for (const hint of hints) {
        const note = notes.get(hint.displayText);
        if (note) hint.displayText = `${hint.displayText}  ${note}`;
      }
      return hints;
    },
  }, false);

  const editor = new Yasqe(room, {
    value: field.value,
    autocompleters: ["own-prefixes", "own-properties", "own-classes", "own-values", "variables"],
    prefixCcApi: null, persistenceId: null, consumeShareLink: null, createShareableLink: null, createShortLink: null,
    showQueryButton: false, resizeable: false, collapsePrefixesOnLoad: false, editorHeight: "auto",
    screenReaderLabel: label.textContent, lineWrapping: true, viewportMargin: Infinity,
    // Tab is the way on for who has no mouse.
    extraKeys: { Tab: false, "Shift-Tab": false, "Ctrl-Enter": () => form.requestSubmit(), "Cmd-Enter": () => form.requestSubmit(), "Ctrl-Space": (yasqe) => yasqe.autocomplete(), "Shift-Ctrl-F": (yasqe) => yasqe.autoformat(), "Ctrl-/": (yasqe) => yasqe.commentLines() },
  });
  const input = editor.getInputField();
  input.setAttribute("aria-label", label.textContent);
  input.setAttribute("aria-describedby", "editor-hint limits");
  label.addEventListener("click", (event) => { event.preventDefault(); editor.focus(); });
  document.getElementById("editor-hint").hidden = false;
  field.hidden = true;
  field.required = false;
  editor.on("change", () => { field.value = editor.getValue(); });
  return { value: () => editor.getValue(), fill: (text) => { editor.setValue(text); editor.focus(); }, editor };
};
