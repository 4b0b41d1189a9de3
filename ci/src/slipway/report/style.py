"""The style sheet of the report's page: readable on a phone and on a wall, in light and dark, and on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5a6675; --line: #d8dee6; --ground: #ffffff;
  --panel: #f5f7fa; --bar: #7d94b5; --hot: #b4531c; --good: #17693c; --bad: #a8201f; --blind: #8a5300; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e9f0; --soft: #9eabbc; --line: #333d4a;
  --ground: #14191f; --panel: #1c232c; --bar: #5f7ba3; --hot: #e58a4e; --good: #63c38d; --bad: #f08a84;
  --blind: #e5b04f; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 68rem; background: var(--ground); color: var(--ink);
  font: 0.95rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.35rem; margin: 0; overflow-wrap: anywhere; } h2 { font-size: 1.05rem; margin: 2rem 0 0.5rem; }
p { margin: 0.25rem 0; } .soft { color: var(--soft); }
code { font: 0.85em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.loud { border-left: 4px solid var(--blind); background: var(--panel); padding: 0.4rem 0.75rem; margin: 0.5rem 0; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: 0.85rem; }
th, td { padding: 0.3rem 0.75rem 0.3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td { overflow-wrap: anywhere; } .short { white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.passed, .failed, .waived, .blind { font-weight: 600; white-space: nowrap; }
.passed { color: var(--good); } .failed { color: var(--bad); } .waived, .blind { color: var(--blind); }
details { margin-top: 0.25rem; } summary { cursor: pointer; color: var(--soft); }
.timeline { border: 1px solid var(--line); border-radius: 4px; padding: 0.75rem; background: var(--panel); }
.row { display: grid; grid-template-columns: 9.5rem 1fr 8rem; gap: 0.6rem; align-items: center; }
.row .name { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.track { position: relative; height: 1.15rem; border-left: 1px solid var(--line); border-right: 1px solid var(--line); }
.tick { position: absolute; top: 0; bottom: 0; border-left: 1px dotted var(--line); }
.axis .track { border: 0; } .axis .tick { border: 0; color: var(--soft); font-size: 0.75rem; }
.axis .tick.last { transform: translateX(-100%); }
.bar { position: absolute; top: 0.2rem; bottom: 0.2rem; min-width: 3px; background: var(--bar); border-radius: 2px; }
.critical .bar { background: var(--hot); } .critical .name { font-weight: 600; }
.cached .bar { background: repeating-linear-gradient(45deg, var(--soft) 0 2px, transparent 2px 5px);
  outline: 1px solid var(--soft); width: 8px; }
@media (max-width: 40rem) { .row { grid-template-columns: 6.5rem 1fr 4.2rem; gap: 0.35rem; font-size: 0.8rem; }
  .wide { display: none; }
  thead { position: absolute; clip-path: inset(50%); } tr { display: block; padding: 0.4rem 0;
  border-bottom: 1px solid var(--line); }
  td, .short { display: inline-block; white-space: normal; border: 0; padding: 0 0.6rem 0 0; }
  td.text { display: block; } }
@media print { body { max-width: none; padding: 0; } .bar { print-color-adjust: exact; } }
"""
