// Tocsin in the browser: what the server cannot know or do. docs/explanation/tocsin-js.md lists the attributes that pages use.
// It owns only nodes that React renders empty and attributes that React does not set, so that the two never fight over a node.
// Loaded in the head, before the page's modules: the connection is watched by wrapping WebSocket before anybody takes it.
(() => {
  "use strict";

  const html = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const shell = () => document.querySelector("[data-viewer]");
  const viewer = () => shell()?.dataset.viewer ?? "";
  const kept = {
    get(name) { try { return localStorage.getItem(name); } catch { return null; } },
    set(name, value) { try { localStorage.setItem(name, value); } catch { /* full or forbidden: the text stays in the field */ } },
    remove(name) { try { localStorage.removeItem(name); } catch { /* as above */ } },
    names() { try { return Object.keys(localStorage); } catch { return []; } },
  };
  const write = (node, text) => { if (node.textContent !== text) node.textContent = text; };

  // ── Time: ages tick, and are counted by the server's clock ──

  let clockOffset = 0;
  const now = () => Date.now() + clockOffset;

  function spell(seconds, kind) {
    const s = Math.max(0, Math.floor(seconds)), m = Math.floor(s / 60), h = Math.floor(m / 60), d = Math.floor(h / 24);
    const two = (n) => String(n).padStart(2, "0");
    if (s < 60) return `${s}s`;
    if (kind === "clock") return h ? `${h}h ${two(m % 60)}m ${two(s % 60)}s` : `${m}m ${two(s % 60)}s`;
    if (m < 10 && kind !== "coarse") return `${m}m ${two(s % 60)}s`;
    if (h < 1) return `${m}m`;
    if (d < 1) return `${h}h ${two(m % 60)}m`;
    return d < 7 && h % 24 ? `${d}d ${h % 24}h` : `${d}d`;
  }

  const formats = new Map();
  function parts(date, zone, options) {
    const name = zone + JSON.stringify(options);
    if (!formats.has(name)) {
      let format;
      try { format = new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone || undefined }); }
      catch { format = new Intl.DateTimeFormat("en-GB", options); }
      formats.set(name, format);
    }
    return Object.fromEntries(formats.get(name).formatToParts(date).map((part) => [part.type, part.value]));
  }
  const zone = () => shell()?.dataset.zone ?? "";
  const HOURS = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const DAY = { weekday: "short", day: "numeric", month: "short", year: "numeric" };

  function absolute(date) {
    const here = parts(date, zone(), { ...DAY, ...HOURS, second: "2-digit", timeZoneName: "short" });
    const there = parts(date, "UTC", { ...HOURS, second: "2-digit" });
    return `${here.weekday} ${here.day} ${here.month} ${here.year} ${here.hour}:${here.minute}:${here.second} ${here.timeZoneName}`
      + ` · ${there.hour}:${there.minute}:${there.second} UTC`;
  }
  function moment(date) {
    const it = parts(date, zone(), { ...DAY, ...HOURS }), today = parts(new Date(now()), zone(), DAY);
    return `${it.day} ${it.month}${it.year === today.year ? "" : ` ${it.year}`} ${it.hour}:${it.minute}`;
  }

  function showAge(node) {
    const from = Date.parse(node.dateTime);
    if (Number.isNaN(from)) return write(node, "");
    const until = Date.parse(node.dataset.until ?? "");
    if (node.dataset.age === "moment") return write(node, moment(new Date(from)));
    write(node, spell(((Number.isNaN(until) ? now() : until) - from) / 1000, node.dataset.age));
  }
  function explainAge(event) {
    const node = event.target.closest?.("time[data-age]");
    const from = node ? Date.parse(node.dateTime) : NaN;
    if (!Number.isNaN(from)) node.title = absolute(new Date(from));
  }
  document.addEventListener("pointerover", explainAge);
  document.addEventListener("focusin", explainAge);

  let offsetKnown = false;
  function takeServerTime(node) {
    const offset = Date.parse(node.dataset.now ?? "") - Date.now();
    // what it says was true when it was sent, and is late by its way here: of several, the greatest is the nearest to the truth
    if (Number.isNaN(offset) || (offsetKnown && offset <= clockOffset)) return;
    offsetKnown = true;
    clockOffset = Math.abs(offset) > 2000 ? offset : 0;
  }

  // ── Connection: live, reconnecting (closed for 2 s, or silent for longer than the server ever is), stale (15 s) ──

  const RECONNECTING_MS = 2000, STALE_MS = 15000, SILENCE_MS = 3000, OTHER_PAGES_MS = 1000;
  const WORDS = { connecting: "Connecting…", live: "Live", reconnecting: "Reconnecting…", stale: "Stale" };
  const WAITS = "No connection: this waits until it is back.";
  let socket = null, open = false, joined = false, everJoined = false, pingMs = 25000;
  let heardAt = Date.now(), lostAt = Date.now(), lookedAt = Date.now(), patienceUntil = 0;

  function leave() {
    if (joined) {
      lostAt = Date.now();
      setTimeout(look, RECONNECTING_MS + 1);
    }
    open = joined = false;
    breakOff();
  }
  function listen(opened) {
    leave();
    socket = opened;
    opened.addEventListener("message", ({ data }) => {
      if (opened !== socket) return;
      heardAt = Date.now();
      if (typeof data !== "string") return;
      if (data[0] === "0") { try { pingMs = JSON.parse(data.slice(1)).pingInterval ?? pingMs; } catch { /* not engine.io */ } }
      if (data.startsWith("40")) { open = true; sendWaiting(); }
      // the server's first answer, not the open socket, is what makes the page right again
      if (data.startsWith("42")) { if (!joined) setTimeout(tellSight); joined = everJoined = true; answered(); }
      if (html.dataset.connection !== "live") look();
    });
    opened.addEventListener("close", () => {
      if (opened === socket) leave();
    });
  }
  const Plain = window.WebSocket;
  window.WebSocket = class WebSocket extends Plain {
    constructor(...given) {
      super(...given);
      if (new URL(this.url).pathname.includes("/_event")) listen(this);
    }
  };

  function connectionNow() {
    const at = Date.now(), quiet = at - heardAt;
    // after sleep the clock runs before the messages that waited: give those a moment
    if (at - lookedAt > 4000) patienceUntil = at + 1500;
    lookedAt = at;
    const silent = joined && quiet > pingMs + SILENCE_MS && at > patienceUntil;
    if (joined && !silent) return "live";
    if (quiet > STALE_MS) return "stale";
    if (!everJoined) return "connecting";
    return silent || at - lostAt > RECONNECTING_MS || navigator.onLine === false ? "reconnecting" : html.dataset.connection ?? "live";
  }
  function look() {
    const before = html.dataset.connection, state = connectionNow();
    if (state !== before) {
      html.dataset.connection = state;
      all("[data-live]").forEach(showLive);
      all("[data-banner]").forEach(showBanner);
      if ((state === "stale") !== (before === "stale")) all("[data-needs-connection]").forEach(holdBack);
      if (state === "live") { tellBusy(true); tellSight(); setTimeout(fetchOtherPages, OTHER_PAGES_MS); }
    } else if (state === "stale") {
      all("[data-banner] time").forEach(showAge);
    }
  }
  // A page whose script cannot be fetched when somebody turns to it makes the browser load it anew, from a server that may be away.
  function fetchOtherPages() {
    const routes = Object.values(window.__reactRouterManifest?.routes ?? {});
    for (const href of new Set(routes.flatMap(({ module, imports }) => [module, ...imports ?? []]))) {
      if (!document.querySelector(`link[href="${CSS.escape(href)}"]`)) document.head.append(element("link", { rel: "modulepreload", href }));
    }
  }
  const showLive = (node) => write(node, WORDS[html.dataset.connection] ?? "");

  function element(name, attributes = {}, ...content) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...content);
    return node;
  }
  const surface = (words, attribute) => element("button", { type: "button", [attribute]: "", "data-accent-color": "gray",
    class: "rt-reset rt-BaseButton rt-r-size-1 rt-variant-surface rt-Button push" }, words);
  function showBanner(node) {
    const shown = html.dataset.connection === "stale" ? "stale" : broken && `${broken} ${html.dataset.connection === "live"}`;
    if (node.dataset.shows === shown) return;
    node.dataset.shows = shown;
    if (shown === "stale") showStale(node); else if (shown) showBroken(node); else node.replaceChildren();
  }
  function showStale(node) {
    const { hour, minute } = parts(new Date(heardAt), zone(), HOURS);
    const since = element("time", { datetime: new Date(heardAt + clockOffset).toISOString(), "data-age": "", "aria-live": "off" });
    node.replaceChildren(
      element("span", {}, element("b", {}, `No connection since ${hour}:${minute}.`), " What you see is ", since,
        " old. What you write is kept on this device."),
      surface("Try now", "data-try"),
    );
  }
  function showBroken(node) {
    const then = html.dataset.connection === "live" ? "What you see is up to date: if it was not done, do it again."
      : "Whether it was done shows when the connection is back.";
    node.replaceChildren(element("span", {}, element("b", {}, `The connection broke before “${broken}” was answered.`), ` ${then}`),
      surface("Dismiss", "data-dismiss-broken"));
  }
  function tryNow() {
    const gone = socket;
    if (gone && (gone.readyState === Plain.CONNECTING || joined)) {
      // on a dead line the browser waits long for the other side's farewell before it says "close"
      gone.dispatchEvent(new CloseEvent("close", { code: 4000 }));
      gone.close();
    }
    document.dispatchEvent(new Event("visibilitychange"));
  }
  function holdBack(node) {
    if (html.dataset.connection === "stale") {
      if (node.dataset.held !== undefined) return;
      node.dataset.held = node.title;
      node.setAttribute("aria-disabled", "true");
      node.title = WAITS;
    } else if (node.dataset.held !== undefined) {
      node.removeAttribute("aria-disabled");
      if (node.dataset.held) node.title = node.dataset.held; else node.removeAttribute("title");
      delete node.dataset.held;
    }
  }
  addEventListener("online", look);
  addEventListener("offline", look);
  document.addEventListener("visibilitychange", look);

  // ── Actions: held back without a connection, busy after 150 ms, never sent twice by an impatient finger ──

  const waiting = new Map(), BUSY_MS = 150, ANSWER_MS = 10000;
  let broken = "";
  function release(node) {
    clearTimeout(waiting.get(node).timer);
    node.removeAttribute("aria-busy");
    waiting.delete(node);
  }
  const answered = () => [...waiting.keys()].forEach(release);
  function act(node) {
    if (broken) tellBroken("");
    if (waiting.has(node)) clearTimeout(waiting.get(node).timer);
    // without a socket Reflex keeps the event, and sends it as soon as there is one
    waiting.set(node, { name: nameOf(node), sent: open, timer: setTimeout(() => {
      node.setAttribute("aria-busy", "true");
      waiting.get(node).timer = setTimeout(giveUp, ANSWER_MS, node);
    }, BUSY_MS) });
  }
  function giveUp(node) {
    if (html.dataset.connection === "live") release(node); else waiting.get(node).timer = setTimeout(giveUp, 1000, node);
  }
  function sendWaiting() { for (const one of waiting.values()) one.sent = true; }
  // What was sent by a socket that closed before an answer came may have been done or not: nobody sends it again.
  function breakOff() {
    for (const [node, { name, sent }] of waiting) if (sent) { release(node); tellBroken(name); }
  }
  function tellBroken(name) {
    broken = name;
    all("[data-banner]").forEach(showBanner);
  }
  addEventListener("click", (event) => {
    const node = event.target.closest?.("[data-needs-connection], [data-acts]");
    if (!node) return;
    if (node.dataset.held !== undefined || (node.dataset.acts !== undefined && waiting.has(node))) {
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if (!(node.type === "submit" && node.form?.checkValidity() === false)) {
      act(node);
    }
  }, true);

  // ── Drafts: kept per viewer, with an id that goes with the text and stays the same until the app says that it was stored ──

  const DRAFT = "tocsin:draft:", DRAFT_DAYS = 30;
  const draftName = (field) => `${DRAFT}${viewer()}:${field.dataset.draft}`;
  function readDraft(name) { try { return JSON.parse(kept.get(name)); } catch { return null; } }
  function newId() { return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join(""); }
  // A draft is the text of a field, or of a whole form what differs there from how it began.
  const isForm = (node) => node.tagName === "FORM";
  const partsOf = (form) => [...form.elements].filter((one) => one.name && one.type !== "hidden");
  const isAsBegun = (one) => one.type === "radio" ? one.checked === one.defaultChecked : one.value === one.defaultValue;
  const begun = (node) => isForm(node) ? "" : node.defaultValue;
  function written(node) {
    if (!isForm(node)) return node.value;
    const said = partsOf(node).filter((one) => !isAsBegun(one) && (one.type !== "radio" || one.checked));
    return said.length ? JSON.stringify(Object.fromEntries(said.map((one) => [one.name, one.value]))) : "";
  }
  let filling = false;
  function fill(node, text) {
    if (!isForm(node)) { node.value = text; return; }
    const said = text ? JSON.parse(text) : {};
    filling = true;
    for (const one of partsOf(node)) {
      const value = said[one.name];
      if (one.type === "radio") one.checked = value === undefined ? one.defaultChecked : one.value === value;
      else put(one, value ?? one.defaultValue);
    }
    filling = false;
  }
  // React hears of a value that was set past its own setter, when the field says so.
  function put(field, value) {
    if (field.value === value) return;
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(field), "value").set.call(field, value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  const keyOf = (node) => (isForm(node) ? node : node.form)?.querySelector("[data-draft-key]");
  function showKey(node, id) {
    const input = keyOf(node);
    if (input) input.value = id;
  }
  function keepDraft(field) {
    const name = draftName(field), text = written(field);
    if (text === "") { kept.remove(name); return showKey(field, ""); }
    // what another tab has sent meanwhile stays in a form, with its id: sent again, it leads to what came of it
    const draft = readDraft(name) ?? { id: (isForm(field) && keyOf(field)?.value) || newId() };
    kept.set(name, JSON.stringify({ ...draft, text, at: Date.now() }));
    showKey(field, draft.id);
  }
  function restoreDraft(field, previous) {
    const draft = readDraft(draftName(field));
    // the same field now belongs to another incident: what was typed there is kept under its own name
    if (previous !== undefined && previous !== field.dataset.draft) fill(field, draft?.text ?? begun(field));
    else if (draft) { fill(field, draft.text); amend(field); showFound(field, draft.at); }
    else if (written(field) !== begun(field)) return keepDraft(field);
    showKey(field, draft?.id ?? "");
    preview(field);
  }
  function adoptDraft(field) {
    const early = written(field) === begun(field) ? "" : written(field), draft = readDraft(draftName(field));
    kept.remove(`${DRAFT}:${field.dataset.draft}`);
    restoreDraft(field);
    if (!early || !draft || draft.text === early) return;
    fill(field, isForm(field) ? JSON.stringify({ ...JSON.parse(draft.text), ...JSON.parse(early) }) : `${draft.text}\n\n${early}`);
    keepDraft(field);
  }
  function sendDraft(field) {
    const name = draftName(field), draft = readDraft(name), text = written(field);
    if (!draft) return;
    // text that changed after a first try is a new text: under the old id it would be taken for the first and dropped; of a form
    // nothing is dropped, since its page says when the first try had arrived
    const id = !isForm(field) && draft.sent !== undefined && draft.sent !== text ? newId() : draft.id;
    kept.set(name, JSON.stringify({ ...draft, id, text, sent: text }));
    showKey(field, id);
  }
  function renewDraft(id) {
    for (const field of id ? all("[data-draft]") : []) {
      const name = draftName(field), draft = readDraft(name);
      if (draft?.id !== id) continue;
      kept.set(name, JSON.stringify({ id: newId(), text: draft.text, at: draft.at }));
      showKey(field, readDraft(name)?.id ?? "");
    }
  }
  function forgetDraft(id) {
    if (!id) return;
    for (const name of kept.names().filter((one) => one.startsWith(DRAFT))) {
      const draft = readDraft(name);
      if (draft?.id !== id) continue;
      const typed = draft.sent !== undefined && draft.text !== draft.sent
        ? (draft.text.startsWith(draft.sent) ? draft.text.slice(draft.sent.length).trimStart() : draft.text) : "";
      if (typed) kept.set(name, JSON.stringify({ id: newId(), text: typed, at: Date.now() })); else kept.remove(name);
      for (const field of all("[data-draft]")) {
        if (draftName(field) !== name) continue;
        fill(field, typed);
        if (field.dataset.previewed !== undefined) switchPreview(field);
        showKey(field, readDraft(name)?.id ?? "");
      }
    }
  }
  document.addEventListener("input", ({ target }) => {
    const field = target.closest?.("[data-draft]");
    if (field && !filling) keepDraft(field);
  });

  // Whoever finds again what they typed a while ago is told so, and may begin anew.
  const FOUND_MS = 30000;
  function showFound(form, at) {
    const time = isForm(form) && form.querySelector("[data-draft-at]"), isOld = Date.now() - at > FOUND_MS;
    if (time && isOld) { time.dateTime = new Date(at).toISOString(); form.setAttribute("data-found", ""); }
  }
  document.addEventListener("click", ({ target }) => {
    const form = target.closest?.("[data-draft-anew]")?.closest("[data-draft]");
    if (!form) return;
    kept.remove(draftName(form));
    fill(form, "");
    showKey(form, "");
    form.removeAttribute("data-found");
    partsOf(form)[0].focus();
  });

  // What is said against a text is about the text that was sent: it hides when that changes, until it is sent again.
  const amend = (field) => field.closest(".fld")?.setAttribute("data-amended", "");
  document.addEventListener("input", ({ target }) => { if (!filling) amend(target); });
  addEventListener("submit", ({ target }) => all("[data-amended]", target).forEach((one) => one.removeAttribute("data-amended")), true);

  addEventListener("submit", ({ target }) => [target, ...all("[data-draft]", target)].filter((one) => one.dataset.draft).forEach(sendDraft), true);
  addEventListener("storage", ({ key, oldValue, newValue }) => {
    if (!key?.startsWith(DRAFT) || newValue !== null) return;
    let before;
    try { before = JSON.parse(oldValue).text; } catch { return; }
    for (const field of all("[data-draft]")) {
      if (draftName(field) !== key) continue;
      // what differs from what another tab has sent gets an id of its own, or it would be taken for that
      if (written(field) !== before) { showKey(field, ""); keepDraft(field); } else if (!isForm(field)) field.value = "";
    }
  });
  for (const name of kept.names()) {
    if (name.startsWith(DRAFT) && !(Date.now() - readDraft(name)?.at < DRAFT_DAYS * 86400000)) kept.remove(name);
  }

  // ── Preview: what is typed as it will look, beside the field, which keeps the focus and the cursor ──

  const PREVIEW_MS = 250;
  let previewTimer = 0;
  const previewers = (field) => all(`[data-preview="${CSS.escape(field.id)}"]`);
  const paneOf = (field) => document.getElementById(`${field.id}-preview`);
  async function preview(field) {
    const pane = paneOf(field), text = field.value, isMeant = () => field.value === text && field.dataset.previewed !== undefined;
    if (!pane || !isMeant()) return;
    if (!text.trim()) { pane.textContent = "Nothing is written yet."; return; }
    try {
      const answer = await fetch("/api/v1/markdown", {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ text }),
      });
      const said = await answer.json();
      if (!isMeant()) return;
      // made safe by the server, as everything that it renders
      if (answer.ok) pane.innerHTML = said.html; else pane.textContent = said.detail;
    } catch { if (isMeant()) pane.textContent = "No connection, so no preview. What you write is kept on this device."; }
  }
  function switchPreview(field) {
    const on = field.toggleAttribute("data-previewed");
    previewers(field).forEach((button) => button.setAttribute("aria-pressed", String(on)));
    if (on) preview(field); else paneOf(field)?.replaceChildren();
  }
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-preview]"), field = button && document.getElementById(button.dataset.preview);
    if (!field) return;
    switchPreview(field);
    field.focus();
  });
  document.addEventListener("input", ({ target }) => {
    if (target.dataset?.previewed === undefined) return;
    clearTimeout(previewTimer);
    previewTimer = setTimeout(preview, PREVIEW_MS, target);
  });

  // ── Keys ──

  const typing = (node) => node.matches?.("input:not([type=radio], [type=checkbox], [type=button]), textarea, select, [contenteditable=true]");
  const DIALOG = "[role=dialog], [role=alertdialog], dialog";
  const dialogs = () => all("[role=dialog], [role=alertdialog], dialog[open]");
  const usable = (node) => !node.disabled && node.getAttribute("aria-disabled") !== "true";
  const keyName = ({ key, shiftKey }) => key.length > 1 || key.toLowerCase() === key.toUpperCase() ? key
    : shiftKey ? `Shift+${key.toUpperCase()}` : key.toLowerCase();

  function wired(key) {
    const scope = dialogs().at(-1) ?? document;
    const found = all(`[data-key="${CSS.escape(key)}"]`, scope).filter(usable), row = current();
    const mine = found.find((node) => row?.contains(node));
    const free = found.filter((node) => !node.closest("li:has([data-row])"));
    return mine ?? free.find((node) => node.checkVisibility?.() ?? true) ?? free[0];
  }
  function activate(node) {
    if (node.dataset.opens !== undefined) openingAt = Date.now();
    if (document.activeElement === document.body) cameFrom(node);
    if (!typing(node)) return node.click();
    node.scrollIntoView({ block: "nearest" });
    node.focus();
    if (node.tagName === "INPUT") node.select();
  }

  // ── Focus: a dialog that closes gives it back to where it came from, or to the next step when that is gone ──

  const BACK_MS = 5000;
  let origin = null, given = null, givenAt = 0;
  function cameFrom(node) { origin = { node, row: node.dataset.row }; }
  document.addEventListener("focusin", ({ target }) => {
    if (target.id !== "main" && !target.closest(`${DIALOG}, [data-radix-focus-guard]`)) cameFrom(target);
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (dialogs().length) return;
    const node = target.closest?.("a, button, input, select, textarea");
    if (node) cameFrom(node); else origin = null;
  }, true);
  const reachable = (node) => Boolean(node?.isConnected) && usable(node) && (node.checkVisibility?.() ?? true);
  function giveFocusBack() {
    if (document.activeElement !== document.body || dialogs().length) return;
    const row = origin?.row && document.querySelector(`[data-row="${CSS.escape(origin.row)}"]`);
    given = [origin?.node, row, ...all("[data-next-step]"), current()?.querySelector("[data-row]"), rows()[0], document.getElementById("main")]
      .find(reachable) ?? null;
    givenAt = Date.now();
    given?.focus({ preventScroll: given.id === "main" });
  }
  function dialogsChanged(isGone) {
    // Radix looks for its own trigger first, a moment after the dialog has left the page
    if (isGone) { openingAt = 0; setTimeout(giveFocusBack, 20); }
    // what it was given back to may be replaced by the answer that comes a moment later
    if (given && !given.isConnected) { given = null; if (Date.now() - givenAt < BACK_MS) giveFocusBack(); }
  }

  let prefix = "", prefixAt = 0, typedIn = null, typedAt = 0, openingAt = 0;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const { key, target } = event;
    const handled = () => event.preventDefault();
    if (key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = target.closest?.("form");
      if (!form) return;
      handled();
      typedIn = null;
      const send = form.querySelector("[type=submit]");
      return send ? send.click() : form.requestSubmit();
    }
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && key.toLowerCase() === "e" && previewers(target).length) {
      handled();
      return switchPreview(target);
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (dialogs().length) openingAt = 0;
    // a field that vanished under somebody's hands: what they go on typing is text, not keys
    if (typing(target)) { typedIn = key === "Escape" ? null : target; typedAt = Date.now(); }
    else if (typedIn?.isConnected === false && Date.now() - typedAt < 1500) { typedAt = Date.now(); return; }
    else typedIn = null;
    if (typing(target)) {
      if (key === "Escape" && target.dataset.key && !dialogs().length) target.blur();
      return;
    }
    if (target.closest?.("[data-row]") && ["ArrowDown", "ArrowUp", "Home", "End"].includes(key)) { handled(); return step(key); }
    if (target.matches?.("[data-seq] > time a, [data-seq] > .more") && ["ArrowDown", "ArrowUp"].includes(key)) { handled(); return walkLines(target, key); }
    if (document.querySelector("[data-shortcuts=off]") || target.closest?.("[role=menu], [role=listbox]")) return;
    // a dialog is on its way: what is typed ahead is meant for it, and must press nothing on the page
    if (Date.now() - openingAt < 1500) { if (key !== "Escape") return handled(); openingAt = 0; }
    const pressed = keyName(event), sequence = Date.now() - prefixAt < 1200 ? `${prefix} ${pressed}` : "";
    prefix = "";
    const node = (sequence && wired(sequence)) || wired(pressed);
    if (node && !event.repeat) { handled(); return activate(node); }
    if (pressed === "?") { handled(); return showKeys(); }
    if (dialogs().length) return;
    if ((pressed === "j" || pressed === "k") && rows().length) { handled(); return step(pressed === "j" ? "ArrowDown" : "ArrowUp"); }
    if (pressed === "Enter" && target === document.body && current()) { handled(); return current().querySelector("[data-row]").click(); }
    if (document.querySelector(`[data-key^="${CSS.escape(pressed)} "]`)) { prefix = pressed; prefixAt = Date.now(); }
  });

  // ── Choosing: a field narrows the choices beside it, Enter takes the first of them, the arrows walk through them ──

  const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().split(/[\s@._-]+/).filter(Boolean);
  const choices = (chooser) => all("[data-choice]", chooser).filter((choice) => !choice.hasAttribute("data-out"));
  document.addEventListener("input", ({ target }) => {
    if (target.dataset?.narrows === undefined || filling) return;
    const words = folded(target.value);
    for (const choice of all("[data-choice]", target.closest("[data-chooser]"))) {
      const named = folded(choice.dataset.choice);
      choice.toggleAttribute("data-out", !words.every((word) => named.some((name) => name.startsWith(word))));
    }
  });
  document.addEventListener("keydown", (event) => {
    const { key, target } = event, chooser = target.closest?.("[data-chooser]");
    if (!chooser || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const field = chooser.querySelector("[data-narrows]"), list = choices(chooser), stops = [field, ...list];
    if (key === "Enter" && target === field) {
      event.preventDefault();
      if (field.value.trim() && list.length) { typedIn = null; list[0].click(); }  // nobody is chosen by a mere Enter
    }
    const to = stops.indexOf(target) + { ArrowDown: 1, ArrowUp: -1 }[key];
    if (stops.includes(target) && stops[to]) { event.preventDefault(); stops[to].focus(); }
  });

  // A list below its field: it opens for the arrow down, for typing and for a click, and what is chosen fills the field.
  const COMBOBOX = "[data-narrows][role=combobox]";
  const FULL = { year: "numeric", month: "2-digit", day: "2-digit", ...HOURS };
  function showChoices(field, isOpen, isWhole = false) {
    const chooser = field.closest("[data-chooser]");
    if (isWhole) all("[data-out]", chooser).forEach((one) => one.removeAttribute("data-out"));
    chooser.toggleAttribute("data-open", isOpen);
    field.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) chooser.querySelector(".pop").scrollIntoView({ block: "nearest" });
  }
  // ── Mentions: who writes @ is offered people and teams; the arrows walk, Enter or Tab takes, Esc leaves it as it is ──

  const HANDLE = /(?:^|[^\w@.+/&=-])@([\w.-]{0,40})$/;
  let offered = null, asked = 0;
  const known = new Map();
  async function offerPeople(field) {
    const found = field.selectionStart === field.selectionEnd && HANDLE.exec(field.value.slice(0, field.selectionStart)), ask = ++asked;
    if (!found) return closeOffers();
    const begun = found[1].toLowerCase();
    if (!known.has(begun)) {
      closeOffers();
      await new Promise((resolve) => setTimeout(resolve, 80));
      if (ask !== asked) return;
      try {
        const answer = await fetch(`/api/v1/mentionable?q=${encodeURIComponent(begun)}`);
        if (answer.ok) known.set(begun, (await answer.json()).items);
      } catch { return closeOffers(); }
      setTimeout(() => known.delete(begun), 30000);
    }
    if (ask === asked && field === document.activeElement) showOffers(field, known.get(begun) ?? []);
  }
  function showOffers(field, items) {
    closeOffers();
    if (!items.length) return;
    const list = element("ul", { class: "choices", role: "listbox", id: "mentionable", "aria-label": "People and teams" });
    for (const [place, one] of items.entries()) {
      const row = element("button", { type: "button", role: "option", tabindex: "-1", id: `mentionable-${place}`, "data-handle": one.handle },
        element("b", {}, `@${one.handle}`), element("span", { class: "dim" }, one.name), ...(one.kind === "team" ? [element("span", { class: "dim" }, "team")] : []));
      list.append(element("li", { role: "presentation" }, row));
    }
    const pop = element("div", { class: "pop mentionable", popover: "manual" }, list);
    (field.closest(DIALOG) ?? document.querySelector(".radix-themes") ?? document.body).append(pop);
    pop.showPopover?.();
    const at = field.getBoundingClientRect(), fits = at.bottom + pop.offsetHeight + 8 < innerHeight;
    pop.style.left = `${Math.max(8, Math.min(at.left, innerWidth - pop.offsetWidth - 8))}px`;
    pop.style.top = `${Math.max(8, fits ? at.bottom + 4 : at.top - pop.offsetHeight - 4)}px`;
    offered = { field, pop, place: 0 };
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-controls", "mentionable");
    pointAt(0);
    pop.addEventListener("pointerdown", (event) => event.preventDefault());  // the text keeps the focus
    pop.addEventListener("click", ({ target }) => { const row = target.closest("[data-handle]"); if (row) takeOffer(row); });
  }
  function pointAt(place) {
    const rows = all("[data-handle]", offered.pop);
    offered.place = (place + rows.length) % rows.length;
    rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === offered.place)));
    offered.field.setAttribute("aria-activedescendant", rows[offered.place].id);
    rows[offered.place].scrollIntoView({ block: "nearest" });
  }
  function takeOffer(row) {
    const { field } = offered, end = field.selectionStart, typed = HANDLE.exec(field.value.slice(0, end))?.[1].length;
    closeOffers();
    if (typed === undefined) return;
    field.setRangeText(`${row.dataset.handle} `, end - typed, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.focus();
  }
  function closeOffers() {
    if (!offered) return;
    offered.pop.remove();
    offered.field.removeAttribute("aria-activedescendant");
    offered.field.removeAttribute("aria-controls");
    offered = null;
  }
  document.addEventListener("input", ({ target }) => { if (target.dataset?.mentions !== undefined && !filling) offerPeople(target); });
  document.addEventListener("focusout", ({ target }) => { if (offered?.field === target) closeOffers(); });
  addEventListener("submit", () => { asked += 1; closeOffers(); }, true);
  document.addEventListener("pointerdown", ({ target }) => { if (offered?.field === target) closeOffers(); });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") asked += 1;  // also while the answer is on its way
    if (offered?.field !== event.target || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(key)) return closeOffers();
    if (!["ArrowDown", "ArrowUp", "Enter", "Tab", "Escape"].includes(key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (key === "Escape") return closeOffers();
    if (key === "Enter" || key === "Tab") return takeOffer(all("[data-handle]", offered.pop)[offered.place]);
    pointAt(offered.place + (key === "ArrowDown" ? 1 : -1));
  }, true);

  const isShut = (field) => field.getAttribute("aria-expanded") !== "true";
  function wallClock(at) {
    const it = parts(new Date(at), zone(), FULL);
    return `${it.year}-${it.month}-${it.day} ${it.hour}:${it.minute}`;
  }
  function momentAgo(minutes) {
    const at = now() - minutes * 60000, shown = wallClock(at);
    // an hour that the clock shows twice is told apart by its offset
    if (![-60, -30, 30, 60].some((by) => wallClock(at + by * 60000) === shown)) return shown;
    const offset = parts(new Date(at), zone(), { timeZoneName: "longOffset" }).timeZoneName.replace("GMT", "");
    return `${shown} ${offset || "Z"}`;
  }
  document.addEventListener("input", ({ target }) => { if (target.matches?.(COMBOBOX) && !filling) showChoices(target, true); });
  document.addEventListener("click", ({ target }) => {
    if (target.matches?.(COMBOBOX)) return showChoices(target, isShut(target), true);
    const choice = target.closest?.("[data-fills]"), field = choice?.closest("[data-chooser]").querySelector(COMBOBOX);
    if (!field) return;
    put(field, choice.dataset.ago ? momentAgo(Number(choice.dataset.ago)) : choice.dataset.fills);
    field.focus();
    showChoices(field, false);
  });
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    const chooser = target.closest?.("[data-open]");
    if (chooser && !chooser.contains(relatedTarget)) showChoices(chooser.querySelector(COMBOBOX), false);
  });
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("[data-chooser]")?.querySelector(COMBOBOX);
    if (!field || event.target.closest("[data-picks]")) return;
    if (event.key === "Escape" && !isShut(field)) { event.preventDefault(); field.focus(); showChoices(field, false); }
    if (event.key === "ArrowDown" && isShut(field)) showChoices(field, true, true);
  }, true);
  document.addEventListener("click", ({ target }) => {
    const picker = target.closest?.("[data-picks]")?.parentElement.querySelector("[data-picked]");
    if (!picker) return;
    picker.max = wallClock(now()).replace(" ", "T");
    picker.showPicker?.();
  });
  document.addEventListener("change", ({ target }) => {
    if (target.dataset?.picked === undefined || !target.value) return;
    const field = target.closest("[data-chooser]").querySelector(COMBOBOX);
    put(field, target.value.replace("T", " "));
    showChoices(field, false);
    field.focus();
  });

  // ── Lines: Alt with an arrow moves the line in which one writes ──

  document.addEventListener("keydown", (event) => {
    const { key, target } = event, by = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (!by || !event.altKey || event.ctrlKey || event.metaKey || target.dataset?.lines === undefined) return;
    event.preventDefault();
    const lines = target.value.split("\n"), before = target.value.slice(0, target.selectionStart).split("\n"), from = before.length - 1;
    if (lines[from + by] === undefined) return;
    lines.splice(from + by, 0, ...lines.splice(from, 1));
    target.value = lines.join("\n");
    const caret = [...lines.slice(0, from + by), before[from]].join("\n").length;
    target.setSelectionRange(caret, caret);
  });

  function nameOf(node) {
    if (node.dataset.keyName) return node.dataset.keyName;
    if (node.ariaLabel) return node.ariaLabel;
    if (typing(node)) return node.labels?.[0]?.textContent ?? "";
    const copy = node.cloneNode(true);
    all("[aria-hidden], em, .pip, .sr", copy).forEach((part) => part.remove());
    return copy.textContent.trim();
  }
  function showKeys() {
    const keys = new Map(all("[data-key]").filter((node) => !node.closest("[data-set-theme]")).map((node) => [node.dataset.key, nameOf(node)]));
    if (rows().length) keys.set("j", "Next").set("k", "Previous").set("Enter", "Open");
    keys.set("Ctrl Enter", "Send").set("?", "These keys");
    const list = element("dl");
    for (const [key, words] of keys) {
      list.append(element("dt", {}, ...key.split(" ").flatMap((one) => [element("kbd", { class: "key" }, one), " "])),
        element("dd", {}, words[0]?.toUpperCase() + words.slice(1)));
    }
    const dialog = element("dialog", { class: "radix-themes keys", "aria-labelledby": "tocsin-keys",
      "data-accent-color": "indigo", "data-gray-color": "slate", "data-radius": "medium" },
      element("h2", { id: "tocsin-keys" }, "Keys"), list, element("form", { method: "dialog" },
        element("a", { class: "link", href: `/help?theme=${kept.get("theme") ?? "system"}` }, "Help"), " ", element("button", {}, "Close")));
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }

  // ── The list: the cursor is real focus, one row of it in the tab order ──

  const AT = "tocsin:at";
  let lastIndex = 0;
  const rows = () => all("[data-row]");
  const current = () => document.querySelector("[data-at]");
  const line = (row) => row.parentElement;

  function step(key) {
    const list = rows(), here = list.findIndex((row) => line(row).hasAttribute("data-at"));
    const from = here >= 0 ? here : key === "ArrowDown" ? lastIndex - 1 : lastIndex;
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, Home: 0, End: list.length - 1 }[key];
    list[Math.max(0, Math.min(list.length - 1, to))].focus();
  }
  function markRow(row) {
    const before = current();
    if (before !== line(row)) before?.removeAttribute("data-at");
    line(row).setAttribute("data-at", "");
    lastIndex = rows().indexOf(row);
    try { sessionStorage.setItem(AT, row.dataset.row); } catch { /* the cursor starts at the top then */ }
    rove();
  }
  function rove() {
    const list = rows(), at = list.find((row) => line(row).hasAttribute("data-at")) ?? list[0];
    for (const row of list) row.tabIndex = row === at ? 0 : -1;
  }
  function enterRows() {
    if (!current()) {
      let was = null;
      try { was = sessionStorage.getItem(AT); } catch { /* as above */ }
      const row = rows().find((one) => one.dataset.row === was);
      if (row) line(row).setAttribute("data-at", "");
    }
    rove();
  }
  document.addEventListener("focusin", ({ target }) => { const row = target.closest?.("[data-row]"); if (row) markRow(row); });

  // Who comes back from an incident finds its row where it stood, for as long as the list takes to settle.
  const LEFT = "tocsin:left", RETURN_MS = 2000;
  const here = () => location.pathname.replace(/\/$/, "") + location.search;
  let left = null, away = true, returnEnds = 0;
  try { left = JSON.parse(sessionStorage.getItem(LEFT)); } catch { /* the list begins at its top then */ }
  function keepLeft(value) {
    left = value;
    returnEnds = 0;
    try { if (value) sessionStorage.setItem(LEFT, JSON.stringify(value)); else sessionStorage.removeItem(LEFT); } catch { /* as above */ }
  }
  document.addEventListener("click", ({ target }) => {
    const row = target.closest?.("[data-list] [data-row]");
    if (!row) return;
    keepLeft({ address: here(), row: row.dataset.row, top: row.getBoundingClientRect().top });
    away = false;
  }, true);
  function comeBack() {
    if (!left) return;
    if (here() !== left.address) { away = true; returnEnds = 0; return; }
    const row = away && rows().find((one) => one.dataset.row === left.row);
    if (!row) return;
    if (!returnEnds) { returnEnds = Date.now() + RETURN_MS; setTimeout(() => { if (returnEnds) keepLeft(null); }, RETURN_MS); }
    if (document.activeElement === document.body || document.activeElement?.id === "main") row.focus({ preventScroll: true });
    for (const scroller of [row.closest("main"), document.scrollingElement]) {
      if (scroller) scroller.scrollTop += row.getBoundingClientRect().top - left.top;
    }
  }
  for (const name of ["wheel", "touchmove", "keydown", "pointerdown"]) {
    document.addEventListener(name, () => { if (left && away && here() === left.address) keepLeft(null); }, { capture: true, passive: true });
  }

  // Whether somebody reads the list, so that new rows wait: the state is told by a click on a hidden switch.
  let pointerInside = false, told = null, freeTimer = 0;
  function readsList() {
    const list = document.querySelector("[data-list]");
    if (!list) return false;
    const scroller = list.closest("main");
    const scrolled = Math.max(scroller?.scrollTop ?? 0, document.scrollingElement?.scrollTop ?? 0);
    return pointerInside || list.contains(document.activeElement) || scrolled > 4;
  }
  function tellBusy(again = false) {
    const busy = readsList();
    clearTimeout(freeTimer);
    if (busy === told && !again) return;
    freeTimer = setTimeout(() => {
      html.dataset.listBusy = String(busy);
      const button = document.querySelector(`[data-busy-switch="${busy}"]`);
      if (!button) { told = null; return; } // another page: a list that is there again has been told nothing
      if (html.dataset.connection !== "live") return;
      told = busy;
      button.click();
    }, busy && !again ? 0 : 300);
  }
  document.addEventListener("pointerover", ({ target, pointerType }) => {
    pointerInside = pointerType !== "touch" && Boolean(target.closest?.("[data-list]"));
    tellBusy();
  });
  html.addEventListener("pointerleave", () => { pointerInside = false; tellBusy(); });
  document.addEventListener("focusin", () => tellBusy());
  document.addEventListener("focusout", () => setTimeout(tellBusy));
  document.addEventListener("scroll", () => tellBusy(), { capture: true, passive: true });

  // ── Presence: whether the page is in sight and whether somebody writes on it; both are told by a click on a hidden switch ──

  const WRITES_AGAIN_MS = 3000;
  let toldWritingAt = 0;
  function turnSwitch(name, on) {
    if (html.dataset.connection === "live") document.querySelector(`[data-${name}-switch="${on}"]`)?.click();
  }
  const tellSight = () => turnSwitch("sight", !document.hidden);
  document.addEventListener("visibilitychange", tellSight);
  function tellWriting(on) {
    if (on ? Date.now() - toldWritingAt < WRITES_AGAIN_MS : !toldWritingAt) return;
    toldWritingAt = on ? Date.now() : 0;
    turnSwitch("writing", on);
  }
  document.addEventListener("input", ({ target }) => { if (target.dataset?.writes !== undefined && !filling) tellWriting(target.value.trim() !== ""); });
  addEventListener("submit", () => { toldWritingAt = 0; }, true);  // what is sent is not written any more: the server knows

  // ── The timeline: a screen reader hears of what comes, one sentence in five seconds at most ──

  const SAY_MS = 5000;
  const highest = new WeakMap();
  let unsaid = [], sayTimer = 0;
  function arrive(lines) {
    for (const timeline of new Set(lines.map((one) => one.closest("[data-timeline]")))) {
      if (!timeline) continue;
      const mine = lines.filter((one) => timeline.contains(one)), of = timeline.dataset.timeline, before = highest.get(timeline);
      const known = before?.of === of ? before.seq : undefined;
      if (known === undefined) begin(timeline);
      highest.set(timeline, { of, seq: Math.max(known ?? 0, ...mine.map((one) => Number(one.dataset.seq))) });
      if (known !== undefined) unsaid.push(...mine.filter((one) => Number(one.dataset.seq) > known).map((one) => one.dataset.announce).filter(Boolean));
    }
    if (unsaid.length && !sayTimer) say();
  }
  function say() {
    const words = unsaid.length > 1 ? `${unsaid.at(-1)}, and ${unsaid.length - 1} more` : unsaid[0];
    unsaid = [];
    if (words) all("[data-announcer]").forEach((node) => write(node, words));
    sayTimer = words ? setTimeout(say, SAY_MS) : 0;
  }

  // A page that is turned to opens at what came since its reader last looked, unless its address names a line.
  function begin(timeline) {
    tellSight();
    const since = timeline.querySelector("[data-since]"), top = since?.getBoundingClientRect().top;
    if (since && !anchored() && (top < 0 || top > innerHeight / 2)) scroller(since).scrollTop += top - innerHeight / 4;
  }

  function walkLines(from, key) {
    const lines = all("[data-timeline] [data-seq]:has(> time a)"), here = lines.indexOf(from.closest("[data-seq]"));
    lines[here + (key === "ArrowDown" ? 1 : -1)]?.querySelector("time a").focus();
  }

  // Lines that come above the reader do not push what is read, and what the reader has just written comes into sight.
  let place = null, awaited = 0;
  function scroller(node) {
    for (let at = node.parentElement; at; at = at.parentElement) {
      if (at.scrollHeight > at.clientHeight && /auto|scroll/.test(getComputedStyle(at).overflowY)) return at;
    }
    return document.scrollingElement;
  }
  function rememberPlace() {
    const line = all("[data-timeline] [data-seq]").find((one) => one.getBoundingClientRect().bottom > 0);
    place = line ? { id: line.id, top: line.getBoundingClientRect().top } : null;
  }
  function keepPlace() {
    const line = place && document.getElementById(place.id);
    if (line) scroller(line).scrollTop += line.getBoundingClientRect().top - place.top;
    place = null;
  }
  function reveal(seq) {
    const line = document.getElementById(`event-${seq}`);
    if (line) line.scrollIntoView({ block: "nearest" });
    awaited = line ? 0 : seq;
  }
  document.addEventListener("click", ({ target }) => { if (target.closest?.("[data-keeps-place]")) rememberPlace(); }, true);

  // ── Small things: copying, the status line, the tab, the theme, the browser's own zone and language ──

  const fetched = (url) => fetch(url).then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)))));
  async function textToCopy({ copy, copyFrom, copyLink, copyUrl }) {
    if (copyLink !== undefined) return location.origin + location.pathname.replace(/\/$/, "") + copyLink;
    if (copyUrl !== undefined) return fetched(copyUrl);
    return copyFrom ? document.getElementById(copyFrom)?.textContent ?? "" : copy;
  }
  async function copy(button) {
    const coming = textToCopy(button.dataset);
    // a browser lets a page copy for a moment after a click only, unless it is told at once of what is still coming
    const given = coming.then((text) => new Blob([text], { type: "text/plain" }));
    given.catch(() => {});
    try { await navigator.clipboard.write([new ClipboardItem({ "text/plain": given })]); } catch {
      let text;
      try { text = await coming; } catch { return button.setAttribute("data-uncopied", ""); }
      // without TLS there is no clipboard object
      const area = element("textarea", { readonly: "", class: "sr" });
      area.value = text;
      button.after(area);
      area.select();
      document.execCommand("copy");
      area.remove();
      button.focus();
    }
    button.removeAttribute("data-uncopied");
    button.setAttribute("data-copied", "");
    setTimeout(() => button.removeAttribute("data-copied"), 2000);
  }
  document.addEventListener("click", ({ target }) => {
    const button = target.closest?.("[data-copy], [data-copy-from], [data-copy-link], [data-copy-url]");
    if (button) copy(button);
    if (target.closest?.("[data-dismiss]")) target.closest("[data-said]")?.setAttribute("data-gone", "");
    if (target.closest?.("[data-try]")) tryNow();
    if (target.closest?.("[data-dismiss-broken]")) tellBroken("");
  });

  const SAID_MS = 5000;
  function letGo(said) {
    said.removeAttribute("data-gone");
    if (said.classList.contains("is-bad")) return;
    setTimeout(function gone() {
      if (said.matches(":hover, :focus-within")) setTimeout(gone, 1000); else said.setAttribute("data-gone", "");
    }, SAID_MS);
  }

  // a row of places may be wider than the screen: the one where one is stands in its middle from the start
  function showHere(link) {
    const row = link.parentElement.getBoundingClientRect(), here = link.getBoundingClientRect();
    link.parentElement.scrollLeft += here.left + here.width / 2 - row.left - row.width / 2;
  }

  let pageTitle = null;
  function showTitle() {
    const wanted = shell()?.dataset.title;
    if (wanted) { pageTitle ??= document.title; if (document.title !== wanted) document.title = wanted; }
    else if (pageTitle !== null) { document.title = pageTitle; pageTitle = null; }
  }
  let appliedTheme = "", choseTheme = false;
  // what somebody chose before the server had told their theme is newer than that, and on its way there
  document.addEventListener("click", ({ target }) => { if (target.closest?.("[data-chooses-theme]") && !viewer()) choseTheme = true; });
  function meet(node) {
    takeServerTime(node);
    showTitle();
    const icon = node.dataset.attention === "on" ? "/favicon-attention.svg" : "/favicon.svg";
    all("link[rel~=icon][type='image/svg+xml']").forEach((link) => { if (link.getAttribute("href") !== icon) link.setAttribute("href", icon); });
    const { viewer: who, theme } = node.dataset;
    if (!who || !theme || appliedTheme === who + theme) return;
    appliedTheme = who + theme;
    if (choseTheme) { choseTheme = false; return; }
    if ((kept.get("theme") ?? "system") !== theme) document.querySelector(`[data-set-theme="${CSS.escape(theme)}"]`)?.click();
  }
  // The line that the address names is marked and brought into sight once; one that is not on the page is asked for.
  const anchored = () => /^#event-(\d{1,9})$/.exec(location.hash)?.[1];
  function findAnchor(node) {
    if (node.dataset.seq !== anchored()) return;
    all("[data-linked]").forEach((other) => { if (other !== node) other.removeAttribute("data-linked"); });
    node.setAttribute("data-linked", "");
    if (html.dataset.anchor === location.href) return;
    html.dataset.anchor = location.href;
    node.scrollIntoView({ block: "center" });
  }
  function followAnchor() {
    delete html.dataset.anchor;
    const seq = anchored(), line = seq && document.getElementById(`event-${seq}`), form = document.querySelector("[data-find-line]");
    if (line) return findAnchor(line);
    all("[data-linked]").forEach((other) => other.removeAttribute("data-linked"));
    if (!seq || !form) return;
    form.elements.event.value = seq;
    form.requestSubmit();
  }
  addEventListener("hashchange", followAnchor);
  // who follows the same link again means it again
  document.addEventListener("click", ({ target }) => {
    const link = target.closest?.("a[href^='#event-']");
    if (link && link.hash === location.hash) followAnchor();
  });
  function showAddress(node) {
    // empty until the page knows what it shows, and another incident's until it knows that it is shown
    const [number, asked] = node.dataset.address.split("?"), query = asked ? `?${asked}` : "";
    if (location.pathname.split("/")[2]?.toUpperCase() === number && location.search !== query) history.replaceState(history.state, "", location.pathname + query + location.hash);
  }

  // ── Being told: a notification of the browser while the page is hidden, a sound for calls; both only where switched on in this browser ──

  const ALERT = "tocsin:alert:", RUNG = "tocsin:rung", RUNG_MS = 5000;
  const wanted = (way) => kept.get(ALERT + way) === "on";
  let audio = null, counted = { who: "", unread: 0 };
  // What is unread when a page is opened tells nobody anything new; what comes after it does.
  function countUnread(node) {
    const who = node.dataset.viewer, unread = Number(node.dataset.unread);
    if (!who) return;
    const before = counted;
    counted = { who, unread };
    if (before.who === who && unread > before.unread && node.dataset.news) tellOf(node.dataset);
  }
  function tellOf({ news, newsPlace, newsCall, unread }) {
    if (document.hidden && wanted("notify")) notify(news, newsPlace, `${unread} unread`);
    if (newsCall === "on" && wanted("sound") && isFirstToRing(`${news} ${unread}`)) ring();
  }
  // Several tabs of one browser are told at the same moment.
  function isFirstToRing(what) {
    const [at, last] = (kept.get(RUNG) ?? "").split(/ (.*)/s);
    if (last === what && Date.now() - Number(at) < RUNG_MS) return false;
    kept.set(RUNG, `${Date.now()} ${what}`);
    return true;
  }
  function notify(words, place, body) {
    try {
      const shown = new Notification(words, { body, tag: `tocsin ${words} ${body}`, icon: "/favicon.svg" });
      shown.onclick = () => { window.focus(); shown.close(); if (place) location.assign(place); };
      return true;
    } catch { return false; }  // some phones let only a service worker do it
  }
  function wakeAudio() {
    try { audio ??= new AudioContext(); audio.resume(); } catch { /* a browser without sound */ }
  }
  function ring() {
    wakeAudio();
    if (!audio) return;
    for (const [place, hertz] of [880, 660, 880, 660, 880].entries()) {
      const tone = audio.createOscillator(), volume = audio.createGain(), from = audio.currentTime + place * 0.28;
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(0.0001, from);
      volume.gain.exponentialRampToValueAtTime(0.25, from + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, from + 0.25);
      tone.connect(volume).connect(audio.destination);
      tone.start(from);
      tone.stop(from + 0.26);
    }
  }
  // a browser lets a page make a sound once somebody has touched it
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, () => { if (!audio && wanted("sound")) wakeAudio(); }, true);
  function whyNotNotify() {
    if (!("Notification" in window)) return window.isSecureContext ? "This browser cannot show notifications." : "Notifications need https.";
    return Notification.permission === "denied" ? "This browser refuses notifications from here: allow them in its settings for this site." : "";
  }
  const sayOfAlerts = (words) => all("[data-alert-said]").forEach((node) => write(node, words));
  function showAlertSwitch(box) {
    const way = box.dataset.alertSwitch;
    box.checked = wanted(way) && (way !== "notify" || (!whyNotNotify() && Notification.permission === "granted"));
  }
  async function turnAlert(box) {
    const way = box.dataset.alertSwitch;
    let why = "";
    if (box.checked && way === "notify") {
      why = whyNotNotify();
      if (!why && Notification.permission !== "granted" && (await Notification.requestPermission()) !== "granted") {
        why = whyNotNotify() || "Notifications were not allowed, so they stay off.";
      }
    }
    if (box.checked && way === "sound") wakeAudio();
    if (box.checked && !why) kept.set(ALERT + way, "on"); else kept.remove(ALERT + way);
    showAlertSwitch(box);
    sayOfAlerts(why);
  }
  function tryAlerts() {
    const told = [];
    if (wanted("notify")) told.push(notify("This is how Tocsin tells you.", "", "A test") ? "a notification" : "no notification: this browser refused it");
    if (wanted("sound")) { ring(); told.push(audio?.state === "closed" || !audio ? "no sound: this browser has none" : "a sound"); }
    sayOfAlerts(told.length ? `Sent: ${told.join(", ")}.` : "Switch on one of the two first.");
  }
  document.addEventListener("change", ({ target }) => { if (target.dataset?.alertSwitch) turnAlert(target); });
  document.addEventListener("click", ({ target }) => { if (target.closest?.("[data-alert-try]")) tryAlerts(); });

  // ── What appears and what changes ──

  const APPEARS = [
    ["time[data-age]", showAge], ["[data-live]", showLive], ["[data-banner]", showBanner], ["[data-needs-connection]", holdBack],
    ["[data-draft]", (node) => restoreDraft(node)], ["[data-draft-sent]", (node) => forgetDraft(node.dataset.draftSent)], ["[data-said]", letGo],
    ["[data-viewer]", (node) => { meet(node); countUnread(node); }], ["[data-seq]", findAnchor], ["[data-address]", showAddress], ["[data-timeline]", tellSight], ["[data-alert-switch]", showAlertSwitch],
    ["[data-in-sight]", showHere],
    ["[data-draft-renewed]", (node) => renewDraft(node.dataset.draftRenewed)], [COMBOBOX, (node) => showChoices(node, false)],
    ["[data-timezone]", (node) => { node.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? ""; }],
    ["[data-locale]", (node) => { node.value = navigator.language; }],
  ];
  const CHANGES = {
    "data-timeline": tellSight,  // another incident's page, which may have no line yet
    "data-address": showAddress,
    "data-reveal": (node) => reveal(Number(node.dataset.reveal)), datetime: showAge, "data-until": showAge, "data-said": letGo, "data-draft": restoreDraft, "data-draft-sent": (node) => forgetDraft(node.dataset.draftSent),
    "data-draft-renewed": (node) => renewDraft(node.dataset.draftRenewed),
    "data-unread": countUnread, "data-now": meet, "data-theme": meet, "data-title": meet, "data-attention": meet,
    // what was typed before the viewer was known is theirs
    "data-viewer": (node) => { meet(node); countUnread(node); all("[data-draft]").forEach(adoptDraft); },
    "data-zone": () => all("time[data-age]").forEach(showAge),
  };
  const ANY = APPEARS.map(([selector]) => selector).join();

  function appear(node) {
    if (!node.isConnected) return;
    const found = all(ANY, node);
    if (node.matches(ANY)) found.unshift(node);
    for (const one of found) for (const [selector, act] of APPEARS) if (one.matches(selector)) act(one);
  }
  function changed(records) {
    const lines = [];
    let rowsMoved = false, dialogGone = false;
    for (const { type, target, addedNodes, removedNodes, attributeName, oldValue } of records) {
      if (type === "attributes") { if (target.getAttribute(attributeName) !== oldValue) CHANGES[attributeName](target, oldValue ?? undefined); continue; }
      for (const node of addedNodes) {
        if (node.nodeType !== 1) continue;
        appear(node);
        lines.push(...(node.matches("[data-seq]") ? [node] : all("[data-seq]", node)));
        rowsMoved ||= node.matches("[data-row]") || node.querySelector("[data-row]") !== null;
      }
      for (const node of removedNodes) {
        if (node.nodeType !== 1) continue;
        rowsMoved ||= node.querySelector("[data-row]") !== null;
        dialogGone ||= node.matches(DIALOG) || node.querySelector(DIALOG) !== null;
      }
    }
    dialogsChanged(dialogGone);
    if (lines.length) {
      arrive(lines);
      if (place) keepPlace();
      if (awaited) reveal(awaited);
    }
    if (rowsMoved) { enterRows(); comeBack(); requestAnimationFrame(comeBack); tellBusy(); }
  }
  // React compares the page with what it would draw when it takes it over: until then nothing may be written into it.
  const takenOver = () => !("__reactRouterContext" in window) || Object.keys(document.body).some((name) => name.startsWith("__reactFiber"));
  function start() {
    if (document.readyState === "loading" || !takenOver()) return setTimeout(start, 30);
    changed([{ type: "childList", addedNodes: [document.body], removedNodes: [] }]);
    new MutationObserver(changed).observe(document.body, {
      childList: true, subtree: true, attributes: true, attributeOldValue: true, attributeFilter: Object.keys(CHANGES),
    });
    new MutationObserver(showTitle).observe(document.head, { childList: true, subtree: true, characterData: true });
    setInterval(() => { look(); all("time[data-age]").forEach(showAge); }, 1000);
  }

  html.dataset.connection = "connecting";
  start();
})();
