"""The appearance of the gallery's page and its filters: style, templates and script."""

STYLE = """
:root { color-scheme: light dark;
  --ink: #1b1f24; --soft: #57606a; --page: #f6f7f9; --card: #fff; --line: #d8dee4;
  --link: #0b57a4; --yes: #0b5394; --yes-bg: #e3f0fb; --no: #8a3c00; --no-bg: #fdebdc;
  --open: #4a4f55; --open-bg: #eceef0; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #e6e8eb; --soft: #a3abb5; --page: #14171b; --card: #1d2126; --line: #373d45;
  --link: #86bdf5; --yes: #a8d2ff; --yes-bg: #14344f; --no: #ffc08a; --no-bg: #4a2a10;
  --open: #c9ced4; --open-bg: #353a41; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 5.5rem; }
body { color: var(--ink); background: var(--page); max-width: 86rem; margin: 0 auto;
  padding: 1.5rem 1rem 4rem; overflow-wrap: break-word; }
a { color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: .5rem 0; }
h2 { font-size: 1.35rem; line-height: 1.25; margin: 2.5rem 0 .25rem; }
h3 { font-size: 1.05rem; line-height: 1.35; margin: .1rem 0 .4rem; }
h3 a, h2 a { color: inherit; text-decoration: none; }
h3 a:hover, h2 a:hover { text-decoration: underline; }
p { margin: .4rem 0; }
ul { margin: .4rem 0; padding: 0; list-style: none; }
.lead { font-size: 1.05rem; max-width: 60rem; }
small, .soft { color: var(--soft); }
small { display: inline; }
.row { display: flex; flex-wrap: wrap; gap: .35rem 1rem; align-items: baseline; margin: .4rem 0; }
.badge { display: inline-block; padding: 0 .5rem; border-radius: .3rem; font-size: .8125rem;
  font-weight: 600; white-space: nowrap; border: 1px solid currentColor; }
.yes { color: var(--yes); background: var(--yes-bg); }
.no { color: var(--no); background: var(--no-bg); }
.open { color: var(--open); background: var(--open-bg); }
form { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; gap: .5rem 1rem;
  align-items: end; background: var(--page); border-bottom: 1px solid var(--line);
  padding: .6rem 0; margin: 1rem 0 0; }
form label { font-size: .8125rem; color: var(--soft); }
select, button { display: block; font: inherit; color: var(--ink); background: var(--card);
  border: 1px solid var(--line); border-radius: .4rem; padding: .3rem .5rem; max-width: 100%; }
select { min-width: 10rem; }
button { cursor: pointer; }
output { padding: .35rem 0; font-variant-numeric: tabular-nums; }
.grid { display: grid; gap: 1.1rem; margin: 1rem 0;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 25rem), 1fr)); }
article { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  overflow: clip; min-width: 0; display: flex; flex-direction: column; }
article:target { outline: 3px solid var(--link); }
.thumb { display: block; background: #fff; border-bottom: 1px solid var(--line); padding: .4rem; }
.thumb img { display: block; width: 100%; height: 15rem; object-fit: contain; }
.thumb:focus-visible { outline-offset: -3px; }
.text { flex: 1; display: flex; flex-direction: column; padding: .7rem .9rem .8rem;
  font-size: .9375rem; line-height: 1.45; }
.kicker { display: flex; justify-content: space-between; gap: .5rem; margin: 0;
  font-size: .8125rem; color: var(--soft); }
.text > .links { margin-top: auto; padding-top: .5rem; }
.question { color: var(--soft); font-style: italic; }
.found { border-left: 3px solid var(--link); padding-left: .6rem; }
details > summary { cursor: pointer; }
.verdicts li { border-top: 1px solid var(--line); padding: .4rem 0; }
.verdicts summary { display: block; list-style: none; }
.verdicts summary::-webkit-details-marker { display: none; }
.verdicts summary::after { content: " ▸"; color: var(--soft); }
.verdicts [open] > summary::after { content: " ▾"; }
.estimate { font-variant-numeric: tabular-nums; white-space: nowrap; }
dl { margin: .4rem 0; font-size: .875rem; }
dt { color: var(--soft); }
dd { margin: 0 0 .35rem; }
code { font: .8125rem/1.45 ui-monospace, monospace; overflow-wrap: anywhere; }
.command { display: block; user-select: all; padding: .3rem .5rem; border-radius: .3rem;
  background: var(--open-bg); }
.table { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: .5rem .9rem; margin: .6rem 0; }
.scroll { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: 0 .5rem; }
.scroll table { margin: 0; }
caption { color: var(--soft); padding: .6rem .75rem; }
th, td { border-color: var(--line); padding: .45rem .75rem; }
thead th { border-color: var(--soft); }
tbody th[colspan] { padding-top: 1.1rem; font-size: 1.05rem; }
tbody th[scope=row] { font-weight: 400; min-width: 12rem; }
.why { min-width: 14rem; overflow-wrap: anywhere; }
[hidden] { display: none !important; }
@media (max-width: 45rem) {
  html { scroll-padding-top: 1rem; }
  form { position: static; }
  form label, select { width: 100%; }
  .thumb img { height: auto; max-height: 17rem; }
  .scroll table { font-size: .8125rem; }
  .scroll th, .scroll td { padding: .4rem .3rem; }
  .scroll th[scope=row], .scroll .why { min-width: 7rem; }
  nav.row { display: block; }
  nav.row a { display: block; padding: .15rem 0; }
}
@media (prefers-color-scheme: dark) { .thumb { filter: brightness(.93); } }
@media print { form, .links { display: none; } article { break-inside: avoid; } }
"""

VERDICTS = """{% macro badge(kind, mark, said) -%}
<span class="badge {{ kind }}"><span aria-hidden="true">{{ mark }} </span>{{ said }}</span>
{%- endmacro %}
{% macro verdicts(claims) %}
<ul class="verdicts" aria-label="Verdicts">
{% for claim in claims %}
<li><details><summary>{{ badge(claim.kind, claim.mark, claim.verdict) }}
{{ claim.sentence }}
<small><span class="estimate">{{ claim.interval }}</span> {{ claim.unit }}</small></summary>
<dl><dt>Predicted</dt><dd>{{ claim.predicted }}</dd>
<dt>Controls</dt><dd>{{ claim.controls or "none" }}</dd>
<dt>Rests on</dt><dd>{{ claim.rests }}{% if claim.note %};
 {{ claim.note }}{% endif %}</dd>
<dt>Where in the paper</dt><dd>{{ claim.where }}</dd></dl></details></li>
{% endfor %}
</ul>
{% endmacro %}
"""

BODY = (
    VERDICTS
    + """<p class="lead">{{ lead }}</p>
<div class="row" aria-label="All verdicts">
{% for kind, mark, told in tally %}{{ badge(kind, mark, told) }}
{% endfor %}
</div>
<nav aria-label="On this page" class="row">
{% for paper in papers %}<a href="#{{ paper.key }}">{{ paper.heading }}</a>
{% endfor %}<a href="#coverage">What is here, and what is not</a>
{% for name, link in pages %}<a href="{{ link }}">{{ name }}</a>
{% endfor %}
</nav>
<form aria-label="Choose figures" hidden>
<label>Paper<select name="paper"><option value="">every paper</option>
{% for paper in papers %}<option value="{{ paper.key }}">{{ paper.heading }}</option>
{% endfor %}</select></label>
<label>Metric<select name="metric"><option value="">every metric</option>
{% for metric in metrics %}<option value="{{ metric }}">{{ metric }}</option>
{% endfor %}</select></label>
<label>Verdict<select name="verdict"><option value="">every verdict</option>
{% for verdict in chosen %}<option value="{{ verdict }}">{{ verdict }}</option>
{% endfor %}</select></label>
<button type="reset">Show all</button>
<output role="status"></output>
</form>
{% for paper in papers %}
<section aria-labelledby="{{ paper.key }}">
<h2 id="{{ paper.key }}"><a href="#{{ paper.key }}">{{ paper.heading }}</a></h2>
<p class="soft">{{ paper.told }}</p>
<div class="grid">
{% for figure in paper.figures %}
<article id="{{ figure.name }}" aria-labelledby="{{ figure.name }}-title"
 data-paper="{{ paper.key }}" data-metric="{{ figure.metrics|join('|') }}"
 data-verdict="{{ figure.verdicts|join('|') }}">
<a class="thumb" href="{{ figure.links.PNG }}"><img
 src="{{ figure.picture }}" width="{{ figure.width }}" height="{{ figure.height }}"
 alt="{{ figure.label }}: {{ figure.title }}. Opens the whole picture."></a>
<div class="text">
<p class="kicker"><span>{{ figure.label }}</span><code>{{ figure.name }}</code></p>
<h3 id="{{ figure.name }}-title"><a href="#{{ figure.name }}">{{ figure.title }}</a></h3>
<p class="question">{{ figure.question }}</p>
{% if figure.found %}<p class="found">{{ figure.found }}</p>{% endif %}
{% if figure.claims %}{{ verdicts(figure.claims) }}{% endif %}
<details><summary>What was run, and how to make it alone</summary>
<dl><dt>Run</dt><dd>{{ figure.note }}</dd>
{% for study in figure.studies %}<dt>Study <code>{{ study.name }}</code></dt>
<dd>{{ study.told }}</dd>
{% endfor %}
{% for what, command in figure.commands %}<dt>{{ what }}</dt>
<dd><code class="command">{{ command }}</code></dd>
{% endfor %}</dl></details>
<p class="row links">{% for name, link in figure.links.items() %}<a href="{{ link }}"
 aria-label="{{ name }} of {{ figure.name }}">{{ name }}</a>
{% endfor %}</p>
</div>
</article>
{% endfor %}
</div>
{% for table in paper.tables %}
<div class="table" id="{{ table.name }}">
<h3>{{ table.label }}: {{ table.title }}</h3>
<p class="row links">{% for name, link in table.links.items() %}<a href="{{ link }}"
 aria-label="{{ name }} of {{ table.name }}">{{ name }}</a>
{% endfor %}</p>
{% if table.claims %}{{ verdicts(table.claims) }}{% endif %}
</div>
{% endfor %}
{% if paper.others %}
<div class="table">
<h3>Further claims</h3>
{{ verdicts(paper.others) }}
</div>
{% endif %}
</section>
{% endfor %}
<p id="none" hidden>No figure has all of these. Choose fewer, or show all.</p>
<section aria-labelledby="coverage">
<h2 id="coverage"><a href="#coverage">What is here, and what is not</a></h2>
<div class="scroll" tabindex="0" role="region" aria-labelledby="coverage">
<table>
<caption>What this repository makes of each paper, at which scale, and why not the rest. This page
shows what was made at scale {{ scale }}.</caption>
<thead><tr><th scope="col">What</th>
{% for name in scales %}<th scope="col">{{ name }}</th>{% endfor %}
<th scope="col">Remark</th></tr>
</thead>
{% for paper in covered %}
<tbody>
<tr><th colspan="{{ scales|length + 2 }}" scope="rowgroup">{{ paper.heading }}</th></tr>
{% for row in paper.coverage %}
<tr><th scope="row">{{ row.what }}</th>
{% for name in scales %}<td{% if not row.here[name] %} class="soft"{% endif %}>
{{- "yes" if row.here[name] else "no" }}</td>{% endfor %}

<td class="why">{% if row.tested %}Tested: <code>{{ row.tested }}</code>{% endif %}
{{ row.why }}</td></tr>
{% endfor %}
</tbody>
{% endfor %}
</table>
</div>
</section>"""
)

SCRIPT = """
"use strict";
const form = document.querySelector("form"), count = form.querySelector("output");
const cards = [...document.querySelectorAll("article")], keys = ["paper", "metric", "verdict"];
const has = (card, key) =>
  !form[key].value || card.dataset[key].split("|").includes(form[key].value);
function show() {
  for (const card of cards) card.hidden = !keys.every(key => has(card, key));
  const chosen = keys.some(key => form[key].value);
  for (const section of document.querySelectorAll("section[aria-labelledby]:has(article)")) {
    section.hidden = chosen && !section.querySelector("article:not([hidden])");
    for (const part of section.querySelectorAll(".table")) {
      part.hidden = Boolean(form.metric.value || form.verdict.value);
    }
  }
  const shown = cards.filter(card => !card.hidden).length;
  count.textContent = `${shown} of ${cards.length} figures`;
  document.getElementById("none").hidden = shown > 0;
}
function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  if (!keys.some(key => given.has(key))) return;
  for (const key of keys) {
    const value = given.get(key) ?? "";
    form[key].value = [...form[key].options].some(option => option.value === value) ? value : "";
  }
}
function write() {
  const chosen = keys.filter(key => form[key].value).map(key => [key, form[key].value]);
  const told = new URLSearchParams(chosen);
  history.replaceState(null, "", `#${told}`);
}
form.addEventListener("change", () => { show(); write(); });
form.addEventListener("reset", () => setTimeout(() => { show(); write(); }));
form.addEventListener("submit", event => event.preventDefault());
addEventListener("hashchange", () => { read(); show(); });
form.hidden = false;
read();
show();
"""
