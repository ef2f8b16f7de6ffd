"use strict";
// Documents by path, see utils/report/browser/documents.py: embedded as gzip and base64, or fetched from the local server.
const MORE = 200; // rows of a list that are drawn at once
const element = id => document.getElementById(id);
let embedded = null, calls = null, overview = null;

async function load(path) {
  if (embedded) {
    if (path.startsWith("search/")) return searchEmbedded(path.slice(7));
    if (path in embedded) return embedded[path];
    throw new Error(`the page has no document ${path}`);
  }
  const reply = await fetch("data/" + path.split("/").map(encodeURIComponent).join("/"));
  if (!reply.ok) throw new Error(await reply.text());
  return reply.json();
}

async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

function searchEmbedded(text) {
  const wanted = text.toLowerCase();
  return Object.entries(embedded)
    .filter(([path, call]) => path.startsWith("call/") && !call.hidden)
    .filter(([, call]) => [...call.messages.map(each => each.text), call.reply || ""]
      .some(each => each.toLowerCase().includes(wanted)))
    .map(([path]) => path.slice(5));
}

// Elements: make("p", {class: "soft"}, "text", child). Texts are never parsed as HTML.
function make(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter(child => child !== null && child !== undefined));
  return made;
}

const share = value => value === null || value === undefined ? "–" : value.toFixed(2);
const section = (title, ...content) => make("section", {}, make("h2", {}, title), ...content);
const folded = (title, ...content) => make("details", {}, make("summary", {}, title), ...content);
const callLink = (key, text) => make("a", {href: "#call/" + key}, text);

function block(text) {
  const copy = make("button", {class: "copy", type: "button", onclick: async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = "copied";
    setTimeout(() => { copy.textContent = "copy"; }, 1500);
  }}, "copy");
  return make("div", {}, copy, make("pre", {}, text));
}

const difference = pieces => make("pre", {}, pieces.map(([change, text]) => {
  const kind = change.split(" ").pop(), moved = change.startsWith("moved") ? {class: "moved", title: "moved"} : {};
  return kind === "added" ? make("ins", moved, text) : kind === "removed" ? make("del", moved, text) : text;
}));

function scored(label, answer) {
  if (!answer) return null;
  const right = answer.score === 1;
  const mark = answer.score === null ? "" : right ? "✓ right" : answer.score === 0 ? "✗ wrong" : share(answer.score);
  return make("div", {}, make("span", {class: "label"}, callLink(answer.key, label), " ",
    make("span", {class: "mark " + (right ? "ok" : "no")}, mark), answer.flaw ? ` ${answer.flaw}` : ""),
    make("pre", {}, answer.reply || "(no reply)"));
}

function question(each, answers, ...more) {
  return make("div", {class: "question"},
    make("h3", {}, make("span", {class: "soft"}, `${each.task} ${each.split} ${each.question}: `), each.text || ""),
    make("p", {class: "label"}, "right answer: ", each.right === null ? "–" : each.right),
    make("div", {class: "answers"}, answers), ...more);
}

function conversation(title, call) {
  return folded(title, ...call.messages.map(each => make("div", {}, make("span", {class: "label"}, each.role),
    block(each.text))), make("span", {class: "label"}, "reply", call.flaw ? ` (${call.flaw})` : ""),
    block(call.reply || ""), callLink(call.key, "link to this call"));
}

const hiddenNote = () => section("Hidden", make("p", {}, "The leak guard found private text in this client's upload, so its",
  " steps are not shown."));

const views = {
  step(found, [, round, client, step]) {
    const event = found.event, title = `Round ${round}, client ${client}, step ${step}`;
    if (found.hidden) return [section(title, verdict(event)), hiddenNote()];
    return [
      section(title, verdict(event), folded("prompt", block(found.prompt))),
      ...found.rewrites.map((rewrite, number) => section(
        found.rewrites.length > 1 ? `Rewrite ${number + 1}${rewrite.id === event.rewrite ? " (best)" : ""}` : "Rewrite",
        difference(rewrite.difference))),
      section("Minibatch", ...found.questions.map(each => question(each,
        [scored("before", each.before), ...each.after.map((answer, number) =>
          scored(each.after.length > 1 ? `after rewrite ${number + 1}` : "after", answer))],
        ...each.criticism.map((critic, number) => make("div", {}, make("span", {class: "label"},
          callLink(critic.key, number + 1 === each.criticism.length ? "gradient on the prompt" : "criticism of the answer")),
          make("pre", {}, critic.reply || "(no reply)")))))),
      found.further.length ? section("Further questions", ...found.further.map(each => question(each, [scored("answer", each)]))) : null,
      found.optimizer.length ? section("Optimizer", ...found.optimizer.map((call, number) =>
        conversation(`request ${number + 1}`, call))) : null,
    ];
  },
  merge(found, [, round]) {
    const event = found.event, merge = event.merge;
    const kept = event.kept_old ? `The old prompt was kept: ${event.kept_old}.` : "The merged prompt became the global prompt.";
    return [
      section(`Merge of round ${round}`, make("p", {}, kept),
        make("p", {class: "soft"}, `${merge.calls} calls, ${merge.distinct_uploads} different uploads, ${merge.tokens_before} → ${merge.tokens_after} tokens`),
        ...(merge.flaws || []).map(flaw => make("p", {}, `A merge was rejected because it ${flaw}.`)),
        ...(merge.fallbacks || []).map(fallback => make("p", {}, `Fallback: ${fallback}.`))),
      section("Merged prompt, against the broadcast one", difference(found.difference)),
      section("Uploads", make("div", {class: "answers"}, found.uploads.map(upload => make("div", {},
        make("h3", {}, `client ${upload.client}`), difference(upload.difference),
        ...upload.fates.map(fate => make("div", {class: "fate " + fate.fate}, make("b", {}, fate.fate), " ", fate.instruction)))))),
      found.requests.length ? section("Requests", ...found.requests.map((call, number) =>
        conversation(`${call.role} request ${number + 1}`, call))) : null,
    ];
  },
  evaluation(found) {
    const event = found.event, flipped = new Set([...found.flips.rose, ...found.flips.fell]);
    const row = each => question(each, [scored("answer", each.answer), each.before ? scored(found.earlier, each.before) : null]);
    const rest = found.questions.filter(each => !flipped.has(each.question)), list = make("div");
    return [
      section(`${event.of}, ${event.split}, ${event.task}`, make("p", {}, `accuracy ${share(event.accuracy)}, n = ${event.n}`),
        found.earlier ? make("p", {}, `Against ${found.earlier}: ${found.flips.rose.length} questions better, ${found.flips.fell.length} worse.`) : null,
        folded("prompt", block(found.prompt))),
      flipped.size ? section("Flipped", ...found.questions.filter(each => flipped.has(each.question)).map(row)) : null,
      rest.length ? section(flipped.size ? "Other questions" : "Questions", list, paged(rest, row, list)) : null,
    ];
  },
  call(found) {
    const places = make("ul", {}, found.places.map(place => make("li", {}, place)));
    if (found.hidden) return [hiddenNote(), section("Places", places)];
    return [section(`Call: ${found.role}`, ...found.messages.map(each => make("div", {}, make("h3", {}, each.role), block(each.text))),
      make("h3", {}, "reply"), block(found.reply || ""),
      make("p", {class: "soft"}, `finish reason: ${found.finish_reason}${found.flaw ? `; ${found.flaw}` : ""}`)),
    section("Places", places)];
  },
};

function verdict(event) {
  const word = event.result === "accepted" ? "ok" : "no";
  return make("p", {class: "verdict"}, `${share(event.before)} → ${share(event.after)} (n = ${event.n}): `,
    make("b", {class: word}, event.result), event.reason ? `, ${event.reason}` : "", event.kind ? ` (${event.kind})` : "");
}

// Draw the rows of a list in portions into a container; return the button for more.
function paged(rows, draw, container) {
  let drawn = 0;
  const more = make("button", {type: "button", onclick: show});
  function show() {
    container.append(...rows.slice(drawn, drawn + MORE).map(draw));
    drawn = Math.min(drawn + MORE, rows.length);
    more.textContent = `show ${Math.min(MORE, rows.length - drawn)} more of ${rows.length - drawn}`;
    more.hidden = drawn >= rows.length;
  }
  show();
  return more;
}

const flipText = flips => flips.rose.length + flips.fell.length ? `, +${flips.rose.length} −${flips.fell.length}` : "";

// The tree of rounds, clients, steps, merges and evaluations.
function drawTree() {
  const tree = element("tree"), item = (path, ...content) => make("a", {href: "#" + path}, ...content);
  const small = text => make("span", {class: "soft"}, " ", text);
  tree.replaceChildren(
    make("a", {href: "#calls"}, "all calls"),
    ...overview.rounds.map((round, index) => make("details", {open: index === 0}, make("summary", {}, make("b", {}, `round ${round.round}`),
      small(round.kept_old ? "kept the old prompt" : "")),
    ...Object.entries(round.clients).map(([client, each]) => make("details", {open: Object.keys(round.clients).length < 6},
      make("summary", {}, `client ${client}`, small(each.hidden ? "hidden" : `${each.steps.filter(step => step.accepted).length} of ${each.steps.length}`)),
      ...each.steps.map(step => item(`step/${round.round}/${client}/${step.step}`, `step ${step.step}`,
        small(`${share(step.before)} → ${share(step.after)} ${step.result}`))))),
    round.merge ? item(`merge/${round.round}`, "merge", small(round.retention && round.retention.mean !== null && round.retention.mean !== undefined
      ? `${Math.round(100 * round.retention.mean)} % kept` : "")) : null)),
    make("details", {open: true}, make("summary", {}, make("b", {}, "evaluations")),
      ...overview.evaluations.map(each => item(`evaluation/${each.number}`, each.of + (overview.run.tasks.length > 1 ? ` ${each.task}` : "")
        + (each.client === undefined ? "" : ` client ${each.client}`), small(`${share(each.accuracy)}, n = ${each.n}${flipText(each.flips)}`)))));
}

// The list of calls, filtered.
async function showCalls() {
  calls = calls || await load("calls");
  const at = Object.fromEntries(calls.columns.map((name, index) => [name, index]));
  const chosen = Object.fromEntries(["role", "round", "client"].map(name => [name, element(name).value]));
  const marks = Object.fromEntries([...element("filters").querySelectorAll("[type=checkbox]")].map(box => [box.name, box.checked]));
  const text = element("search").value.trim(), keys = text ? new Set(await load("search/" + text)) : null;
  const fits = row => Object.entries(chosen).every(([name, value]) => value === "" || String(row[at[name]]) === value)
    && (!marks.wrong || (row[at.score] !== null && row[at.score] < 1))
    && (!marks.flipped || row[at.marks].includes("f")) && (!marks.rejected || row[at.marks].includes("x"))
    && (!marks.flawed || row[at.flaw] !== null) && (!marks.truncated || row[at.flaw] === "truncated")
    && (!keys || keys.has(row[at.key]));
  const rows = calls.rows.filter(fits), names = calls.columns.filter(name => !["key", "marks"].includes(name));
  const draw = row => make("tr", {class: "link", tabindex: 0, onclick: () => { location.hash = "call/" + row[at.key]; },
    onkeydown: event => { if (event.key === "Enter") location.hash = "call/" + row[at.key]; }},
  names.map(name => make("td", {class: "k"}, row[at[name]] === null ? "" : String(row[at[name]]))),
  make("td", {class: "k"}, row[at.marks].includes("r") ? "repeated" : ""));
  const body = make("tbody"), head = make("thead", {}, make("tr", {}, names.map(name => make("th", {}, name)), make("th")));
  return [section(`${rows.length.toLocaleString("en")} of ${calls.rows.length.toLocaleString("en")} calls`,
    make("div", {class: "wide"}, make("table", {}, head, body)), paged(rows, draw, body))];
}

async function show() {
  const path = decodeURIComponent(location.hash.slice(1)), parts = path.split("/");
  for (const link of element("tree").querySelectorAll("a")) {
    if (link.getAttribute("href") === "#" + path) {
      link.setAttribute("aria-current", "page");
      for (let outer = link.parentElement; outer; outer = outer.parentElement) if (outer.tagName === "DETAILS") outer.open = true;
    } else link.removeAttribute("aria-current");
  }
  if (!path) return;
  let content;
  try {
    content = path === "calls" ? await showCalls() : views[parts[0]](await load(path), parts);
  } catch (error) {
    content = [section("Not found", make("p", {}, error.message))];
  }
  if (path === decodeURIComponent(location.hash.slice(1))) {
    element("document").replaceChildren(...content.filter(Boolean));
    scrollTo(0, 0);
  }
}

function choose(offset) {
  const links = [...element("tree").querySelectorAll("a")];
  const now = links.findIndex(link => link.getAttribute("href") === decodeURIComponent(location.hash));
  const next = links[Math.max(0, Math.min(links.length - 1, now + offset))];
  location.hash = next.getAttribute("href");
  next.scrollIntoView({block: "nearest"});
}

async function start() {
  const text = element("embedded").textContent.trim();
  embedded = text ? await unpack(text) : null;
  overview = await load("overview");
  drawTree();
  const options = (id, values) => element(id).append(...values.map(value => make("option", {value}, id === "role" ? value : `${id} ${value}`)));
  options("role", ["answer", "judge", "critic", "optimizer", "merge", "guard", "evaluation"]);
  options("round", overview.rounds.map(round => round.round));
  options("client", [...new Set(overview.rounds.flatMap(round => Object.keys(round.clients)))].sort((a, b) => a - b));
  let timer;
  const filter = () => { clearTimeout(timer); timer = setTimeout(() => { if (location.hash === "#calls") show(); else location.hash = "calls"; }, 150); };
  element("filters").addEventListener("input", filter);
  element("filters").addEventListener("submit", event => event.preventDefault());
  addEventListener("hashchange", show);
  addEventListener("keydown", event => {
    if (["INPUT", "SELECT"].includes(event.target.tagName)) { if (event.key === "Escape") event.target.blur(); return; }
    if (event.key === "/") { event.preventDefault(); element("search").focus(); }
    if (event.key === "j" || event.key === "k") choose(event.key === "j" ? 1 : -1);
  });
  await show();
  document.body.dataset.ready = "true";
}
start().catch(error => element("document").replaceChildren(section("The page cannot be shown", make("p", {}, error.message))));
