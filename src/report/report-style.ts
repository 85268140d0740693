/** The report's style sheet: readable in light and dark, on a phone and on paper. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --surface: #fff; --ink: #1d2430; --soft: #59636f; --rule: #d9dee5; --stripe: #f5f7f9; --accent: #2459b3; --failed: #a3210f;
  --method-0: #55606e; --method-1: #8a5a2b; --method-2: #c2570c; --method-3: #0b7f6f;
  --method-4: #2563c9; --method-5: #b3217b; --method-6: #6b7d0a; --method-7: #6d47c4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --surface: #14181f; --ink: #e6eaf0; --soft: #a2adba; --rule: #333b47; --stripe: #1b212a; --accent: #8ab4ff; --failed: #ff9d8a;
    --method-0: #b4bec9; --method-1: #d2a575; --method-2: #f0924a; --method-3: #3cc4ae;
    --method-4: #6ea8ff; --method-5: #f07bc0; --method-6: #b9cf4d; --method-7: #b39bf5;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--surface); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1180px; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 .5rem; }
h2 { font-size: 1.4rem; margin: 3rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
h3 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
p { max-width: 72ch; margin: .5rem 0; }
.conclusion { font-size: 1.15rem; font-weight: 600; }
.soft, figcaption, dt { color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .95rem; }
.scroll > table { min-width: 100%; }
caption { text-align: left; color: var(--soft); padding-bottom: .4rem; }
th, td { padding: .4rem .7rem; text-align: left; white-space: nowrap; border-bottom: 1px solid var(--rule); }
thead th { vertical-align: bottom; white-space: normal; border-bottom: 2px solid var(--soft); }
th.right, td.right { text-align: right; }
td.long { white-space: normal; min-width: 40ch; overflow-wrap: anywhere; }
code { font-size: .92em; overflow-wrap: anywhere; }
tbody tr:nth-child(even) { background: var(--stripe); }
td.failed { color: var(--failed); white-space: normal; min-width: 20ch; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 1rem 0; font-size: .95rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 1.75rem 2.25rem; }
figure { margin: 0; min-width: 0; }
figure h4 { margin: 0 0 .25rem; font-size: 1rem; }
figure svg { width: 100%; height: auto; display: block; }
figure.wide { grid-column: 1 / -1; }
figure.wide > svg { width: auto; }
figcaption { font-size: .9rem; margin-top: .35rem; }
details { margin-top: .35rem; font-size: .9rem; }
summary { cursor: pointer; color: var(--accent); width: max-content; }
details .scroll { max-height: 22rem; overflow: auto; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; list-style: none; padding: 0; margin: .75rem 0; }
.legend li { display: flex; align-items: center; gap: .45rem; }
.legend svg { width: 16px; height: 16px; flex: none; }
@media (max-width: 640px) {
  main { padding: 1.25rem 1rem 3rem; }
  h1 { font-size: 1.5rem; }
  h2 { font-size: 1.2rem; margin-top: 2rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
  th, td { padding: .35rem .5rem; font-size: .88rem; }
  td.long { min-width: 28ch; }
  figure svg text { font-size: 17px; }
  figure.wide { overflow-x: auto; }
  figure.wide svg { min-width: 440px; }
}
@media print { details { display: none; } figure { break-inside: avoid; } }
`;
