import { Html } from '../../lib/html.ts';

/** Light, dark and paper; lines differ in more than their colour. */
export const styles = new Html(`
:root { color-scheme: light dark; --text: #1b1f24; --quiet: #59636e; --ground: #fff; --line: #d1d9e0; --soft: #f6f8fa;
  --stable: #0a5fb4; --canary: #b35900; --good: #116329; --bad: #a40e26; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --quiet: #9aa4af; --ground: #0d1117; --line: #30363d; --soft: #161b22;
    --stable: #6cb6ff; --canary: #f0a35e; --good: #57ab5a; --bad: #ff7b72; }
}
@media print { :root { --text: #000; --quiet: #444; --ground: #fff; --line: #bbb; --soft: #fff; --stable: #0a5fb4;
  --canary: #b35900; --good: #116329; --bad: #a40e26; } figure, tr { break-inside: avoid; } }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; border-bottom: 1px solid var(--line); }
.verdict { border-left: .3rem solid var(--quiet); padding: .5rem 1rem; background: var(--soft); font-size: 1.1rem; }
.verdict.pass { border-color: var(--good); } .verdict.regression { border-color: var(--bad); }
dl { margin: 1rem 0; } dl > div { display: grid; grid-template-columns: 12rem 1fr; gap: .25rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; }
ol, .notes { padding-left: 1.5rem; } time { color: var(--quiet); font-variant-numeric: tabular-nums; }
code, pre { font: .85rem/1.5 ui-monospace, monospace; } pre { background: var(--soft); padding: 1rem; overflow: auto; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--quiet); } th, td { text-align: left; padding: .25rem .75rem .25rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: normal; }
figure { margin: 1.5rem 0; } svg { display: block; width: 100%; height: auto; } details { margin-top: .5rem; }
svg text { font: 11px system-ui, sans-serif; fill: var(--quiet); } .tick, .end, .limit-text { text-anchor: end; }
.grid { stroke: var(--line); } .zero { stroke: var(--quiet); } .limit { stroke: var(--bad); stroke-dasharray: 6 4; }
.limit-text { fill: var(--bad) !important; } .track { fill: none; stroke-width: 2; } .track.stable { stroke: var(--stable);
  stroke-dasharray: 5 3; } .track.canary { stroke: var(--canary); } .band { fill: var(--canary); opacity: .18; }
.moment { stroke: var(--text); stroke-dasharray: 2 3; } .moment-text { fill: var(--text) !important; }
.key { display: inline-block; width: 1.6rem; height: 0; border-top: 2px solid; vertical-align: middle; margin-left: .75rem; }
.key.stable { border-color: var(--stable); border-top-style: dashed; } .key.canary { border-color: var(--canary); }
.key.bound { border-color: var(--bad); border-top-style: dashed; } .key.area { height: .8rem; border: 0;
  background: var(--canary); opacity: .3; }
@media (max-width: 40rem) { dl > div { grid-template-columns: 1fr; } }
`);
