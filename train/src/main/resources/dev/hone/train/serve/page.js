// The page of hone serve: asks the same routes that every other client asks.
'use strict';

const $ = id => document.getElementById(id);
const models = new Map(); // by name: the card
let talk = []; // messages so far
let running = null; // what ends the answer that is being written

function element(kind, text, name) {
  const made = document.createElement(kind);
  if (text !== undefined) made.textContent = text;
  if (name) made.className = name;
  return made;
}

function note(text) {
  $('note').textContent = text;
  $('note').hidden = !text;
}

async function ask(path, body, signal) {
  const headers = {};
  const key = sessionStorage.getItem('key');
  if (key) headers.Authorization = 'Bearer ' + key;
  if (body) headers['Content-Type'] = 'application/json';
  const answer = await fetch(path, {method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body), signal});
  if (answer.status === 401) $('key-form').hidden = false;
  if (!answer.ok) {
    const error = await answer.json().catch(() => null);
    throw Object.assign(new Error(error?.error?.message ?? 'status ' + answer.status), {status: answer.status});
  }
  return answer;
}

async function list() {
  const cards = (await (await ask('v1/models')).json()).data;
  models.clear();
  $('model').replaceChildren();
  for (const card of cards) {
    models.set(card.id, card);
    const option = element('option', card.parent ? card.id + ' on ' + card.parent : card.id);
    option.value = card.id;
    $('model').append(option);
  }
  $('key-form').hidden = true;
  note('');
  show();
}

function show() {
  const task = models.get($('model').value)?.task;
  for (const id of ['chat', 'classify', 'embed']) $(id).hidden = id !== (task === 'generate' ? 'chat' : task);
}

// What people think of an answer. Labels: those to choose from, or none for texts.
function opinion(id, facts, labels) {
  const line = element('div', undefined, 'opinion');
  const good = element('button', 'Good', 'quiet');
  const bad = element('button', 'Bad', 'quiet');
  const better = element('button', 'Correct', 'quiet');
  const state = element('span', '');
  state.setAttribute('role', 'status');
  const send = async (what, button) => {
    try {
      await ask('v1/feedback', {id, source: 'page', ...what});
      for (const each of [good, bad, better]) each.setAttribute('aria-pressed', each === button);
      state.textContent = 'kept';
    } catch (e) {
      state.textContent = e.status === 501 ? 'this server keeps no feedback' : e.message;
    }
  };
  good.onclick = () => send({score: 1}, good);
  bad.onclick = () => send({score: 0}, bad);
  better.onclick = () => {
    if (line.querySelector('.correction')) return;
    const field = element(labels ? 'select' : 'textarea', undefined, 'correction');
    field.setAttribute('aria-label', labels ? 'the right label' : 'the right answer');
    if (labels) for (const label of labels) field.append(element('option', label));
    const keep = element('button', 'Keep');
    keep.onclick = () => send(labels ? {label: field.value} : {answer: field.value}, better);
    line.append(field, keep);
    field.focus();
  };
  for (const each of [good, bad, better]) each.type = 'button';
  line.append(good, bad, better, state, element('span', facts, 'facts'));
  return line;
}

function say(who, text) {
  const item = element('li', undefined, who === 'you' ? 'mine' : undefined);
  const said = element('div', text, 'said');
  item.append(element('div', who, 'who'), said);
  $('talk').append(item);
  item.scrollIntoView({block: 'nearest'});
  return {item, said};
}

// The events of a stream, one after the other.
async function* events(answer) {
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    const blocks = (rest + value).split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) {
      if (block.startsWith('data: ') && block !== 'data: [DONE]') yield JSON.parse(block.slice(6));
    }
  }
}

async function chat(event) {
  event.preventDefault();
  const text = $('message').value;
  const model = $('model').value;
  const plain = $('plain').checked;
  if (!text || running) return;
  note('');
  say('you', text);
  $('message').value = '';
  talk.push({role: 'user', content: text});
  const {item, said} = say(model, '');
  running = new AbortController();
  $('stop').hidden = false;
  $('send').disabled = true;
  const start = performance.now();
  let id, usage;
  try {
    const body = {model, stream: true, stream_options: {include_usage: true}, temperature: Number($('temperature').value),
      max_tokens: Number($('tokens').value)};
    const answer = plain ? await ask('v1/completions', {...body, prompt: text}, running.signal)
      : await ask('v1/chat/completions', {...body, messages: talk}, running.signal);
    for await (const part of events(answer)) {
      if (part.error) throw new Error(part.error.message);
      id = part.id;
      usage = part.usage ?? usage;
      const choice = part.choices[0];
      said.textContent += choice?.delta?.content ?? choice?.text ?? '';
      item.scrollIntoView({block: 'nearest'});
    }
  } catch (e) {
    if (e.name !== 'AbortError') note(e.message);
  }
  const seconds = (performance.now() - start) / 1000;
  if (said.textContent) talk.push({role: 'assistant', content: said.textContent});
  else talk.pop();
  if (id && usage) {
    item.append(opinion(id, usage.completion_tokens + ' tokens, ' + (usage.completion_tokens / seconds).toFixed(1) + ' tokens/s'));
  }
  running = null;
  $('stop').hidden = true;
  $('send').disabled = false;
}

function bar(name, value, text) {
  const line = element('div', undefined, 'bar');
  const meter = element('meter');
  meter.value = value;
  meter.setAttribute('aria-label', name);
  line.append(element('span', name, 'name'), meter, element('span', text, 'value'));
  return line;
}

async function classify(event) {
  event.preventDefault();
  note('');
  try {
    const answer = await (await ask('v1/classify', {model: $('model').value, input: $('text').value, truncate: true})).json();
    const {probs, label} = answer.data[0];
    const order = probs.map((_, i) => i).sort((a, b) => probs[b] - probs[a]);
    $('labels').replaceChildren(element('h2', label || 'none'),
      ...order.slice(0, 20).map(i => bar(answer.labels[i], Math.min(1, Math.max(0, probs[i])), probs[i].toFixed(3))),
      opinion(answer.id, answer.usage.prompt_tokens + ' tokens', answer.labels));
  } catch (e) {
    note(e.message);
  }
}

async function embed(event) {
  event.preventDefault();
  note('');
  try {
    const body = {model: $('model').value, input: [$('first').value, $('second').value], encoding_format: 'float', truncate: true};
    const [a, b] = (await (await ask('v1/embeddings', body)).json()).data.map(item => item.embedding);
    const dot = (x, y) => x.reduce((sum, value, i) => sum + value * y[i], 0);
    const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    $('likeness').replaceChildren(bar('cosine', Math.max(0, cosine), cosine.toFixed(3)),
      element('p', a.length + ' numbers each', 'who'));
  } catch (e) {
    note(e.message);
  }
}

let before = null; // the figures of the last look, and when it was
async function load() {
  if (document.hidden || !models.size) return;
  try {
    const now = await (await ask('load')).json();
    const time = performance.now();
    const rate = name => before ? Math.max(0, (now[name] - before.now[name]) / (time - before.time) * 1000).toFixed(1) : '0.0';
    const figures = [['requests', now.hone_requests_in_flight], ['texts running', now.hone_texts_running],
      ['texts waiting', now.hone_texts_waiting], ['tokens/s written', rate('hone_generation_tokens_total')],
      ['tokens/s read', rate('hone_prompt_tokens_total')],
      ['cache', Math.round(100 * now.hone_cache_tokens_held / Math.max(1, now.hone_cache_tokens)) + ' %']];
    before = {now, time};
    $('load').replaceChildren(...figures.map(([name, value]) => {
      const group = element('div');
      group.append(element('dt', name), element('dd', String(value)));
      return group;
    }));
  } catch (_) {
    before = null; // the next look may go well
  }
}

$('model').onchange = () => {
  note('');
  show();
};
$('key-form').onsubmit = event => {
  event.preventDefault();
  sessionStorage.setItem('key', $('key').value);
  list().catch(e => note(e.message));
};
$('chat-form').onsubmit = chat;
$('message').onkeydown = event => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) chat(event);
};
$('stop').onclick = () => running?.abort();
$('clear').onclick = () => {
  talk = [];
  $('talk').replaceChildren();
};
$('classify-form').onsubmit = classify;
$('embed-form').onsubmit = embed;
list().catch(e => note(e.message));
load();
setInterval(load, 2000);
