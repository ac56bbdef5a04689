// Draws /openapi.json: as much of OpenAPI 3.1 as bertqa's own description uses.

const kMethods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const kSchemas = '#/components/schemas/';

let api = null;

/// make('a', { href: '#x' }, 'text', otherElement)
function make(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/// Paragraphs of text in which `code` is marked as in Markdown.
function prose(text) {
  if (!text) return [];
  return text.split('\n\n').map((paragraph) => make('p', {}, ...inline(paragraph)));
}

function inline(text) {
  return (text || '').split('`').map((part, index) => (index % 2 === 1 ? make('code', {}, part) : part));
}

/// What a "#/…" points to.
function follow(node) {
  let found = node;
  while (found && found.$ref) {
    const path = found.$ref.slice(2).split('/');
    found = path.reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], api);
  }
  return found;
}

/// The name of a schema that has a section of its own.
function schemaName(schema) {
  const rest = schema.$ref?.startsWith(kSchemas) ? schema.$ref.slice(kSchemas.length) : '';
  return rest.includes('/') ? '' : rest;
}

/// A type in words, as nodes.
function typeOf(schema) {
  const name = schemaName(schema);
  if (name) return [make('a', { href: `#schema-${name}` }, name)];
  const target = follow(schema);
  if (target.enum) return [make('code', {}, target.enum.map((value) => JSON.stringify(value)).join(' | '))];
  if ('const' in target) return [make('code', {}, JSON.stringify(target.const))];
  const choices = target.anyOf || target.oneOf;
  if (choices && !target.properties) {
    return choices.flatMap((choice, index) => (index > 0 ? [' or ', ...typeOf(choice)] : typeOf(choice)));
  }
  if (target.type === 'array') return ['list of ', ...typeOf(target.items || {})];
  return [[target.type || 'anything'].flat().join(' or ')];
}

/// What else is said of a value, behind its description.
function limitsOf(schema) {
  const limits = [];
  if ('minimum' in schema && 'maximum' in schema) limits.push(`${schema.minimum} to ${schema.maximum}`);
  else if ('minimum' in schema) limits.push(`at least ${schema.minimum}`);
  else if ('maximum' in schema) limits.push(`at most ${schema.maximum}`);
  if ('minLength' in schema) limits.push('not empty');
  if ('minItems' in schema) limits.push(`at least ${schema.minItems}`);
  if ('default' in schema) limits.push(`default: ${schema.default}`);
  return limits.length > 0 ? `${limits.join('; ')}.` : '';
}

function table(heads, rows) {
  const head = make('tr', {}, ...heads.map((text) => make('th', { scope: 'col' }, text)));
  return make('div', { class: 'wide-table' }, make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows)));
}

function valueRow(name, schema, required, description) {
  const target = follow(schema);
  const said = description || target.description || '';
  return make('tr', {},
              make('th', { scope: 'row' }, make('code', {}, name), required ? make('span', { class: 'note' }, ' required') : null),
              make('td', {}, ...typeOf(schema)),
              make('td', {}, ...inline([said, limitsOf(target)].filter(Boolean).join(' '))));
}

function propertyTable(schema) {
  const rows = Object.entries(schema.properties || {}).map(
    ([name, property]) => valueRow(name, property, (schema.required || []).includes(name)));
  return table(['Field', 'Type', 'Meaning'], rows);
}

function parameterTable(parameters) {
  const rows = parameters.map(follow).map(
    (one) => valueRow(one.name, one.schema, one.required, one.description));
  return table(['In the address', 'Type', 'Meaning'], rows);
}

/// [['application/json', {schema, example}], …] → a line each: what it is, and an example.
function contents(content) {
  return Object.entries(content || {}).flatMap(([type, { schema, example }]) => {
    const said = schemaName(schema) ? '' : follow(schema).description;
    return [make('p', {}, make('code', {}, type), ': ', ...typeOf(schema), ...inline(said ? `. ${said}` : '')),
            example === undefined ? null : make('pre', { tabindex: '0' }, JSON.stringify(example, null, 2))];
  });
}

/// In single quotes for a shell.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(path, method, operation) {
  const url = new URL(`.${path}`, document.baseURI).href;
  const body = follow(operation.requestBody)?.content['application/json'];
  if (!body) return `curl ${url}`;
  const verb = method === 'post' ? '' : `-X ${method.toUpperCase()} `;
  return `curl ${verb}${url} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(JSON.stringify(body.example ?? {}))}`;
}

function responseRow(status, response) {
  const { description, content } = follow(response);
  const types = Object.entries(content || {}).flatMap(
    ([type, { schema }], index) => [index > 0 ? make('br') : null, make('code', {}, type), ' ', ...(schemaName(schema) ? typeOf(schema) : [])]);
  return make('tr', {}, make('th', { scope: 'row' }, status === 'default' ? 'others' : status),
              make('td', {}, ...inline(description)), make('td', {}, ...types.filter(Boolean)));
}

function operationSection(path, method, operation) {
  const { operationId: id, parameters, requestBody, responses } = operation;
  const good = follow(responses['200'] || {});
  return make('section', { id, 'aria-labelledby': `${id}-title` },
              make('h3', { id: `${id}-title` }, make('span', { class: 'method' }, method.toUpperCase()), ' ', make('code', {}, path)),
              make('p', {}, ...inline(operation.summary)), ...prose(operation.description),
              make('pre', { tabindex: '0' }, curl(path, method, operation)),
              ...(requestBody ? [make('h4', {}, 'Request'), ...contents(follow(requestBody).content)] : []),
              parameters ? parameterTable(parameters) : null,
              make('h4', {}, 'Responses'), ...contents(good.content),
              table(['Status', 'Meaning', 'Body'], Object.entries(responses).map(([status, response]) => responseRow(status, response))));
}

function operations() {
  return Object.entries(api.paths).flatMap(([path, item]) => kMethods.filter((method) => method in item)
    .map((method) => ({ path, method, operation: item[method] })));
}

function overview() {
  const rows = operations().map(({ path, method, operation }) => make(
    'tr', {}, make('th', { scope: 'row' }, make('a', { href: `#${operation.operationId}` }, `${method.toUpperCase()} ${path}`)),
    make('td', {}, ...inline(operation.summary))));
  return table(['Request', 'Answer'], rows);
}

function schemaSection(name, schema) {
  return make('section', { id: `schema-${name}`, 'aria-labelledby': `schema-${name}-title` },
              make('h3', { id: `schema-${name}-title` }, name), ...prose(schema.description), propertyTable(schema));
}

function keySection() {
  const schemes = Object.values(api.components?.securitySchemes || {});
  const items = schemes.map((scheme) => make(
    'li', {}, make('code', {}, scheme.type === 'apiKey' ? `${scheme.name}: KEY` : 'Authorization: Bearer KEY'), ' ', ...inline(scheme.description)));
  return items.length > 0 ? [make('h2', { id: 'keys' }, 'Keys'), make('ul', {}, ...items)] : [];
}

function draw() {
  document.getElementById('api').append(
    make('h2', {}, `The API, version ${api.info.version}`), ...prose(api.info.summary), ...prose(api.info.description),
    overview(), ...keySection(), make('h2', { id: 'requests' }, 'Requests'),
    ...operations().map(({ path, method, operation }) => operationSection(path, method, operation)),
    make('h2', { id: 'objects' }, 'Objects'),
    ...Object.entries(api.components?.schemas || {}).map(([name, schema]) => schemaSection(name, schema)));
  // What an address points to was not there when the browser looked.
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

try {
  const response = await fetch('openapi.json');
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  api = await response.json();
  draw();
} catch (error) {
  const problem = document.getElementById('problem');
  problem.textContent = `openapi.json cannot be drawn: ${error.message}`;
  problem.hidden = false;
}
