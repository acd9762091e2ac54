/** A plain reference page of the OpenAPI document: no script, nothing from elsewhere. */
import type { OpenApiDocument } from '../openapi/build-openapi.ts';

/**
 * Renders the page.
 * @param nonce  of the reply's Content-Security-Policy, for the one style element
 */
export function referencePage(document: OpenApiDocument, nonce: string): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const tags = [...new Set(operations.map(({ operation }) => tagOf(operation)))];
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => tagOf(operation) === tag);
    return `<h2 id="${slug(tag)}">${escape(tag)}</h2>${own.map(operationHtml).join('')}`;
  });
  const links = tags.map((tag) => `<a href="#${slug(tag)}">${escape(tag)}</a>`).join(' ');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference</title><style nonce="${nonce}">${STYLE}</style></head><body><main>
<h1>${escape(String(document.info['title']))} API ${escape(String(document.info['version']))}</h1>
<p>${escape(String(document.info['description']))}
Machine-readable: <a href="/api/v1/openapi.json">openapi.json</a>.</p>
<nav>${links} <a href="#error-codes">Error codes</a></nav>${sections.join('')}
<h2 id="error-codes">Error codes</h2>${errorTable(document)}</main></body></html>`;
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1b1f24;background:#fff}
main{max-width:60rem;margin:0 auto;padding:1.5rem}nav a{margin-right:1rem}
details{border:1px solid #d5dae1;border-radius:6px;margin:.5rem 0;padding:.5rem .75rem}
summary{cursor:pointer}summary code{font-weight:600}.method{display:inline-block;min-width:4rem;
font:600 .8rem ui-monospace,monospace;text-transform:uppercase;color:#0b5cad}
pre{background:#f5f7f9;padding:.75rem;overflow:auto;border-radius:4px;font-size:.85rem}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #d5dae1;padding:.3rem .5rem;text-align:left}
@media(prefers-color-scheme:dark){body{background:#14181d;color:#e6e9ed}pre{background:#1f252c}
a,.method{color:#6cb2f5}details,td,th{border-color:#3a424c}}`;

interface Listed {
  readonly path: string;
  readonly method: string;
  readonly operation: Record<string, unknown>;
}

function operationHtml({ path, method, operation }: Listed): string {
  const permission = operation['x-permission'];
  const access =
    typeof permission === 'string'
      ? `Needs the permission <code>${escape(permission)}</code>.`
      : Array.isArray(operation['security']) && operation['security'].length === 0
        ? 'Open to anyone.'
        : 'For any signed-in person.';
  return `<details><summary><span class="method">${escape(method)}</span>
<code>${escape(path)}</code> ${escape(String(operation['summary']))}</summary><p>${access}</p>
${part('Parameters', operation['parameters'])}${part('Body', operation['requestBody'])}
${part('Answers', operation['responses'])}</details>`;
}

function part(title: string, value: unknown): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return '';
  return `<h3>${title}</h3><pre>${escape(JSON.stringify(value, null, 2))}</pre>`;
}

function errorTable(document: OpenApiDocument): string {
  const codes = document['x-error-codes'] as readonly Record<string, unknown>[];
  const cells = codes.map(
    ({ code, status, title }) =>
      `<tr><td>${String(status)}</td><td><code>${escape(String(code))}</code></td><td>${escape(String(title))}</td></tr>`,
  );
  return `<table><tr><th>Status</th><th>Code</th><th>Meaning</th></tr>${cells.join('')}</table>`;
}

function tagOf(operation: Record<string, unknown>): string {
  const tags = operation['tags'];
  return Array.isArray(tags) ? String(tags[0]) : 'Other';
}

const slug = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]+/g, '-');

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
const escape = (text: string): string => text.replace(/[&<>"]/g, (found) => ENTITIES[found] ?? '');
