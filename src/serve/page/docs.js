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
  const parts = (text || '').split('`');
  return parts.map((part, index) => (index % 2 === 1 ? make('code', {}, part) : part));
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
  if (target.enum) {
    const values = target.enum.map((value) => JSON.stringify(value));
    return [make('code', {}, values.join(' | '))];
  }
  if ('const' in target) return [make('code', {}, JSON.stringify(target.const))];
  const choices = target.anyOf || target.oneOf;
  if (choices && !target.properties) {
    return choices.flatMap((choice, index) => [index > 0 ? ' or ' : '', ...typeOf(choice)]);
  }
  if (target.type === 'array') return ['list of ', ...typeOf(target.items || {})];
  return [[target.type || 'anything'].flat().join(' or ')];
}

/// What else is said of a value, behind its description.
function limitsOf(schema) {
  const limits = [];
  const { minimum, maximum } = schema;
  if (minimum !== undefined && maximum !== undefined) limits.push(`${minimum} to ${maximum}`);
  else if (minimum !== undefined) limits.push(`at least ${minimum}`);
  else if (maximum !== undefined) limits.push(`at most ${maximum}`);
  if ('minLength' in schema) limits.push('not empty');
  if ('minItems' in schema) limits.push(`at least ${schema.minItems}`);
  if ('default' in schema) limits.push(`default: ${schema.default}`);
  return limits.length > 0 ? `${limits.join('; ')}.` : '';
}

function table(heads, rows) {
  const head = make('tr', {}, ...heads.map((text) => make('th', { scope: 'col' }, text)));
  const made = make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows));
  return make('div', { class: 'wide-table' }, made);
}

function valueRow(name, schema, required, description) {
  const target = follow(schema);
  const said = description || target.description || '';
  const mark = required ? make('span', { class: 'note' }, ' required') : null;
  return make('tr', {},
              make('th', { scope: 'row' }, make('code', {}, name), mark),
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
    const words = inline(said ? `. ${said}` : '');
    return [make('p', {}, make('code', {}, type), ': ', ...typeOf(schema), ...words),
            example === undefined ? null : pre(JSON.stringify(example, null, 2))];
  });
}

/// Takes the focus, since it may have to be scrolled by keyboard.
const pre = (text) => make('pre', { tabindex: '0' }, text);

/// In single quotes for a shell.
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl(path, method, operation) {
  const url = new URL(`.${path}`, document.baseURI).href;
  const body = follow(operation.requestBody)?.content['application/json'];
  if (!body) return `curl ${url}`;
  const verb = method === 'post' ? '' : `-X ${method.toUpperCase()} `;
  return [`curl ${verb}${url}`, "-H 'Content-Type: application/json'",
          `-d ${quoted(JSON.stringify(body.example ?? {}))}`].join(' \\\n  ');
}

function responseRow(status, response) {
  const { description, content } = follow(response);
  const types = Object.entries(content || {}).map(([type, { schema }]) => make(
    'div', {}, make('code', {}, type), ' ', ...(schemaName(schema) ? typeOf(schema) : [])));
  return make('tr', {}, make('th', { scope: 'row' }, status === 'default' ? 'others' : status),
              make('td', {}, ...inline(description)), make('td', {}, ...types));
}

function operationSection(path, method, operation) {
  const { operationId: id, parameters, requestBody, responses } = operation;
  const good = follow(responses['200'] || {});
  const verb = make('span', { class: 'method' }, method.toUpperCase());
  const body = requestBody ? contents(follow(requestBody).content) : [];
  const rows = Object.entries(responses).map(([status, response]) => responseRow(status, response));
  return make('section', { id, 'aria-labelledby': `${id}-title` },
              make('h3', { id: `${id}-title` }, verb, ' ', make('code', {}, path)),
              make('p', {}, ...inline(operation.summary)), ...prose(operation.description),
              pre(curl(path, method, operation)),
              body.length > 0 ? make('h4', {}, 'Request') : null, ...body,
              parameters ? parameterTable(parameters) : null,
              make('h4', {}, 'Responses'), ...contents(good.content),
              table(['Status', 'Meaning', 'Body'], rows));
}

function operations() {
  return Object.entries(api.paths).flatMap(
    ([path, item]) => kMethods.filter((method) => method in item)
      .map((method) => ({ path, method, operation: item[method] })));
}

function overview() {
  const rows = operations().map(({ path, method, operation }) => {
    const { operationId: id, summary } = operation;
    const link = make('a', { href: `#${id}` }, `${method.toUpperCase()} ${path}`);
    return make('tr', {}, make('th', { scope: 'row' }, link), make('td', {}, ...inline(summary)));
  });
  return table(['Request', 'Answer'], rows);
}

function schemaSection(name, schema) {
  return make('section', { id: `schema-${name}`, 'aria-labelledby': `schema-${name}-title` },
              make('h3', { id: `schema-${name}-title` }, name),
              ...prose(schema.description), propertyTable(schema));
}

function keySection() {
  const schemes = Object.values(api.components?.securitySchemes || {});
  const items = schemes.map((scheme) => {
    const header = scheme.type === 'apiKey' ? `${scheme.name}: KEY` : 'Authorization: Bearer KEY';
    return make('li', {}, make('code', {}, header), ' ', ...inline(scheme.description));
  });
  return items.length > 0 ? [make('h2', { id: 'keys' }, 'Keys'), make('ul', {}, ...items)] : [];
}

function draw() {
  const { info } = api;
  const schemas = Object.entries(api.components?.schemas || {});
  document.getElementById('api').append(
    make('h2', {}, `The API, version ${info.version}`),
    ...prose(info.summary), ...prose(info.description), overview(), ...keySection(),
    make('h2', { id: 'requests' }, 'Requests'),
    ...operations().map(({ path, method, operation }) => operationSection(path, method, operation)),
    make('h2', { id: 'objects' }, 'Objects'),
    ...schemas.map(([name, schema]) => schemaSection(name, schema)));
  // What an address points to was not there when the browser looked.
  const place = decodeURIComponent(location.hash.slice(1));
  if (place) document.getElementById(place)?.scrollIntoView();
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
