/* Draws each spectrum of the page with uPlot; the drawing made on the server stays where this cannot run. */
"use strict";
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Dashed lines at the tabulated edge energies, with a small label.
  const edges = (energies, label) => ({
    hooks: {
      drawAxes: (plot) => {
        const { ctx, bbox } = plot;
        const scale = window.devicePixelRatio || 1;
        ctx.save();
        ctx.strokeStyle = colour("--mark");
        ctx.fillStyle = colour("--mark");
        ctx.lineWidth = scale;
        ctx.setLineDash([4 * scale, 4 * scale]);
        ctx.font = `${11 * scale}px sans-serif`;
        ctx.textAlign = "left";
        ctx.textBaseline = "top";
        for (const energy of energies) {
          const x = Math.round(plot.valToPos(energy, "x", true));
          if (x < bbox.left || x > bbox.left + bbox.width) continue;
          ctx.beginPath();
          ctx.moveTo(x, bbox.top);
          ctx.lineTo(x, bbox.top + bbox.height);
          ctx.stroke();
          const text = `${label} ${energy}`;
          const room = bbox.left + bbox.width - x > ctx.measureText(text).width + 8 * scale;
          ctx.textAlign = room ? "left" : "right";
          ctx.fillText(text, x + (room ? 5 : -5) * scale, bbox.top + 3 * scale);
        }
        ctx.restore();
      },
    },
  });

  const draw = (figure, curve) => {
    const canvas = figure.querySelector(".canvas");
    const data = figure.dataset;
    const energies = data.edges ? data.edges.split(" ").map(Number) : [];
    const size = () => ({ width: canvas.clientWidth, height: Math.max(160, canvas.clientHeight - 34) });
    const axis = (label) => ({
      label, labelSize: 20, labelGap: 0, labelFont: "12px sans-serif", font: "12px sans-serif",
      stroke: colour("--quiet"), grid: { stroke: colour("--rule"), width: 1 }, ticks: { stroke: colour("--rule"), width: 1, size: 5 },
    });
    canvas.replaceChildren();
    const label = curve.label ? `${data.signal} (${curve.label})` : data.signal;
    const plot = new uPlot({
      ...size(),
      scales: { x: { time: false } },
      axes: [{ ...axis(data.energy), size: 34, values: (_, ticks) => ticks.map(String) }, { ...axis(label), size: 58 }],
      series: [
        { label: data.energy, value: (_, value) => (value == null ? "–" : String(value)) },
        { label, stroke: colour("--curve"), width: 1.75, points: { show: false },
          value: (_, value) => (value == null ? "–" : Number(value.toPrecision(6)).toString()) },
      ],
      cursor: { drag: { x: true, y: false } },
      plugins: [edges(energies, data.edge)],
    }, [curve.energy_ev, curve.signal], canvas);
    figure.querySelector(".hint").hidden = false;
    new ResizeObserver(() => plot.setSize(size())).observe(canvas);
    return plot;
  };

  const figures = [...document.querySelectorAll("figure[data-curve]")];
  const drawn = [];
  const show = async (figure) => {
    try {
      const answer = await fetch(figure.dataset.curve);
      if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      const curve = await answer.json();
      drawn.push({ figure, curve, plot: draw(figure, curve) });
      figure.dataset.drawn = "true";
    } catch (error) {
      const hint = figure.querySelector(".hint");
      hint.textContent = figure.dataset.failed;
      hint.hidden = false;
    }
  };
  figures.forEach(show);

  // Colours are painted into the canvas, so a change between light and dark paints it again.
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const item of drawn) {
      item.plot.destroy();
      item.plot = draw(item.figure, item.curve);
    }
  });
})();
