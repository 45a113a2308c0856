// Forms: each is sent once, keeps what is typed while the network is away, counts characters, and shows its errors first.
"use strict";
(() => {
  const kept = (form) => `postigo:${form.dataset.keep}`;
  const read = (key) => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
  const isShared = () => localStorage.getItem("postigo:shared") === "1";

  // A second click while the first one is on its way does nothing. The form is usable again after a while: the person may
  // have stopped the browser, and a form that is sent again acts once.
  const sent = new WeakSet(), PATIENCE = 15_000;
  let wasSent = false;
  function release(form) {
    sent.delete(form);
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  }
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (sent.has(form)) { event.preventDefault(); return; }
    if (saving.has(form)) { event.preventDefault(); sendAfterSaving(form, event.submitter); return; }
    if (!navigator.onLine && form.method === "post") { event.preventDefault(); showConnection(); banner.scrollIntoView(); return; }
    sent.add(form);
    wasSent = true;
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
    setTimeout(release, PATIENCE, form);
    if (form.action.endsWith("/sair")) forgetAll();
  });

  // A text that is being saved by itself: its form is sent after that, because both change the same version of the draft.
  const saving = new Set(), LONGEST_SAVE = 5_000;
  document.addEventListener("htmx:before:request", (event) => {
    const form = event.target.closest("form");
    if (sent.has(form)) event.preventDefault();
    else if (form) saving.add(form);
  });
  document.addEventListener("htmx:finally:request", (event) => {
    const form = event.target.closest("form");
    if (saving.delete(form)) form.dispatchEvent(new Event("saved"));
  });
  function sendAfterSaving(form, button) {
    const send = () => { saving.delete(form); form.requestSubmit(button); };
    form.addEventListener("saved", send, { once: true });
    setTimeout(() => { if (saving.has(form)) send(); }, LONGEST_SAVE);
  }

  // Back to a page whose form was sent: the page is asked for again, with what is stored now.
  addEventListener("pageshow", (event) => { if (event.persisted && wasSent) location.reload(); });

  const banner = document.querySelector("[data-offline]");
  function showConnection() { banner.hidden = navigator.onLine; }
  addEventListener("online", showConnection);
  addEventListener("offline", showConnection);
  showConnection();

  for (const done of document.querySelectorAll("[data-forget]")) localStorage.removeItem(`postigo:${done.dataset.forget}`);
  function forgetAll() {
    for (const key of Object.keys(localStorage)) if (key.startsWith("postigo:")) localStorage.removeItem(key);
  }

  // What is typed stays in this browser until it is stored, except on a shared computer. It returns by itself if the page shows the
  // text that it was typed over; if that was changed elsewhere, a button offers it.
  for (const form of document.querySelectorAll("form[data-keep]")) {
    const area = form.querySelector("textarea");
    const shown = area.value;
    const before = isShared() ? null : read(kept(form));
    if (!before || before.typed === shown) { if (!("unsaved" in form.dataset)) localStorage.removeItem(kept(form)); }
    else if (before.over === shown) area.value = before.typed;
    else {
      const offer = form.querySelector("[data-recover]");
      offer.hidden = false;
      offer.addEventListener("click", () => { area.value = before.typed; offer.hidden = true; area.focus(); });
    }
    form.addEventListener("input", () => {
      const saved = form.querySelector("#guardado");
      if (saved) saved.textContent = "";
      if (!isShared()) localStorage.setItem(kept(form), JSON.stringify({ over: shown, typed: area.value }));
    });
  }
  document.querySelector("[name=partilhado]")?.form.addEventListener("submit", (event) => {
    const shared = event.target.elements.partilhado.checked;
    if (shared) localStorage.clear();
    localStorage.setItem("postigo:shared", shared ? "1" : "0");
  });

  // Characters as people count them: an emoji is one. The number is read out a second after the last key.
  const announcer = document.querySelector("[data-announcer]");
  for (const area of document.querySelectorAll("textarea[data-limit]")) {
    const note = document.querySelector(`[data-count-for="${area.id}"]`);
    let timer;
    const count = () => {
      const left = area.dataset.limit - [...area.value].length;
      const text = (left < 0 ? note.dataset.over : note.dataset.left).replace("{n}", Math.abs(left).toLocaleString(document.documentElement.lang));
      note.textContent = text;
      note.classList.toggle("over", left < 0);
      return [left, text];
    };
    area.addEventListener("input", () => {
      const [left, text] = count();
      clearTimeout(timer);
      timer = setTimeout(() => { if (left < area.dataset.limit / 10) announcer.textContent = text; }, 1000);
    });
    count();
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.querySelector("span").textContent = announcer.textContent = button.dataset.copied;
    });
  }
  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
  for (const button of document.querySelectorAll("[data-reveal]")) {
    const field = document.getElementById(button.dataset.reveal);
    button.hidden = false;
    button.addEventListener("click", () => {
      const shown = field.type === "text";
      field.type = shown ? "password" : "text";
      button.setAttribute("aria-pressed", String(!shown));
    });
  }
  document.querySelector("[data-focus]")?.focus();
})();
