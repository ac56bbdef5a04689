// The page of `bertqa serve`: asks the server that it came from, and marks the answers in the text.
//
// The server is asked for offsets in UTF-16 code units ("offsets":"utf16"), which is what strings
// count here, so context.slice(start, end) is an answer. Texts go into text nodes only, never into
// HTML.

const kBusyRetries = 2;                  // after a 429 or a 503
const kLongestWaitSeconds = 30;          // of a Retry-After that is obeyed
const kLargestFileBytes = 16 * 1024 * 1024;
const kBlockLength = 4000;               // of a text is laid out at a time, to a line's end
const kLongText = 100000;                // from here on what is out of sight is not laid out
const kEveryToken = 5000;                // of a longer text's heat map only what can be seen
const kSeenProbability = 0.01;
const kHeatRows = 4;                     // starts, and as many ends
const kKeyName = 'bertqa-api-key';

const element = (id) => document.getElementById(id);
const question = element('question');
const context = element('context');
const reading = element('reading');
const heatToggle = element('heat-toggle');

let models = [];
let running = null;   // AbortController of the question under way
let asked = null;     // {body, record, tokens}: what the answers on the page are of
let current = -1;     // rank of the answer that stands out; -1: none does
let afterKey = null;  // what to do again once there is a key

// ---- Asking the server

/// What went wrong, to be read by a person. `again`: asking once more may help.
class Problem extends Error {
  constructor(message, { status = 0, again = false } = {}) {
    super(message);
    this.status = status;
    this.again = again;
  }
}

/// Both may be forbidden by the browser's settings; the key is then asked for again.
function readKey() {
  try { return sessionStorage.getItem(kKeyName); } catch { return null; }
}

function keepKey(key) {
  try {
    if (key) sessionStorage.setItem(kKeyName, key); else sessionStorage.removeItem(kKeyName);
  } catch { /* see above */ }
}

/// A response of whatever status; body null is a GET.
async function send(path, body, signal) {
  const headers = { Accept: 'application/json, application/problem+json' };
  if (body !== null) headers['Content-Type'] = 'application/json';
  const key = readKey();
  if (key) headers.Authorization = `Bearer ${key}`;
  const options = { method: body === null ? 'GET' : 'POST', headers, signal, cache: 'no-store' };
  if (body !== null) options.body = JSON.stringify(body);
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Problem('The server does not answer. Does bertqa serve still run?', { again: true });
  }
}

/// RFC 9457, or whatever a proxy in between has said.
async function readProblem(response) {
  const described = await response.json().catch(() => ({}));
  const title = described.title || response.statusText;
  const what = described.detail || title || 'The server gave no reason.';
  const name = title && title !== what ? `${response.status} ${title}` : response.status;
  return new Problem(`${what} (${name})`,
                     { status: response.status, again: [429, 503, 504].includes(response.status) });
}

/// The JSON of an answer; waits and asks again where the server is busy, or not ready yet.
async function call(path, body, signal) {
  for (let attempt = 0; ; attempt += 1) {
    const response = await send(path, body, signal);
    if (response.ok) {
      const content = await response.json();
      signal.throwIfAborted();  // what came too late is not shown
      return content;
    }
    const problem = await readProblem(response);
    const seconds = Number(response.headers.get('Retry-After')) || 1;
    const isBusy = response.status === 429 || response.status === 503;
    if (!isBusy || attempt === kBusyRetries || seconds > kLongestWaitSeconds) throw problem;
    await waitFor(seconds, signal);
  }
}

async function waitFor(seconds, signal) {
  const words = `The server is busy, or not ready yet. Asking again in ${seconds} s.`;
  say(words);
  element('waiting').textContent = words;
  element('waiting').hidden = false;
  await pause(seconds * 1000, signal).finally(() => { element('waiting').hidden = true; });
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); });
  });
}

async function loadModels() {
  try {
    ({ models } = await call('v1/models', null, new AbortController().signal));
  } catch (problem) {
    showProblem(problem, loadModels);
    return;
  }
  const chosen = models.find((model) => model.default) || models[0];
  element('model').replaceChildren(...models.map((model) => new Option(model.name, model.name)));
  element('model').value = chosen.name;
  element('model-option').hidden = models.length < 2;
  showModel();
}

function showModel() {
  const model = models.find((one) => one.name === element('model').value);
  element('model-name').textContent = `${model.name}, ${model.precision}`;
  element('no-answer').checked = model.no_answer;
}

function requestBody() {
  const body = {
    question: question.value,
    context: context.value,
    offsets: 'utf16',
    top_k: element('top-k').valueAsNumber,
    max_answer_tokens: element('max-answer-tokens').valueAsNumber,
  };
  if (models.length > 0) {
    body.model = element('model').value;
    body.no_answer = element('no-answer').checked;
  }
  return body;
}

// ---- One question

async function ask() {
  if (!mayAsk()) return;
  const body = requestBody();
  const fromText = document.activeElement === context;
  await whileRunning(async (signal) => {
    const began = performance.now();
    const record = await call('v1/answer', body, signal).catch(forgetAnswers);
    asked = { body, record, tokens: null };
    current = record.answer === null ? -1 : 0;
    showRecord(performance.now() - began);
    showReading();
    if (fromText) reading.focus();
    if (heatOn()) await loadHeat(signal);
  });
}

/// What was answered before is not of this question.
function forgetAnswers(error) {
  if (error.name !== 'AbortError') {
    forgetRecord();
    showEditing();
  }
  throw error;
}

function mayAsk() {
  const wrong = element('ask-form').querySelector('input:invalid');
  if (wrong) {
    element('options').open = true;
    wrong.reportValidity();
    return false;
  }
  const missing = [question, context].find((field) => field.value.trim() === '');
  if (missing) {
    if (missing === context) showEditing();
    const what = missing === question ? 'Type a question' : 'Paste a text, or drop a file,';
    showProblem(new Problem(`${what} first.`));
    missing.focus();
    return false;
  }
  return true;
}

/// Runs `work`, and ends what ran before.
async function whileRunning(work) {
  running?.abort();
  const mine = new AbortController();
  running = mine;
  element('result').classList.add('busy');
  element('result').setAttribute('aria-busy', 'true');
  hideProblem();
  try {
    await work(mine.signal);
  } catch (error) {
    if (running === mine && error.name !== 'AbortError') showProblem(error, ask);
  }
  if (running !== mine) return;
  running = null;
  element('result').classList.remove('busy');
  element('result').removeAttribute('aria-busy');
}

function stop() {
  running?.abort();
}

// ---- What is said beside the text

/// To screen readers.
function say(words) {
  element('status').textContent = words;
}

/// `again` does once more what went wrong.
function showProblem(problem, again) {
  const place = element('problem');
  place.replaceChildren(problem.message);
  place.hidden = false;
  element('hint').hidden = true;
  if (problem.status === 401) {
    afterKey = again;
    askForKey(place);
  } else if (problem.again) {
    const button = newElement('button', 'Try again');
    button.type = 'button';
    button.addEventListener('click', () => { hideProblem(); again(); });
    place.append(button);
  }
}

function hideProblem() {
  element('problem').hidden = true;
  element('problem').replaceChildren();
}

function askForKey(place) {
  if (readKey()) {
    keepKey(null);
    place.replaceChildren('The server did not take this key.');
  } else {
    place.hidden = true;
  }
  element('key-form').hidden = false;
  element('key').focus();
}

async function useKey() {
  keepKey(element('key').value.trim());
  element('key').value = '';
  element('key-form').hidden = true;
  hideProblem();
  await loadModels();
  if (models.length === 0) return;
  question.focus();
  if (afterKey === ask) ask();
}

function newElement(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/// "96.9 %"; never a 0 or a 100 that is none.
function percent(probability) {
  if (probability === null || probability === undefined) return '–';
  if (probability < 0.001) return '< 0.1 %';
  if (probability >= 0.9995) return '> 99.9 %';
  return `${(100 * probability).toFixed(1)} %`;
}

function duration(milliseconds) {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.max(1, Math.round(milliseconds))} ms`;
}

function showRecord(tookMs) {
  const { record, body } = asked;
  const found = record.answer !== null;
  const guesses = record.answers.length;
  element('hint').hidden = true;
  element('answers').hidden = false;
  element('no-answer-found').hidden = found;
  element('guesses').hidden = found || guesses === 0;
  element('answer-list').replaceChildren(...record.answers.map(newAnswerItem));
  element('no-answer-probability').textContent = percent(record.null_probability);
  element('null-probability').textContent = percent(record.null_probability);
  element('null-line').hidden = !found;
  const warnings = record.warnings || [];
  element('warnings').hidden = warnings.length === 0;
  element('warnings').replaceChildren(...warnings.map((warning) => newElement('li', warning)));
  const by = models.length > 1 ? `, ${body.model}` : '';
  element('took').textContent = duration(tookMs) + by;
  const more = guesses > 1 ? `, and ${guesses - 1} more` : '';
  say(found ? `Answer: ${record.answer}, ${percent(record.probability)}${more}.` :
              `No answer in this text, ${percent(record.null_probability)}.`);
}

function newAnswerItem(answer, rank) {
  const isBest = rank === 0 && asked.record.answer !== null;
  const item = newElement('li', undefined, isBest ? 'best' : '');
  const button = newElement('button');
  button.type = 'button';
  button.dataset.rank = rank;
  button.setAttribute('aria-current', rank === current);
  button.append(newElement('span', String(rank + 1), 'rank'),
                newElement('span', answer.answer, 'words'),
                newElement('span', percent(answer.probability), 'figure'));
  item.append(button);
  return item;
}

function forgetRecord() {
  asked = null;
  element('answers').hidden = true;
  element('heat').hidden = true;
}

// ---- The text, to be edited or to be read

function showEditing() {
  if (reading.hidden) return;
  const place = reading.scrollTop / Math.max(1, reading.scrollHeight);
  reading.hidden = true;
  element('edit').hidden = true;
  context.hidden = false;
  context.scrollTop = place * context.scrollHeight;
}

/// As dir="auto" does it, which takes a browser seconds for a megabyte in one line.
function setDirection() {
  const firstLetter = context.value.slice(0, 1000).match(/\p{L}/u)?.[0] || '';
  const isRightToLeft = /[\p{sc=Arab}\p{sc=Hebr}\p{sc=Syrc}\p{sc=Thaa}\p{sc=Nkoo}]/u;
  context.dir = isRightToLeft.test(firstLetter) ? 'rtl' : 'ltr';
}

/// Back to the text, with the answer selected.
function edit() {
  showEditing();
  const answer = asked?.record.answers[current];
  if (answer && document.activeElement !== context) {
    context.setSelectionRange(answer.start, answer.end);
  }
  context.focus();  // scrolls to what is selected
}

function showReading() {
  drawText();
  context.hidden = true;
  reading.hidden = false;
  element('edit').hidden = false;
  scrollToAnswer();
}

function drawText() {
  const text = asked.body.context;
  const pieces = cutAtAnswers(text.length, asked.record.answers);
  reading.classList.toggle('long', text.length > kLongText);
  reading.classList.toggle('heated', asked.tokens !== null);
  reading.replaceChildren(...cutIntoBlocks(text).map((block) => newBlock(text, block, pieces)));
  showCurrent();
}

/// The text in pieces [begin, end), in order, each with the ranks of the answers that it is part
/// of. Answers that overlap have pieces in common, so none hides another.
function cutAtAnswers(length, answers) {
  const cuts = new Set([0, length, ...answers.flatMap((answer) => [answer.start, answer.end])]);
  const places = [...cuts].sort((a, b) => a - b);
  return places.slice(1).map((end, index) => {
    const begin = places[index];
    const holds = (answer) => answer.start <= begin && end <= answer.end;
    const ranks = [...answers.keys()].filter((rank) => holds(answers[rank]));
    return { begin, end, ranks };
  });
}

/// Some lines each: [{begin, end}].
function cutIntoBlocks(text) {
  const blocks = [];
  for (let begin = 0; begin < text.length;) {
    let end = text.indexOf('\n', begin + kBlockLength) + 1 || text.length;
    if (end - begin > 4 * kBlockLength) end = cutLine(text, begin, begin + 4 * kBlockLength);
    blocks.push({ begin, end });
    begin = end;
  }
  return blocks;
}

/// Where a line without an end is cut: behind a space, else between two characters.
function cutLine(text, begin, limit) {
  const space = text.lastIndexOf(' ', limit - 1) + 1;
  if (space > begin) return space;
  const isInside = (at) =>
      /[\p{M}\u200d\udc00-\udfff]/u.test(text[at]) || text[at - 1] === '\u200d';
  let end = limit;
  while (end > begin + 1 && isInside(end)) end -= 1;
  return end;
}

function newBlock(text, { begin, end }, pieces) {
  const block = newElement('div', undefined, 'block');
  for (const piece of pieces) {
    const first = Math.max(begin, piece.begin);
    const last = Math.min(end, piece.end);
    if (first >= last) continue;
    const place = piece.ranks.length > 0 ? block.appendChild(newMark(piece)) : block;
    drawWords(place, text, first, last);
  }
  if (text.length > kLongText) {
    const lines = text.slice(begin, end).split('\n').length + Math.floor((end - begin) / 90);
    block.style.setProperty('--lines', lines);
  }
  return block;
}

function newMark({ end, ranks }) {
  const { answers } = asked.record;
  const mark = newElement('mark');
  mark.tabIndex = 0;
  mark.setAttribute('role', 'button');
  mark.dataset.ranks = ranks.join(' ');
  const titles = ranks.map((rank) => `Answer ${rank + 1}, ${percent(answers[rank].probability)}`);
  mark.title = titles.join('; ');
  const ending = ranks.filter((rank) => answers[rank].end === end).map((rank) => rank + 1);
  if (answers.length > 1 && ending.length > 0) mark.dataset.label = ending.join(',');
  return mark;
}

/// Plain text, or, in the heat map, a span around each token.
function drawWords(place, text, begin, end) {
  const tokens = asked.tokens || [];
  let drawn = begin;
  for (let index = firstBehind(tokens, begin); index < tokens.length; index += 1) {
    const token = tokens[index];
    if (token.start >= end) break;
    const first = Math.max(drawn, token.start);
    const last = Math.min(end, token.end);
    if (first >= last) continue;
    place.append(text.slice(drawn, first), newToken(text.slice(first, last), token));
    drawn = last;
  }
  place.append(text.slice(drawn, end));
}

/// The index of the first token that ends behind `begin`.
function firstBehind(tokens, begin) {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tokens[middle].end <= begin) low = middle + 1; else high = middle;
  }
  return low;
}

function newToken(words, token) {
  const span = newElement('span', words, 'token');
  span.style.setProperty('--s', Math.sqrt(token.start_probability).toFixed(3));
  span.style.setProperty('--e', Math.sqrt(token.end_probability).toFixed(3));
  span.title = `start ${percent(token.start_probability)}, end ${percent(token.end_probability)}`;
  return span;
}

const allMarks = () => [...reading.querySelectorAll('mark')];
const ranksOf = (mark) => mark.dataset.ranks.split(' ').map(Number);

function showCurrent() {
  for (const mark of allMarks()) {
    const chosen = ranksOf(mark).includes(current);
    mark.classList.toggle('current', chosen);
    mark.setAttribute('aria-pressed', chosen);
  }
  for (const button of element('answer-list').querySelectorAll('button')) {
    button.setAttribute('aria-current', Number(button.dataset.rank) === current);
  }
}

function choose(rank) {
  current = rank;
  showCurrent();
  const answer = asked.record.answers[rank];
  say(`Answer ${rank + 1}: ${answer.answer}, ${percent(answer.probability)}.`);
}

function chooseInList(rank) {
  current = rank;
  if (reading.hidden) showReading();
  choose(rank);
  scrollToAnswer();
}

/// Where answers overlap, each click is the next one's.
function chooseInText(mark) {
  const ranks = ranksOf(mark);
  choose(ranks[(ranks.indexOf(current) + 1) % ranks.length]);
}

/// Blocks that were out of sight had heights that were guessed: once more when they are laid out.
function scrollToAnswer() {
  const mark = allMarks().find((one) => ranksOf(one).includes(current));
  if (!mark) return;
  bringIntoSight(mark);
  requestAnimationFrame(() => requestAnimationFrame(() => bringIntoSight(mark)));
}

/// To the middle of the text's pane, unless it is seen there; then, on a small screen, the pane.
function bringIntoSight(mark) {
  const word = mark.getBoundingClientRect();
  const pane = reading.getBoundingClientRect();
  if (word.top < pane.top + 24 || word.bottom > pane.bottom - 24) {
    reading.scrollTop += word.top - pane.top - Math.max(24, (pane.height - word.height) / 2);
  }
  mark.scrollIntoView({ block: 'nearest' });
}

// ---- The heat map

const heatOn = () => heatToggle.getAttribute('aria-pressed') === 'true';

function toggleHeat() {
  heatToggle.setAttribute('aria-pressed', !heatOn());
  if (!heatOn()) {
    element('heat').hidden = true;
    if (asked?.tokens) redraw(null);
  } else if (asked) {
    if (reading.hidden) showReading();
    whileRunning(loadHeat);
  } else {
    ask();
  }
}

async function loadHeat(signal) {
  const inspection = await call('v1/inspect', asked.body, signal);
  redraw(tokensToDraw(inspection.tokens));
  showHeatTable(inspection);
}

function redraw(tokens) {
  asked.tokens = tokens;
  drawText();
  scrollToAnswer();
}

const likelier = (token) => Math.max(token.start_probability, token.end_probability);

function tokensToDraw(tokens) {
  const inText = tokens.filter((token) => token.segment === 'context');
  inText.sort((a, b) => a.start - b.start);
  if (inText.length <= kEveryToken) return inText;
  return inText.filter((token) => likelier(token) >= kSeenProbability);
}

/// The map's figures as a table, for whoever does not see shades: the likeliest starts and ends, in
/// the text's order. By logits, since the probabilities are each window's own. A single window's
/// special tokens count, too: they stand for no answer.
function showHeatTable({ tokens, windows, independent, differ }) {
  const counts = windows.length === 1 ? ['context', 'special'] : ['context'];
  const counted = tokens.filter((token) => counts.includes(token.segment));
  const best = (key) => [...counted].sort((a, b) => b[key] - a[key]).slice(0, kHeatRows);
  const likeliest = [...new Set([...best('start_logit'), ...best('end_logit')])]
    .sort((a, b) => (a.start ?? -1) - (b.start ?? -1));
  element('heat-rows').replaceChildren(...likeliest.map(newHeatRow));
  const other = independent.answer === null ? 'no answer, as the end comes first' :
                                              `“${independent.answer}”`;
  element('heat-note').textContent =
      differ ? `The likeliest start and the likeliest end, each on its own: ${other}.` : '';
  element('heat').hidden = false;
}

function newHeatRow(token) {
  const row = newElement('tr');
  const { start, end } = token;
  const words = start === null ? token.token : asked.body.context.slice(start, end);
  const head = newElement('th', words);
  head.scope = 'row';
  row.append(head, newElement('td', percent(token.start_probability)),
             newElement('td', percent(token.end_probability)));
  return row;
}

// ---- Files

async function takeFile(file) {
  hideProblem();
  try {
    const text = await readText(file);
    stop();
    forgetRecord();
    showEditing();
    context.value = text;
    setDirection();
    context.scrollTop = 0;
    context.setSelectionRange(0, 0);
    element('size').textContent = `${file.name}, ${Math.ceil(file.size / 1000)} kB`;
    say(`${file.name} is in the text field.`);
    question.focus();
  } catch (problem) {
    showProblem(problem);
  }
}

async function readText(file) {
  if (file.size > kLargestFileBytes) {
    const size = Math.ceil(file.size / 1e6);
    throw new Problem(`${file.name} has ${size} MB; this page takes up to 16.`);
  }
  const bytes = await file.arrayBuffer().catch(() => {
    throw new Problem(`${file.name} cannot be read.`);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const { offset, value } = firstBadByte(new Uint8Array(bytes));
    throw new Problem(`${file.name} is no UTF-8 text: invalid at byte ${offset} (0x${value}).`);
  }
}

/// What cannot be decoded becomes U+FFFD, which is EF BF BD where it stood in the file itself.
function firstBadByte(bytes) {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const encoder = new TextEncoder();
  let offset = 0;
  let read = 0;
  for (let found = text.indexOf('\ufffd'); found >= 0; found = text.indexOf('\ufffd', read)) {
    offset += encoder.encode(text.slice(read, found)).length;
    if (bytes[offset] !== 0xef || bytes[offset + 1] !== 0xbf || bytes[offset + 2] !== 0xbd) break;
    offset += 3;
    read = found + 1;
  }
  return { offset, value: bytes[offset].toString(16).toUpperCase().padStart(2, '0') };
}

const holdsFiles = (event) => event.dataTransfer?.types.includes('Files');

function listenForFiles() {
  element('file').addEventListener('change', (event) => {
    if (event.target.files.length > 0) takeFile(event.target.files[0]);
    event.target.value = '';
  });
  addEventListener('dragover', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    element('source').classList.add('dropping');
  });
  addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) element('source').classList.remove('dropping');
  });
  addEventListener('drop', (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    element('source').classList.remove('dropping');
    takeFile(event.dataTransfer.files[0]);
  });
}

// ---- Keys and clicks

function listen() {
  element('ask-form').addEventListener('submit', (event) => { event.preventDefault(); ask(); });
  element('key-form').addEventListener('submit', (event) => { event.preventDefault(); useKey(); });
  element('model').addEventListener('change', showModel);
  element('edit').addEventListener('click', edit);
  heatToggle.addEventListener('click', toggleHeat);
  context.addEventListener('input', () => {
    stop();
    forgetRecord();
    setDirection();
    element('size').textContent = '';
  });
  context.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) ask();
  });
  element('answer-list').addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button) chooseInList(Number(button.dataset.rank));
  });
  reading.addEventListener('click', (event) => {
    const mark = event.target.closest('mark');
    if (mark) chooseInText(mark);
  });
  reading.addEventListener('keydown', (event) => {
    if (event.target.localName !== 'mark' || (event.key !== 'Enter' && event.key !== ' ')) return;
    event.preventDefault();
    chooseInText(event.target);
  });
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing || event.target.localName === 'select') return;
    stop();
    edit();
  });
}

listen();
listenForFiles();
question.focus();
question.select();
loadModels();
