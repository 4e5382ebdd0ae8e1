#include "tasuki/report/page.h"

namespace tasuki::report {
namespace {

// The lines' colours tell apart under the common kinds of colour blindness and have a contrast of
// at least 3 to their card (a variation of Okabe and Ito's palette, darker on white). The dark
// scheme is for screens only: paper is white.
constexpr std::string_view kStyle = R"(
:root {
  --page: #f6f7f8; --card: #ffffff; --ink: #1b1f24; --soft: #57606a; --rule: #e1e4e8;
  --accent: #0b5cad; --heat: 3, 50, 110; --heat-negative: 96, 38, 0;
  --on-heat: #000000; --on-middle: #000000; --on-strong: #ffffff;
  --s0: #0072b2; --s1: #d55e00; --s2: #00805e; --s3: #a8448f;
  --s4: #a97400; --s5: #4b3fa7; --s6: #8c2d2d; --s7: #6b7280;
  color-scheme: light dark;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #12151a; --card: #1b2027; --ink: #e6e9ed; --soft: #a3adb8; --rule: #323a44;
    --accent: #7ab8f5; --heat: 126, 190, 255; --heat-negative: 255, 172, 105;
    --on-heat: #ffffff; --on-middle: #000000; --on-strong: #000000;
    --s0: #5ab4f0; --s1: #ff9455; --s2: #3ecfa0; --s3: #e08bcb;
    --s4: #e3b23c; --s5: #a79bf2; --s6: #f08080; --s7: #9aa4b0;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 82rem; padding: 2rem clamp(0.8rem, 3vw, 2rem) 4rem;
  background: var(--page); color: var(--ink);
  font: 0.95rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  -webkit-text-size-adjust: 100%;
}
h1 { margin: 0; font-size: 1.7rem; line-height: 1.2; letter-spacing: -0.01em;
  overflow-wrap: anywhere; }
h2 { margin: 2.6rem 0 0.8rem; font-size: 1.2rem; }
h3 { margin: 1.6rem 0 0.6rem; font-size: 1rem; }
p { margin: 0.4rem 0; max-width: 48rem; }
a { color: var(--accent); }
code, pre { font: 0.86em/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { margin: 0; overflow-x: auto; white-space: pre; }
.card { margin: 0; padding: 0.9rem 1rem; background: var(--card);
  border: 1px solid var(--rule); border-radius: 8px; min-width: 0; }
.soft, .note, .empty { color: var(--soft); }
.title { font-weight: 600; margin-right: 0.6rem; }
.note { font-size: 0.85rem; margin-right: 0.6rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; margin-top: 1.4rem;
  padding-bottom: 0.6rem; border-bottom: 1px solid var(--rule); }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr));
  gap: 0.7rem 1.2rem; margin: 1.2rem 0 0; }
.facts dt { font-size: 0.8rem; color: var(--soft); }
.facts dd { margin: 0; font-weight: 500; overflow-wrap: anywhere; }
.notes { margin: 0.4rem 0; padding-left: 1.1rem; max-width: 60rem; }
.grid { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 23rem), 1fr)); }
table { border-collapse: collapse; }
caption { text-align: left; font-weight: 600; padding-bottom: 0.4rem; }
.list { width: 100%; font-variant-numeric: tabular-nums; }
.list th, .list td { padding: 0.28rem 0.5rem 0.28rem 0; border-top: 1px solid var(--rule);
  text-align: left; font-weight: 400; overflow-wrap: anywhere; }
.list thead th { border-top: 0; font-size: 0.8rem; color: var(--soft); }
.list thead td { border-top: 0; }
.compact th, .compact td { padding-top: 0.05rem; padding-bottom: 0.05rem; font-size: 0.82rem; }
.list .number { text-align: right; white-space: nowrap; }
.list .number + td, .list .number + th { padding-left: 0.5rem; }
.list .arrow { text-align: center; width: 1.5rem; }
.list .protocol th, .list .protocol .number { font-weight: 650; }
.list .extra, .list .extra th { color: var(--soft); }
.dot { color: var(--accent); display: inline-block; width: 1em; }
.list .gain { color: var(--s2); } .list .loss { color: var(--s1); }
.verdict { font-size: 1.5rem; font-weight: 650; line-height: 1.2; }
.verdict.yes { color: var(--s2); } .verdict.no { color: var(--s1); }
.wide-cells .heat td { min-width: 4.2rem; }
section > .card + .card { margin-top: 0.8rem; }
.bar { display: block; height: 0.55rem; min-width: 4rem; border-radius: 2px;
  background: var(--rule); }
.bar span { display: block; height: 100%; border-radius: 2px; background: var(--s0); }
)";

constexpr std::string_view kPieces = R"(
.chart figcaption { display: flex; flex-wrap: wrap; align-items: baseline; margin-bottom: 0.4rem; }
.chart > svg { display: block; width: 100%; height: auto; }
.chart text { font-size: 11px; fill: var(--soft); font-variant-numeric: tabular-nums; }
.chart .mark-label { fill: var(--ink); }
.chart .grid { stroke: var(--rule); stroke-width: 1; }
.chart .axis { stroke: var(--soft); stroke-width: 1; }
.chart .mark { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 3 3; }
.series path, .swatch path { fill: none; stroke: currentColor; stroke-width: 1.8;
  stroke-linejoin: round; stroke-linecap: round; }
.series .faint { stroke-opacity: 0.3; stroke-width: 1; }
.series circle { fill: currentColor; stroke: var(--card); stroke-width: 0.8; }
.dashed path { stroke-dasharray: 5 4; }
.s0 { color: var(--s0); } .s1 { color: var(--s1); } .s2 { color: var(--s2); }
.s3 { color: var(--s3); } .s4 { color: var(--s4); } .s5 { color: var(--s5); }
.s6 { color: var(--s6); } .s7 { color: var(--s7); }
.key { display: flex; flex-wrap: wrap; gap: 0.15rem 1.1rem; margin: 0.5rem 0 0; padding: 0;
  list-style: none; font-size: 0.85rem; }
.key li { display: inline-flex; align-items: center; gap: 0.4rem; }
.key .swatch { width: 18px; height: 8px; flex: none; }
.key .last { color: var(--soft); font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; max-width: 100%; }
.split { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
.split > .scroll { flex: 0 1 auto; }
.split > .side { flex: 1 1 18rem; }
.heat { font-size: 0.78rem; font-variant-numeric: tabular-nums; border-spacing: 0; }
.heat th { font-weight: 400; text-align: right; padding: 0 0.5rem 0 0; white-space: nowrap;
  max-width: 11rem; overflow: hidden; text-overflow: ellipsis; }
.heat caption { font-size: 0.95rem; }
.heat .corner, .heat tbody th { position: sticky; left: 0; background: var(--card); }
.heat thead th { vertical-align: bottom; padding: 0 0 0.4rem; text-align: left; }
.heat .corner { color: var(--soft); padding-right: 0.5rem; text-align: right; white-space: pre-line; }
.heat .vertical { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg);
  max-height: 9rem; overflow: hidden; text-overflow: ellipsis; }
.heat thead th:not(.corner) { text-align: center; }
.heat td { width: 2.3rem; min-width: 2.3rem; height: 1.9rem; text-align: center; padding: 0;
  color: var(--on-heat); border: 1px solid var(--card); print-color-adjust: exact;
  -webkit-print-color-adjust: exact; background: rgba(var(--heat), var(--shade)); }
.heat .negative { background: rgba(var(--heat-negative), var(--shade)); }
.heat .middle { color: var(--on-middle); }
.heat .strong { color: var(--on-strong); }
.dense td { width: 0.9rem; min-width: 0.9rem; height: 1.05rem; }
.dense { font-size: 0.7rem; line-height: 1.05rem; }
.panel { margin: 0 0 1rem; }
.panel figcaption { font-size: 0.85rem; margin-bottom: 0.4rem; overflow-wrap: anywhere; }
.pictures { display: grid; gap: 0.6rem;
  grid-template-columns: repeat(var(--columns), minmax(0, 22rem)); }
.picture > span { display: block; font-size: 0.8rem; color: var(--soft); }
.zoom { display: block; cursor: zoom-in; position: relative; }
.zoom img { display: block; width: 100%; height: auto; border-radius: 4px;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.zoom input { position: absolute; opacity: 0; width: 1px; height: 1px; }
.zoom input:focus-visible + img { outline: 3px solid var(--accent); outline-offset: 2px; }
.zoom input:checked + img { position: fixed; inset: 0; z-index: 9; width: 100vw; height: 100vh;
  object-fit: contain; padding: 1.5rem; background: rgba(10, 12, 15, 0.92); cursor: zoom-out;
  border-radius: 0; image-rendering: pixelated; }
.legends { display: flex; flex-wrap: wrap; gap: 0.6rem 2rem; margin: 0 0 0.8rem;
  font-size: 0.82rem; }
.legend .of { color: var(--soft); margin-right: 0.5rem; }
.classes { display: flex; flex-wrap: wrap; gap: 0.15rem 0.9rem; margin: 0; padding: 0;
  list-style: none; align-items: center; }
.chip { display: inline-block; width: 0.85em; height: 0.85em; margin-right: 0.35em;
  border-radius: 2px; border: 1px solid var(--soft); vertical-align: -0.08em;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.colour-bar { display: flex; flex-wrap: wrap; align-items: center; gap: 0.1rem 0.5rem; }
.colour-bar span { white-space: nowrap; }
.colour-bar .ramp { width: 9rem; height: 0.7rem; border-radius: 2px;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; }
details summary { cursor: pointer; font-weight: 600; }
details pre { margin-top: 0.7rem; }
@media (max-width: 40rem) { .pictures { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
@media print {
  body { max-width: none; padding: 0; background: none; font-size: 9.5pt; }
  nav { display: none; }
  .card, .panel, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .scroll { overflow: visible; }
}
)";

}  // namespace

std::string_view style_sheet() {
  static const std::string sheet = std::string(kStyle) + std::string(kPieces);
  return sheet;
}

}  // namespace tasuki::report
