// Reads a JSON list of [formula, displayed] and prints a JSON list of what KaTeX and MathJax refuse.
// The modules are looked for beside this file, or in the directory named by SYMGRAD_NODE_MODULES.
const fs = require('fs');
const path = require('path');
const { createRequire } = require('module');

const home = process.env.SYMGRAD_NODE_MODULES || path.join(__dirname, 'node_modules');
const load = createRequire(path.join(home, 'x.js'));
const katex = load('katex');
const { mathjax } = load('mathjax-full/js/mathjax.js');
const { TeX } = load('mathjax-full/js/input/tex.js');
const { SVG } = load('mathjax-full/js/output/svg.js');
const { liteAdaptor } = load('mathjax-full/js/adaptors/liteAdaptor.js');
const { RegisterHTMLHandler } = load('mathjax-full/js/handlers/html.js');
const { AllPackages } = load('mathjax-full/js/input/tex/AllPackages.js');

RegisterHTMLHandler(liteAdaptor());
// These two packages would print a mistake in red instead of reporting it.
const packages = AllPackages.filter((p) => !['noundefined', 'noerrors'].includes(p));
const fail = (_, error) => { throw error; };
const page = mathjax.document('', {
  InputJax: new TeX({ packages, formatError: fail }),
  OutputJax: new SVG({ fontCache: 'none' }),
});

const refused = [];
for (const [formula, displayMode] of JSON.parse(fs.readFileSync(0, 'utf8'))) {
  try {
    katex.renderToString(formula, { throwOnError: true, strict: 'error', displayMode });
  } catch (error) { refused.push(['katex', formula, String(error.message)]); }
  try {
    page.convert(formula, { display: displayMode });
  } catch (error) { refused.push(['mathjax', formula, String(error.message)]); }
}
console.log(JSON.stringify(refused));
