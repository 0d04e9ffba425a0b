/* A chart of a numeric column of a result, drawn by uPlot when the reader opens it. */
"use strict";
const charting = (root) => {
  const box = root.querySelector("details.chart");
  if (!box || typeof uPlot === "undefined") return;
  const table = root.querySelector("table.answer");
  const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
  const numeric = JSON.parse(box.dataset.numeric);
  const canvas = box.querySelector(".canvas");
  const [across, up, drawn] = ["chart-x", "chart-y", "chart-form"].map((id) => box.querySelector(`#${id}`));
  const option = (value, text) => Object.assign(document.createElement("option"), { value, textContent: text });
  across.append(option("", box.dataset.row), ...names.map((name, at) => option(at, name)));
  up.append(...numeric.map((name) => option(names.indexOf(name), name)));
  // The last number up, the first name across: what a count by something looks like.
  up.value = names.indexOf(numeric.at(-1));
  const word = names.findIndex((name) => !numeric.includes(name));
  across.value = word >= 0 ? word : numeric.length > 1 ? names.indexOf(numeric[0]) : "";
  if (across.value !== "" && numeric.includes(names[across.value])) drawn.value = "points";
  box.hidden = false;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const said = (cell) => (cell.querySelector(".label") ?? cell).textContent.trim();
  let plot;
  const draw = () => {
    plot?.destroy();
    canvas.replaceChildren();
    const rows = [...table.tBodies[0].rows];
    const x = across.value === "" ? null : Number(across.value);
    const measured = x !== null && numeric.includes(names[x]);
    const points = rows.map((row, at) => [measured ? Number(said(row.cells[x])) : at, Number(said(row.cells[up.value])), row])
      .filter(([left, value, row]) => Number.isFinite(left) && Number.isFinite(value) && said(row.cells[up.value]) !== "");
    if (measured) points.sort((one, other) => one[0] - other[0]);
    const words = x === null ? rows.map((_, at) => String(at + 1)) : rows.map((row) => said(row.cells[x]));
    const title = [x === null ? box.dataset.row : names[x], names[up.value]];
    const axis = { font: "12px sans-serif", labelFont: "12px sans-serif", labelSize: 20, stroke: colour("--quiet"), grid: { stroke: colour("--rule"), width: 1 }, ticks: { stroke: colour("--rule"), width: 1, size: 5 } };
    const paths = drawn.value === "bars" ? uPlot.paths.bars({ size: [0.7, 40] }) : drawn.value === "points" ? () => null : uPlot.paths.linear();
    const size = () => ({ width: canvas.clientWidth, height: 300 });
    const least = Math.min(...points.map((point) => point[1]));
    plot = new uPlot({
      ...size(),
      legend: { show: true },
      cursor: { drag: { x: true, y: false } },
      scales: {
        x: { time: false, range: (_, low, high) => (drawn.value === "bars" ? [low - 0.6, high + 0.6] : low === high ? [low - 1, high + 1] : [low, high]) },
        y: { range: (_, low, high) => [drawn.value === "bars" ? Math.min(0, least) : low - (high - low || 1) * 0.05, high + (high - low || 1) * 0.05] },
      },
      axes: [
        { ...axis, label: title[0], size: 40, values: (_, ticks) => ticks.map((tick) => (measured ? String(tick) : Number.isInteger(tick) ? (words[tick] ?? "").slice(0, 14) : "")) },
        { ...axis, label: title[1], size: 62 },
      ],
      series: [
        { label: title[0], value: (_, value) => (value == null ? "–" : measured ? String(value) : words[value] ?? "–") },
        { label: title[1], stroke: colour("--curve"), fill: drawn.value === "bars" ? colour("--curve") : undefined, width: 1.75, paths, points: { show: drawn.value === "points", size: 7, fill: colour("--curve") } },
      ],
    }, [points.map((point) => point[0]), points.map((point) => point[1])], canvas);
    canvas.setAttribute("aria-label", box.dataset.picture.replace("{x}", title[0]).replace("{y}", title[1]));
  };
  const redraw = () => { if (box.open) draw(); };
  box.addEventListener("toggle", redraw);
  for (const choice of [across, up, drawn]) choice.addEventListener("change", redraw);
  new ResizeObserver(() => { if (box.open && plot && canvas.clientWidth) plot.setSize({ width: canvas.clientWidth, height: 300 }); }).observe(canvas);
};
charting(document);
