"""The appearance and behaviour of the explorer's page: style, template and script."""

STYLE = """
:root { color-scheme: light dark;
  --ink: #1b1f24; --soft: #57606a; --page: #fff; --line: #d0d7de; --link: #0b57a4; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #e6e8eb; --soft: #a3abb5; --page: #16191d; --line: #3d444d; --link: #86bdf5; } }
* { box-sizing: border-box; }
body { color: var(--ink); background: var(--page); max-width: 100rem; margin: 0 auto;
  padding: 1rem; overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 .25rem; }
p { margin: .25rem 0; }
.soft { color: var(--soft); }
.both { display: grid; grid-template-columns: 18rem minmax(0, 1fr); gap: 1rem; margin-top: 1rem; }
label, legend, summary { font-size: .875rem; }
form > label { display: block; margin-bottom: .5rem; }
form select, form button { font: inherit; color: var(--ink); background: var(--page); width: 100%;
  border: 1px solid var(--line); border-radius: .4rem; padding: .25rem .4rem; }
fieldset { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; padding: .4rem; }
fieldset div { max-height: 11rem; overflow-y: auto; }
fieldset label { display: block; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem; margin-bottom: .5rem; }
#plot { height: min(78vh, 48rem); min-height: 24rem; background: #fff; }
@media (max-width: 48rem) { .both { display: block; } #plot { height: 26rem; } }
"""

BODY = """<p>{{ question }}</p>
<p class="soft">{{ note }}</p>
{% if thinned %}<p role="note"><strong>Thinned:</strong> {{ thinned }}</p>{% endif %}
<div class="both">
<form aria-label="What to draw">
<label>Across (x)<select name="x"></select></label>
<label>Up (y)<select name="y"></select></label>
<label>Colour by<select name="colour"></select></label>
<div class="pair">
<label>x axis<select name="xs"><option>linear</option><option>log</option></select></label>
<label>y axis<select name="ys"><option>linear</option><option>log</option></select></label>
<label>Draw<select name="draw"><option>lines</option><option>points</option></select></label>
<label>Checkpoints<select name="at"><option>all</option><option>last</option></select></label>
</div>
<details><summary>Choose runs</summary><div id="filters"></div></details>
<p><button type="reset">Start anew</button></p>
<p><output role="status" class="soft"></output></p>
<p class="soft">The address of this page holds the view: copy it to link to what you see.</p>
</form>
<div id="plot" role="img" aria-label="The plot"></div>
</div>
<script type="application/json" id="about">{{ about|tojson }}</script>
<script type="application/octet-stream" id="data">{{ data }}</script>"""

SCRIPT = r"""
"use strict";
const about = JSON.parse(document.getElementById("about").textContent);
const form = document.querySelector("form"), plot = document.getElementById("plot");
const told = form.querySelector("output"), all = "each run alike";
const names = about.metrics.map(metric => metric.name);
const labels = about.labels.filter(label => label.values.length > 1);
const fields = ["x", "y", "colour", "xs", "ys", "draw", "at"];
const number = value => Number.isNaN(value) ? "none" : Number(value.toPrecision(4)).toString();
const columns = new Map();
let stored, asked = 0;

function option(value, text) {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = text;
  return made;
}
function build() {
  for (const key of ["x", "y"]) for (const metric of about.metrics) {
    form[key].append(option(metric.name, metric.called));
  }
  form.colour.append(...labels.map(label => option(label.name, label.called)), option("", all));
  for (const label of labels) {
    const set = document.createElement("fieldset"), legend = document.createElement("legend");
    const list = document.createElement("div");
    legend.textContent = label.called;
    label.values.forEach((value, i) => {
      const line = document.createElement("label"), box = document.createElement("input");
      const name = `f.${label.name}`;
      Object.assign(box, {type: "checkbox", name, value: i, defaultChecked: true});
      line.append(box, ` ${value}`);
      list.append(line);
    });
    set.append(legend, list);
    document.getElementById("filters").append(set);
  }
}
const boxes = label => [...form.querySelectorAll(`[name="${CSS.escape(`f.${label.name}`)}"]`)];

// A column is unpacked when it is first drawn, so that a page with many columns opens fast. The
// bytes of its numbers lie in four planes, which compresses them better.
async function column(name) {
  if (!columns.has(name)) {
    stored ??= document.getElementById("data").textContent.trim().split("\n");
    const packed = Uint8Array.from(atob(stored[names.indexOf(name)]), c => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const planes = new Uint8Array(await new Response(stream).arrayBuffer());
    const n = about.rows, whole = new Uint8Array(4 * n);
    for (let k = 0; k < 4; k++) for (let i = 0; i < n; i++) whole[4 * i + k] = planes[k * n + i];
    columns.set(name, new Float32Array(whole.buffer));
  }
  return columns.get(name);
}

function chosenRuns() {
  const kept = labels.map(label => new Set(boxes(label).filter(b => b.checked).map(b => +b.value)));
  return about.runs.map((_, r) => labels.every((label, l) => kept[l].has(label.of[r])));
}
function traces(x, y, step) {
  const kept = chosenRuns(), groups = new Map();
  const colour = labels.find(label => label.name === form.colour.value);
  const log = {x: form.xs.value === "log", y: form.ys.value === "log"};
  const lines = form.draw.value === "lines" && form.at.value === "all";
  let row = 0, runs = 0, points = 0, missing = 0;
  about.counts.forEach((count, r) => {
    const first = form.at.value === "all" ? row : row + count - 1, end = row + count;
    row = end;
    if (!kept[r]) return;
    runs++;
    const key = colour ? colour.of[r] : 0;
    if (!groups.has(key)) groups.set(key, {x: [], y: [], text: []});
    const group = groups.get(key);
    const of = labels.map(label => `${label.called} ${label.values[label.of[r]]}`).join("<br>");
    for (let i = first; i < end; i++) {
      const seen = Number.isFinite(x[i]) && Number.isFinite(y[i])
        && (!log.x || x[i] > 0) && (!log.y || y[i] > 0);
      if (!seen) missing++;
      if (!seen && !lines) continue;
      if (seen) points++;
      group.x.push(seen ? x[i] : null);
      group.y.push(seen ? y[i] : null);
      group.text.push(`run ${about.runs[r]}, step ${step[i]}<br>${of}`);
    }
    if (lines) { group.x.push(null); group.y.push(null); group.text.push(""); }
  });
  const shown = `${points} point${points === 1 ? "" : "s"}`;
  told.textContent = `${runs} of ${about.runs.length} runs, ${shown}`
    + (missing ? `; ${missing} have no value that these axes can show` : "");
  const many = points > 2000;
  const gl = many && document.createElement("canvas").getContext("webgl");
  return [...groups].sort(([a], [b]) => a - b).map(([key, group]) => {
    // Thousands of marks hide the lines and take most of the time to draw. But a point without
    // neighbours has no line, and needs its mark.
    const bare = lines && many && !group.x.some(alone);
    return {
      ...group, type: gl && !bare ? "scattergl" : "scatter",
      mode: bare ? "lines" : lines ? "lines+markers" : "markers",
      name: colour ? escaped(colour.values[key]) : all, connectgaps: false,
      marker: {color: colour ? colour.colours[key] : "#0173b2", size: lines ? 4 : 7},
      line: {color: colour ? colour.colours[key] : "#0173b2", width: 1.2},
      hovertemplate: `%{text}<br>${title("x")} %{x:.4~g}<br>${title("y")} %{y:.4~g}<extra></extra>`,
    };
  });
}
const alone = (value, i, every) => value !== null
  && (every[i - 1] ?? null) === null && (every[i + 1] ?? null) === null;
const escaped = text => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const title = key => escaped(form[key].value);
// The plot is on white in either scheme: colours of ordered values go from dark to light.
const ink = "#1b1f24", line = "#d0d7de";
function axis(key) {
  return {title: {text: title(key)}, type: form[`${key}s`].value, gridcolor: line, color: ink,
    linecolor: line, zerolinecolor: line, exponentformat: "power", automargin: true};
}
async function draw() {
  const turn = ++asked, state = document.documentElement.dataset;
  state.ready = "no";
  const [x, y, step] = await Promise.all([form.x.value, form.y.value, "step"].map(column));
  if (turn !== asked) return;  // the reader has chosen something else since
  const colour = labels.find(label => label.name === form.colour.value);
  const narrow = innerWidth < 768;
  Plotly.react(plot, traces(x, y, step), {
    paper_bgcolor: "#fff", plot_bgcolor: "#fff",
    font: {color: ink, family: "system-ui, sans-serif"},
    xaxis: axis("x"), yaxis: axis("y"), hovermode: "closest",
    showlegend: true, margin: {t: 20, r: 10, b: 50, l: 60}, uirevision: "same",
    legend: {title: {text: colour ? escaped(colour.called) : ""}, orientation: narrow ? "h" : "v",
      ...(narrow && {y: -0.25})},
    hoverlabel: {align: "left"},
  }, {responsive: true, displaylogo: false, displayModeBar: !narrow,
    modeBarButtonsToRemove: ["select2d", "lasso2d"]});
  plot.setAttribute("aria-label", `${form.y.value} against ${form.x.value}: ${told.textContent}`);
  state.ready = "yes";
}

function defaults() {
  form.x.value = "step";
  form.y.value = names.includes("accuracy_test") ? "accuracy_test" : names.at(-1);
  const first = labels.find(label => label.name !== "seed") ?? labels[0];
  form.colour.value = first ? first.name : "";
  form.xs.value = "log";
}
function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  for (const key of fields) {
    const value = given.get(key);
    if (value !== null && [...form[key].options].some(o => o.value === value)) {
      form[key].value = value;
    }
  }
  for (const label of labels) {
    const kept = given.getAll(`f.${label.name}`);
    for (const box of boxes(label)) {
      box.checked = !kept.length || kept.includes(String(label.values[box.value]));
    }
  }
}
function write() {
  const view = new URLSearchParams(fields.map(key => [key, form[key].value]));
  for (const label of labels) {
    const kept = boxes(label).filter(box => box.checked);
    if (kept.length === label.values.length) continue;
    for (const box of kept) view.append(`f.${label.name}`, label.values[box.value]);
    if (!kept.length) view.append(`f.${label.name}`, "");
  }
  history.replaceState(null, "", `#${view}`);
}
build();
defaults();
read();
draw().then(() => {
  form.addEventListener("change", () => { draw(); write(); });
  form.addEventListener("reset", () => setTimeout(() => { defaults(); draw(); write(); }));
  form.addEventListener("submit", event => event.preventDefault());
  addEventListener("hashchange", () => { read(); draw(); });
}, error => { told.textContent = `This browser cannot unpack the data: ${error.message}`; });
"""
