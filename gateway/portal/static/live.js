// Live updates: one stream for the whole browser, in the visible window. It never moves the reader and never touches a form.
"use strict";
(() => {
  const page = document.querySelector("[data-live-page]");
  if (!page || !window.EventSource) return;
  const reference = page.dataset.livePage;
  const announcer = document.querySelector("[data-announcer]");
  const channel = new BroadcastChannel("postigo-live");
  const POLL = 30_000, QUIET = 5_000, SOON = 2_000;
  let source, release, last = "", poll, announcedAt = 0, waiting = "";

  // Of several tabs the visible one streams, and tells the others. Without locks (plain HTTP), each visible tab streams.
  function begin() {
    if (!navigator.locks) return open();
    navigator.locks.request("postigo-live", () => new Promise((done) => {
      if (document.hidden) return done();
      release = done;
      open();
    }));
  }
  function open() {
    source = new EventSource("/v1/events" + (last ? `?after=${encodeURIComponent(last)}` : ""));
    source.addEventListener("open", () => { connected(true); if (reference || performance.now() > QUIET) catchUp(); });
    source.addEventListener("fact", (event) => { last = event.lastEventId; tell({ fact: JSON.parse(event.data), last }); });
    source.addEventListener("reload", (event) => { last = event.lastEventId || last; tell({ last }); });
    source.addEventListener("error", () => connected(false));
  }
  // What happened between the page and its stream is in no event, and may be in the page a little later than in the log.
  function catchUp() {
    refresh();
    setTimeout(refresh, SOON);
    setTimeout(refresh, 5 * SOON);
  }
  function end() {
    source?.close();
    source = undefined;
    poll = clearInterval(poll);
    release?.();
    release = undefined;
  }
  function tell(news) {
    channel.postMessage(news);
    hear(news);
  }
  channel.addEventListener("message", ({ data }) => {
    if ("connected" in data) return showConnected(data.connected);
    last = data.last;
    hear(data);
  });
  document.addEventListener("visibilitychange", () => (document.hidden ? end() : begin()));
  addEventListener("pagehide", end);

  // Not connected: the page says so, and asks again every half minute.
  function connected(is) {
    poll = is ? clearInterval(poll) : poll ?? setInterval(again, POLL);
    showConnected(is);
    channel.postMessage({ connected: is });
    if (!is && source?.readyState === EventSource.CLOSED) refresh();
  }
  function showConnected(is) { document.querySelector("[data-disconnected]").hidden = is; }
  // A browser does not try again by itself after a refusal.
  function again() {
    refresh();
    if (source?.readyState === EventSource.CLOSED) open();
  }

  function hear({ fact }) {
    if (fact && reference && fact.reference !== reference) return;
    if (fact && reference) announce(`${fact.title}.`);
    reference ? refresh(fact?.seq) : showNews(fact);
  }
  // At most one sentence in five seconds: the last one.
  function announce(sentence) {
    const rest = announcedAt + QUIET - Date.now();
    const was = waiting;
    waiting = sentence;
    if (was) return;
    setTimeout(() => { announcer.textContent = waiting; waiting = ""; announcedAt = Date.now(); }, Math.max(0, rest));
  }

  // A list is not reordered under the reader: a button offers the news.
  const changed = new Set();
  function showNews(fact) {
    if (fact) changed.add(fact.reference);
    const news = document.querySelector("[data-news]");
    const sentence = changed.size === 0 ? news.dataset.some : changed.size === 1 ? news.dataset.one : news.dataset.many;
    news.querySelector("a").textContent = sentence.replace("{n}", changed.size);
    if (news.hidden) announce(sentence.replace("{n}", changed.size));
    news.hidden = false;
  }

  const cards = (page) => [...page.querySelectorAll("main .cards")].map((each) => each.textContent).join();

  // An answer that was asked for earlier than the one that is shown is old, and one without the fact comes too early.
  let asked = 0, shown = 0;
  async function refresh(seq, left = 10) {
    const turn = ++asked;
    const path = reference ? `/pedidos/${reference}/atual` + (seq ? `?seq=${seq}` : "") : location.href;
    const answer = await fetch(path, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer?.status === 401) { document.querySelector("[data-signed-out]").hidden = false; end(); return; }
    if (!answer?.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!reference) {
      if (cards(fresh) !== cards(document)) showNews();
      return;
    }
    if (turn < shown) return;
    shown = turn;
    for (const region of fresh.querySelectorAll("[data-live]")) place(region);
    if (left && seq > Number(fresh.querySelector("[data-seq]").dataset.seq)) setTimeout(refresh, SOON, seq, left - 1);
  }
  // A region that has the focus waits until the focus leaves it. New messages wait behind a button, above the form.
  function place(fresh) {
    const region = document.querySelector(`[data-live="${fresh.dataset.live}"]`);
    if (!region || region.innerHTML.trim() === fresh.innerHTML.trim()) return;
    const added = fresh.querySelectorAll("article").length - region.querySelectorAll("article").length;
    const news = document.querySelector(`[data-news-for="${fresh.dataset.live}"]`);
    if (news && added > 0 && region.querySelector("article")) {
      news.textContent = (added === 1 ? news.dataset.one : news.dataset.many).replace("{n}", added);
      news.hidden = false;
      news.onclick = () => { region.replaceWith(fresh); news.hidden = true; fresh.querySelector("article:last-of-type").focus(); };
    } else if (region.contains(document.activeElement)) {
      region.addEventListener("focusout", () => setTimeout(() => place(fresh)), { once: true });
    } else {
      region.replaceWith(fresh);
    }
  }

  if (!document.hidden) begin();
})();
